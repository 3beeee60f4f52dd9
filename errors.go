// What a generator can answer instead of a state, and how machines report faults.

package gorgon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Kind says what went wrong in the terms that decide what is done about it.
type Kind uint8

const (
	Internal     Kind = iota // a fault of ours or of the app: 500
	Invalid                  // the request cannot be understood: 400
	Unauthorized             // nobody is signed in: 401
	Forbidden                // somebody is, and may not: 403
	Missing                  // there is no such thing: 404
	Removed                  // there was, and it will not come back: 410
	Moved                    // it is elsewhere: 302, or the Status of the Error
	TooLarge                 // more than a limit allows: 500 for a page that grew too large
	Timeout                  // no answer within the deadline: 504
	Unavailable              // not now: 503
)

// kinds is the one table from kinds to statuses and to the words a visitor sees.
var kinds = [...]struct {
	status int
	name   string
}{
	Internal:     {http.StatusInternalServerError, "internal"},
	Invalid:      {http.StatusBadRequest, "invalid"},
	Unauthorized: {http.StatusUnauthorized, "unauthorized"},
	Forbidden:    {http.StatusForbidden, "forbidden"},
	Missing:      {http.StatusNotFound, "missing"},
	Removed:      {http.StatusGone, "removed"},
	Moved:        {http.StatusFound, "moved"},
	TooLarge:     {http.StatusInternalServerError, "too large"},
	Timeout:      {http.StatusGatewayTimeout, "timeout"},
	Unavailable:  {http.StatusServiceUnavailable, "unavailable"},
}

// Status is the HTTP status of the kind.
func (k Kind) Status() int {
	if int(k) < len(kinds) {
		return kinds[k].status
	}
	return http.StatusInternalServerError
}

func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// An Error is a fault with two readers: visitors see Status and Message,
// operators the whole chain.
type Error struct {
	Op       string // what was being done: "build state", "open seed"
	Path     string // of what: a page's path, a pattern, a file
	Kind     Kind   // default: Internal
	Status   int    // default: the kind's
	Message  string // safe to show a visitor; default: the status's text
	Mend     string // what the developer or operator can do about it, where one is known
	Location string // where to, for Moved: an absolute path of this app, or an absolute URL
	Err      error  // the cause, for the log
}

func (e *Error) Error() string {
	var b strings.Builder
	part := func(s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(s)
	}
	part(strings.TrimSpace(e.Op + " " + e.Path))
	cause := ""
	if e.Err != nil {
		cause = e.Err.Error()
	}
	if !strings.Contains(cause, e.Message) {
		part(e.Message) // the cause need not say it again
	}
	switch {
	case e.Err != nil:
		part(cause)
	case e.Message == "" && e.Kind == Moved:
		part("moved to " + e.Location)
	case e.Message == "":
		part(e.Kind.String())
	}
	if e.Mend != "" {
		b.WriteString(" (" + e.Mend + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// NotFound is the answer of a generator for a path that does not exist: a
// 404 that is remembered for a short time and never stored.
func NotFound() error { return &Error{Kind: Missing} }

// Gone is the answer of a generator for a path that existed and will not
// come back: 410.
func Gone() error { return &Error{Kind: Removed} }

// Redirect sends the visitor to location with 302 Found. The location is an
// absolute path of this app, to which base path and locale are added, or an
// absolute http or https URL.
func Redirect(location string) error { return &Error{Kind: Moved, Location: location} }

// RedirectPermanently is [Redirect] with 308 Permanent Redirect.
func RedirectPermanently(location string) error {
	return &Error{Kind: Moved, Status: http.StatusPermanentRedirect, Location: location}
}

// KindOf finds the kind of an error: that of the first [Error] in its chain,
// Timeout for a deadline that passed, and otherwise Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Kind == Internal && errors.Is(err, context.DeadlineExceeded) {
			return Timeout
		}
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return Internal
}

// StatusOf is the HTTP status that answers an error; 200 for nil.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Status != 0 {
		return e.Status
	}
	return KindOf(err).Status()
}

// A Failure is what an error view is told: the safe half of an error.
type Failure struct {
	Status  int    // the response's status, 400 to 599
	Title   string // the status's text: "Not Found"
	Message string // the generator's Message, where it gave one
	Path    string // the decoded path that was asked for, "" in an export's 404.html
	Locale  string
	ID      string // the identifier under which the log holds the cause, where there is one

	Position Position // where the view stands
}

// A Position is where an error view stands.
type Position uint8

const (
	InPage     Position = iota // it is the document's main part
	InFragment                 // in the place of a fragment, in a page that is well otherwise
	InPopup                    // over a page that stays as it is, when the browser could not do something
)

// FailureOf is the safe half of err for the page at path.
func FailureOf(err error, path, locale string) Failure {
	status := StatusOf(err)
	f := Failure{Status: status, Title: http.StatusText(status), Path: path, Locale: locale}
	if e, ok := errors.AsType[*Error](err); ok {
		f.Message = e.Message
	}
	return f
}
