// What every store refuses, and refuses alike.

package blobs

import (
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrInvalid is the fault of a call that no store accepts.
var ErrInvalid = errors.New("not valid for a store of blobs")

// MaxKey is how long a key is at most, in bytes.
const MaxKey = 512

// maxType is how long a media type is at most, in bytes.
const maxType = 255

// MaxExpiry is how long a ticket is valid at most: S3 signs for no longer.
const MaxExpiry = 7 * 24 * time.Hour

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// CheckKey refuses what is not the key of a blob. Keys are 1 to 512 bytes of
// UTF-8 without control characters, quotes and backslashes, in segments between
// slashes; none of these is empty, "." or "..".
func CheckKey(key string) error {
	switch {
	case key == "":
		return invalid("a key is empty")
	case len(key) > MaxKey:
		return invalid("a key has more than 512 bytes")
	}
	if err := checkText("a key", key); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "":
			return invalid("a key has an empty segment, or a slash at its beginning or end")
		case ".", "..":
			return invalid("a key has the segment . or ..")
		}
	}
	return nil
}

// checkText refuses the characters that keys cannot have.
func checkText(what, text string) error {
	if !utf8.ValidString(text) {
		return invalid(what + " is not UTF-8")
	}
	for _, c := range text {
		switch {
		case c < ' ', c >= 0x7f && c < 0xa0, c == '\u2028', c == '\u2029':
			return invalid(what + " has a control character")
		case c == '"', c == '\\':
			return invalid(what + " has a quote or a backslash")
		}
	}
	return nil
}

// CheckType refuses what is not a media type, such as "image/png" or "text/plain;
// charset=utf-8".
func CheckType(kind string) error {
	if len(kind) > maxType {
		return invalid("a media type has more than 255 bytes")
	}
	for _, c := range []byte(kind) {
		if c < ' ' || c > '~' {
			return invalid("a media type has a character that is not ASCII text")
		}
	}
	name, _, err := mime.ParseMediaType(kind)
	if major, minor, ok := strings.Cut(name, "/"); err != nil || !ok || major == "" || minor == "" || kind != strings.TrimSpace(kind) {
		return invalid("a media type is not of the form type/subtype")
	}
	return nil
}

// CheckID refuses what is not the ID of an upload.
func CheckID(id string) error {
	if len(id) != idLength || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return invalid("it is not the ID of an upload")
	}
	return nil
}

// Check refuses a range that is part of nothing.
func (r Range) Check() error {
	if r.From < 0 || r.Length < 0 {
		return invalid("a range has a number below 0")
	}
	return nil
}

// In says which bytes of a blob a range is: those from the first before the
// last. It is ErrRange if it begins behind the end.
func (r Range) In(size int64) (first, last int64, err error) {
	if err := r.Check(); err != nil {
		return 0, 0, err
	}
	if r.From > 0 && r.From >= size {
		return 0, 0, ErrRange
	}
	if r.Length == 0 || r.Length > size-r.From {
		return r.From, size, nil
	}
	return r.From, r.From + r.Length, nil
}

// Check completes a query, and refuses what no store can answer.
func (q *Query) Check() error {
	if q.Limit < 0 || q.Limit > MaxList {
		return invalid("a page of a list has 1 to 1,000 blobs")
	}
	if q.Limit == 0 {
		q.Limit = MaxList
	}
	if len(q.Prefix) > MaxKey || len(q.After) > MaxKey {
		return invalid("a prefix or key has more than 512 bytes")
	}
	if err := checkText("a prefix", q.Prefix); err != nil {
		return err
	}
	return checkText("a key", q.After)
}

// Check completes the options of a Put of a key, and refuses what no store
// accepts.
func (o *PutOptions) Check(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if o.Type == "" {
		o.Type = DefaultType
	}
	return CheckType(o.Type)
}

// DefaultType is the media type of a blob for which none is given.
const DefaultType = "application/octet-stream"

// Check completes an upload, and refuses what no store accepts.
func (u *Upload) Check(now time.Time) error {
	o := PutOptions{Type: u.Type}
	if err := o.Check(u.Key); err != nil {
		return err
	}
	u.Type, u.Expires = o.Type, u.Expires.UTC().Truncate(time.Millisecond)
	switch {
	case u.Size < 0:
		return invalid("the size of an upload is below 0")
	case !u.Expires.After(now):
		return invalid("a ticket expires in the past")
	case u.Expires.Sub(now) > MaxExpiry+time.Minute: // clocks differ a little
		return invalid("a ticket is valid for more than 7 days")
	}
	return nil
}
