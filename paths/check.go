// Which paths a request may have.

package paths

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest decoded path that is served, in bytes.
const MaxLength = 2048

// Parse decodes the path of a URL, once, and checks it with [Check].
// A slash that is percent-encoded is refused, since once decoded it could
// not be told from a separator.
func Parse(escaped string) (string, error) {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return "", badPath("is badly percent-encoded")
	}
	return checked(path, escaped)
}

// checked is a decoded path that was written as escaped. What makes it
// invalid comes first: a path that only names no page may still be a handler's.
func checked(path, escaped string) (string, error) {
	err := Check(path)
	if hasEncodedSlash(escaped) && (err == nil || errors.Is(err, ErrNotFound)) {
		return "", missingPath("holds an encoded slash")
	}
	return path, err
}

// OfURL is [Parse] for a URL that net/http has parsed.
func OfURL(u *url.URL) (string, error) {
	// RawPath is set only where Path alone would be encoded otherwise, as
	// with an encoded slash: the usual request costs no second decoding.
	if u.RawPath != "" {
		return checked(u.Path, u.RawPath)
	}
	return u.Path, Check(u.Path)
}

// Check refuses a decoded path that two readers could take for two
// things: one that would decode a second time, holds a control character, a
// backslash, a dot segment, or bytes that are not UTF-8, or is longer than
// [MaxLength]. The error is then [ErrInvalid]. A path with an empty segment
// that is otherwise valid is refused with [ErrNotFound].
// Case and Unicode form are left alone; paths that differ in them differ.
func Check(path string) error {
	if len(path) > MaxLength {
		return badPath("is longer than 2048 bytes")
	}
	if path == "" || path[0] != '/' {
		return badPath("does not start with a slash")
	}
	start := 0 // of the segment
	ascii, empty := true, false
	for i := 1; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			switch segment := path[start+1 : i]; {
			case segment == "." || segment == "..":
				return badPath("holds a dot segment")
			case segment == "" && i < len(path):
				empty = true
			}
			start = i
			continue
		}
		switch c := path[i]; {
		case c < ' ' || c == 0x7f:
			return badPath("holds a control character")
		case c == '\\':
			return badPath("holds a backslash")
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			return badPath("is encoded twice")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(path) {
		return badPath("is not UTF-8")
	}
	if empty {
		return missingPath("holds an empty segment")
	}
	return nil
}

// Why a path is refused. The error of a path is one of them, with the reason.
var (
	ErrInvalid  = errors.New("the path is invalid")    // 400: it can name nothing
	ErrNotFound = errors.New("the path names nothing") // 404
)

// refusal is an error of a path: the reason, for logs and developers. Visitors
// see the status.
type refusal struct {
	kind   error
	reason string
}

func (r *refusal) Error() string        { return "the path " + r.reason }
func (r *refusal) Is(target error) bool { return target == r.kind }

func badPath(reason string) error     { return &refusal{ErrInvalid, reason} }
func missingPath(reason string) error { return &refusal{ErrNotFound, reason} }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hasEncodedSlash(escaped string) bool {
	for {
		i := strings.IndexByte(escaped, '%')
		if i < 0 || i+2 >= len(escaped) {
			return false
		}
		if escaped[i+1] == '2' && (escaped[i+2] == 'f' || escaped[i+2] == 'F') {
			return true
		}
		escaped = escaped[i+1:]
	}
}
