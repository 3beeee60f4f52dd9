// Errors for programs: RFC 9457.

package serve

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/wire"
)

// A Problem is how an error is answered to a program: as
// application/problem+json. It contains nothing of what the caller sent.
type Problem struct {
	Type   string         `json:"type"` // "about:blank": the status says it all
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"` // the message of the error
	ID     string         `json:"id,omitempty"`     // of the record in the log
	Errors []gorgon.Field `json:"errors,omitempty"`
}

// problems is implemented by handlers, and by what resources are about, that
// programs ask for.
type problems interface{ WantsProblem(*http.Request) bool }

var valueProblem = []string{"application/problem+json"}

// wantsProblem says whether a program asked: its Accept names JSON or events and
// not HTML, or the handler says so of requests that may be a program's or a form's.
func wantsProblem(r *http.Request, m match) bool {
	if m.problems != nil {
		return m.problems(r)
	}
	if m.page != nil {
		if p, ok := m.page.About.(problems); ok {
			return p.WantsProblem(r)
		}
	}
	accept := strings.Join(r.Header["Accept"], ",")
	return (strings.Contains(accept, "json") || strings.Contains(accept, "event-stream")) && !strings.Contains(accept, "html")
}

// ProblemOf is the problem document of a failure.
func ProblemOf(f gorgon.Failure) Problem {
	return Problem{Type: "about:blank", Title: f.Title, Status: f.Status, Detail: f.Message, ID: f.ID, Errors: f.Fields}
}

// problem answers a failure that has been reported.
func (a *responder) problem(w http.ResponseWriter, r *http.Request, m match, f gorgon.Failure, err error) {
	body, _ := json.Marshal(ProblemOf(f))
	header := http.Header{"Content-Type": valueProblem}
	if after := retryAfterOf(err, f.Status); after != "" {
		header["Retry-After"] = []string{after}
	}
	if f.ID != "" {
		header[wire.HeaderRequestID] = []string{f.ID}
	}
	a.plain(w, r, m, answer.Plain{Status: f.Status, Facts: answer.Failed, Clean: true, Header: header, Body: append(body, '\n')})
}

// isOwn says whether a path is the framework's.
func isOwn(path string) bool { return strings.HasPrefix(path, wire.Root) }
