// What every store refuses, and refuses alike.

package sessions

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrInvalid is the fault of a call that no store accepts: a bug of its caller.
var ErrInvalid = errors.New("not valid for a store of sessions")

// Limits of what a record and the key of a limit may have.
const (
	maxKind = 40  // bytes
	maxUser = 200 // bytes, of keys too
	maxList = 1000
)

// MaxList is how many records [Store.List] returns at most.
const MaxList = maxList

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// CheckKind refuses what is not the name of a kind.
func CheckKind(kind string) error {
	if kind == "" || len(kind) > maxKind {
		return invalid("a kind has 1 to 40 characters")
	}
	for _, c := range []byte(kind) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return invalid("a kind has only lower-case letters, digits and dashes")
		}
	}
	return nil
}

// CheckUser refuses what List and Revoke cannot be about.
func CheckUser(user string) error {
	if user == "" {
		return invalid("the user is not named")
	}
	return checkText("a user", user)
}

// CheckKey refuses what is not the key of a limit.
func CheckKey(key string) error {
	if key == "" {
		return invalid("the key of the limit is empty")
	}
	return checkText("the key of a limit", key)
}

// checkText refuses what not every database can keep as text.
func checkText(what, text string) error {
	switch {
	case len(text) > maxUser:
		return invalid(what + " has more than 200 bytes")
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		return invalid(what + " is not UTF-8 text without zero bytes")
	}
	return nil
}

// Check refuses a record that no store accepts.
func (r *Record) Check() error {
	if err := CheckKind(r.Kind); err != nil {
		return err
	}
	if err := checkText("a user", r.User); err != nil {
		return err
	}
	if len(r.Data) > MaxData {
		return invalid(fmt.Sprintf("a record has %d bytes of data, and %d are allowed", len(r.Data), MaxData))
	}
	return CheckTimes(r.Made, r.Used, r.Expires)
}

// CheckTimes refuses times that are not in the years 1 to 9999.
func CheckTimes(times ...time.Time) error {
	for _, t := range times {
		if year := t.UTC().Year(); year < 1 || year > 9999 {
			return invalid("a time is not in the years 1 to 9999")
		}
	}
	return nil
}

// Check refuses a rate that cannot be counted.
func (r Rate) Check() error {
	switch {
	case r.N < 1:
		return invalid("a rate has less than one unit")
	case r.Burst < 0:
		return invalid("a rate has a burst below 0")
	case r.Per/time.Duration(r.N) < time.Millisecond:
		return invalid("a rate has less than a millisecond for each unit")
	case int64(r.burst()) > int64(maxFull/r.Every()):
		return invalid("a rate takes more than ten years until it is whole")
	}
	return nil
}

// maxFull is how long it may take at most until all units of a rate are back.
const maxFull = 10 * 366 * 24 * time.Hour
