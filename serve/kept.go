// Kept pages: the hot path.

package serve

import (
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
)

// inMemory answers with a page that is in memory and fresh. Files win over
// pages, but a page in memory cannot share its path with a file, so the usual
// request does not look for one.
func (s *sender) inMemory(w http.ResponseWriter, r *http.Request, m match) bool {
	if m.page == nil || m.page.PerRequest() || m.page.Target != "" && r.URL.RawQuery != "" || len(m.page.Guards) > 0 || !reads(r.Method) || tokenOf(r.Header) > 0 {
		return false
	}
	now := s.now()
	a, form, ok := s.found(r, m, now)
	if m.form = form; ok {
		s.entry(w, r, m, a, now)
	}
	return ok
}

// found answers from memory with what is fresh and whole, in the form that it
// has: a page without parts has none that a surrogate could put in.
func (s *sender) found(r *http.Request, m match, now time.Time) (cache.Answer, compose.Form, bool) {
	if m.form == compose.Document || m.form == compose.Included {
		a, ok := s.cache.Found(m.page, m.path, m.locale, now)
		if !ok || whole(a) {
			return a, compose.Document, ok
		}
	}
	a, ok := s.composer.Found(s.ask(r, m), now)
	return a, m.form, ok
}

// kept answers with a page that is kept.
func (s *sender) kept(w http.ResponseWriter, r *http.Request, m match) {
	if m.form == compose.Document || m.form == compose.Included {
		a, err := s.have(r, m)
		if err != nil {
			s.fail(w, r, m, err)
			return
		}
		if m.page.Target != "" && r.URL.RawQuery != "" && a.Entry.Status >= 300 && a.Entry.Status <= 399 {
			s.sentOn(w, r, m, a.Entry.Status, a.Entry.Header["Location"])
			return
		}
		if whole(a) {
			m.form = compose.Document
			s.entry(w, r, m, a, s.now()) // the making may have taken its time
			return
		}
		s.composed(w, r, m, a.Work)
		return
	}
	s.composed(w, r, m, nil)
}

// whole says whether an answer can be sent as it is.
func whole(a cache.Answer) bool {
	if p, ok := a.Prepared.(*answer.Prepared); ok {
		return p.Whole()
	}
	return compose.Whole(a.Entry)
}

// answer answers with the page or fragment of a match, which is to be read.
func (s *sender) answer(w http.ResponseWriter, r *http.Request, m match) {
	switch {
	case m.fragment != nil:
		s.piece(w, r, m)
	case m.page.PerRequest():
		s.requested(w, r, m)
	default:
		s.kept(w, r, m)
	}
}
