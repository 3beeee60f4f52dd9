// Which paths a request may have.

package gorgon

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// MaxPath is the longest decoded path that is served, in bytes.
const MaxPath = 2048

// ParsePath decodes the path of a URL, once, and checks it with [CheckPath].
// A slash that is percent-encoded is refused, since once decoded it could
// not be told from a separator.
func ParsePath(escaped string) (string, error) {
	if hasEncodedSlash(escaped) {
		return "", missingPath("holds an encoded slash")
	}
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return "", badPath("is badly percent-encoded")
	}
	return path, CheckPath(path)
}

// RequestPath is [ParsePath] for a URL that net/http has parsed.
func RequestPath(u *url.URL) (string, error) {
	// RawPath is set only where Path alone would be encoded otherwise, as
	// with an encoded slash: the usual request costs no second decoding.
	if u.RawPath != "" && hasEncodedSlash(u.RawPath) {
		return "", missingPath("holds an encoded slash")
	}
	return u.Path, CheckPath(u.Path)
}

// CheckPath refuses a decoded path that two readers could take for two
// things: one that would decode a second time, holds a control character, a
// backslash, a dot segment, or bytes that are not UTF-8, or is longer than
// [MaxPath]. Those are invalid, 400. An empty segment names nothing: 404.
// Case and Unicode form are left alone; paths that differ in them differ.
func CheckPath(path string) error {
	if len(path) > MaxPath {
		return badPath("is longer than 2048 bytes")
	}
	if path == "" || path[0] != '/' {
		return badPath("does not start with a slash")
	}
	start := 0 // of the segment
	ascii := true
	for i := 1; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			switch segment := path[start+1 : i]; {
			case segment == "." || segment == "..":
				return badPath("holds a dot segment")
			case segment == "" && i < len(path):
				return missingPath("holds an empty segment")
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
	return nil
}

// The reason is for whoever asks why, not for visitors, who see the status.
func badPath(why string) error { return &Error{Kind: Invalid, Err: errors.New("the path " + why)} }

func missingPath(why string) error { return &Error{Kind: Missing, Err: errors.New("the path " + why)} }

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
