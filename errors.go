// Errors: what a loader can return instead of a state, and how packages report
// faults.

package gorgon

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Kind classifies an error. It decides the status of the response and how
// caches and logs treat it.
type Kind uint8

const (
	KindInternal      Kind = iota // a bug or a failure in the app or the framework: 500
	KindInvalid                   // the request is malformed: 400
	KindUnauthorized              // the visitor is not signed in: 401
	KindForbidden                 // the visitor is signed in and has no permission: 403
	KindNotFound                  // the path does not exist: 404
	KindGone                      // the path existed and will not return: 410
	KindRedirect                  // the page is elsewhere: 302, or the Status of the Error
	KindTooLarge                  // a limit was exceeded, for example by a page that grew too large: 500
	KindTimeout                   // the deadline passed: 504
	KindUnavailable               // temporarily not possible: 503
	KindConflict                  // it contradicts what is stored, as a name that is taken does: 409
	KindPrecondition              // what the request expected is no longer so: 412
	KindUnprocessable             // the request can be read, and what it says is refused: 422
	KindTooMany                   // the caller sent too many requests: 429
)

// kinds maps kinds to their statuses and their names in errors.
var kinds = [...]struct {
	status int
	name   string
}{
	KindInternal:     {http.StatusInternalServerError, "internal"},
	KindInvalid:      {http.StatusBadRequest, "invalid"},
	KindUnauthorized: {http.StatusUnauthorized, "unauthorized"},
	KindForbidden:    {http.StatusForbidden, "forbidden"},
	KindNotFound:     {http.StatusNotFound, "missing"},
	KindGone:         {http.StatusGone, "removed"},
	KindRedirect:     {http.StatusFound, "moved"},
	KindTooLarge:     {http.StatusInternalServerError, "too large"},
	KindTimeout:      {http.StatusGatewayTimeout, "timeout"},
	KindUnavailable:  {http.StatusServiceUnavailable, "unavailable"},

	KindConflict:      {http.StatusConflict, "conflict"},
	KindPrecondition:  {http.StatusPreconditionFailed, "precondition failed"},
	KindUnprocessable: {http.StatusUnprocessableEntity, "refused"},
	KindTooMany:       {http.StatusTooManyRequests, "too many requests"},
}

// Status returns the HTTP status of the kind.
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

// An Error separates what visitors may see from what operators need: a visitor
// sees Status and Message, the log has the whole chain.
type Error struct {
	Op       string // the operation: "build state", "open seed"
	Path     string // what it concerns: a page's path, a pattern, a file
	Kind     Kind   // default: Internal
	Status   int    // default: the kind's
	Message  string // shown to visitors; default: the status's text
	Hint     string // what the developer or operator can do about it; optional
	Location string // the target of a KindRedirect, as in [Redirect]
	Err      error  // the cause, for the log

	Fields []Field // what is wrong with the fields of an input, shown to visitors

	// RetryAfter is when a refused caller may try again, for KindTooMany and
	// KindUnavailable. Default: none for the first, a second for the other.
	RetryAfter time.Duration
}

// A Field says what is wrong with one field of an input.
type Field struct {
	Pointer string `json:"pointer"` // RFC 6901: "/title", "/steps/0/text"; "" for the input as a whole
	Detail  string `json:"detail"`  // for the visitor; it must not contain what the visitor sent

	// Code names the rule that was broken, and Limit is its limit, so that
	// [App.FieldDetail] can say it in another language: "min" and "3". Package
	// shape lists the codes. Both are "" for what the app refuses by itself.
	Code  string `json:"code,omitempty"`
	Limit string `json:"limit,omitempty"`
}

// Refuse returns an error that refuses one field of an input with 422, as in
// Refuse("/title", "a recipe of this name exists"). A form shows the message at
// the field. Several fields are refused by an [Error] with Fields.
func Refuse(pointer, detail string) error {
	return &Error{Kind: KindUnprocessable, Fields: []Field{{Pointer: pointer, Detail: detail}}}
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
	part(strings.TrimSpace(e.Op + " " + calledPath(e.Path)))
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
	case e.Message == "" && e.Kind == KindRedirect:
		part("moved to " + e.Location)
	case e.Message == "":
		part(e.Kind.String())
	}
	for _, f := range e.Fields {
		part(f.Pointer + " " + f.Detail)
	}
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// NotFound returns the error with which a loader reports that a path does not
// exist. The server answers 404, remembers it for a short time and never
// stores it.
func NotFound() error { return &Error{Kind: KindNotFound} }

// Gone returns the error with which a loader reports that a path existed and
// will not return. The server answers 410.
func Gone() error { return &Error{Kind: KindGone} }

// Redirect returns an error that redirects the visitor to location with 302
// Found. The location is an absolute http or https URL, or a reference within
// this app, as in [URL]: the server adds base path and locale. If the path
// comes from data, use Redirect(EscapePath(path)).
func Redirect(location string) error { return &Error{Kind: KindRedirect, Location: location} }

// RedirectPermanently is [Redirect] with 308 Permanent Redirect.
func RedirectPermanently(location string) error {
	return &Error{Kind: KindRedirect, Status: http.StatusPermanentRedirect, Location: location}
}

// A Failure is the part of an error that visitors may see. Error views receive
// it.
type Failure struct {
	Status  int    // the response's status, 400 to 599
	Title   string // the status's text: "Not Found"
	Message string // the loader's Message, if it set one
	Path    string // the requested path, decoded; "" in an export's 404.html
	Locale  string
	ID      string  // the identifier of the log record with the cause, if there is one
	Fields  []Field // of the input, that were refused

	Position Position // where the view is shown
}

// A Position is where an error view is shown.
type Position uint8

const (
	InPage     Position = iota // as the main part of the document
	InFragment                 // in place of a fragment, in a page that otherwise rendered
	InPopup                    // over a page that stays unchanged, after an action in the browser failed
)
