// What was made of a page, sent.

package serve

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
)

// A sender answers with pages whose guards have let the request pass.
type sender struct {
	*responder
	cache  *cache.Cache
	watch  *watch
	attend bool // a response ends with the work that it caused
	now    func() time.Time
}

// words are the names of the cache's answers for observers.
var words = [...]string{cache.Fresh: metrics.Hit, cache.Stale: metrics.Stale, cache.Made: metrics.Made}

// entry answers with a kept page.
func (s *sender) entry(w http.ResponseWriter, r *http.Request, m match, a cache.Answer, now time.Time) {
	p := answer.PreparedOf(a.Entry, a.Prepared)
	own, shape := p.Facts(), answer.Part
	switch m.form {
	case compose.Document:
		shape = answer.Document
	case compose.Included:
		own, shape = own|answer.Included, answer.WithTags
	}
	c := p.Choose(r, s.facts(w.Header(), r, &m, own))
	if c.Verdict == http.StatusPreconditionFailed {
		s.fail(w, r, m, errPrecondition)
		return
	}
	s.watch.noteCache(r, words[a.State])
	switch {
	case !s.attend || a.Work == nil:
	case r.Method == http.MethodHead:
		<-a.Work // a response without a body cannot be kept open
	default:
		c = c.Open()
		defer attend(w, a.Work)
	}
	s.out.Page(w, r, c, a, now, shape)
}

// attend waits for the work that a response caused, all of which was written.
// The visitor has it by then; the platform, which sees it end only after that,
// leaves the process running.
func attend(w http.ResponseWriter, work <-chan struct{}) {
	_ = http.NewResponseController(w).Flush() // a client that went away does not wait
	<-work
}

// once answers with what no cache is to keep.
func (s *sender) once(w http.ResponseWriter, r *http.Request, m match, e *pages.Entry) {
	s.out.Once(w, r, s.facts(w.Header(), r, &m, answer.Personal), e)
}

// streamed sends what is made for a request as it is made.
func (s *sender) streamed(w http.ResponseWriter, r *http.Request, m match, status int, header http.Header, work <-chan struct{}, write func(*answer.Stream) error) {
	out := s.out.Stream(w, r, s.facts(w.Header(), r, &m, answer.Personal), status, header)
	defer out.Free()
	err := write(out)
	if err == nil && s.attend && work != nil {
		if err = out.Send(); err == nil {
			<-work
		}
	}
	if err == nil {
		err = out.Finish()
	}
	switch {
	case out.Stopped():
	case out.Failed() != nil: // the connection's failure, not the page's
		s.reports.left(r, m, out.Failed())
		panic(http.ErrAbortHandler)
	case err != nil && out.Sent():
		s.abort(r, m, err)
	case err != nil:
		s.fail(w, r, m, err)
	}
}

// have finds the entry of a page, or has it generated.
func (s *sender) have(r *http.Request, m match) (cache.Answer, error) {
	token := s.token(r)
	if token == 0 {
		if a, ok := s.cache.Found(m.page, m.path, m.locale, s.now()); ok {
			return a, nil
		}
	}
	return s.cache.Get(r.Context(), m.page, m.path, m.locale, cache.Demand{Passive: passive(r), Token: token})
}

// appended is a URL with the query of a request, which is added to its own.
func appended(location, query string) string {
	location, fragment, marked := strings.Cut(location, "#")
	if strings.Contains(location, "?") {
		location += "&" + query
	} else {
		location += "?" + query
	}
	if marked {
		location += "#" + fragment
	}
	return location
}

// sentOn tells where a page is, in the form that was asked for.
func (s *sender) sentOn(w http.ResponseWriter, r *http.Request, m match, status int, location []string) {
	if m.page.Target != "" && r.URL.RawQuery != "" && len(location) == 1 {
		location = []string{appended(location[0], r.URL.RawQuery)}
	}
	if m.again {
		status = http.StatusSeeOther // the form is not to be sent there
	}
	if m.form != compose.Payload {
		s.moved(w, r, m, status, location)
		return
	}
	s.once(w, r, m, s.renderer.Payload(&pages.Entry{Status: status, Header: http.Header{"Location": location}}))
}
