// Pages made for one request.

package serve

import (
	"crypto/rand"
	"net/http"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// requested answers with a page that is made for this request.
func (s *sender) requested(w http.ResponseWriter, r *http.Request, m match) {
	r, _ = recorded(r)
	if made, ok := s.made(w, r, m); ok {
		s.respond(w, r, m, made)
	}
}

// A made is a page that was made for one request.
type made struct {
	res  *render.Response
	work <-chan struct{} // that finding its stored half caused; nil for none
}

// made makes a page for one request. It is false if the request has been
// answered, by a redirect or an error.
func (s *sender) made(w http.ResponseWriter, r *http.Request, m match) (p made, ok bool) {
	var built *pages.Entry
	if m.page.Kept() {
		a, err := s.have(r, m)
		if err != nil {
			s.fail(w, r, m, err)
			return p, false
		}
		p.work = a.Work
		if built = a.Entry; built.Status >= 300 && built.Status <= 399 {
			// The built half says that the page is elsewhere: there is no
			// state to merge with.
			s.sentOn(w, r, m, built.Status, built.Header["Location"])
			return p, false
		}
	}
	res, err := s.renderer.Request(knowing(s.cache.Context(r.Context()), r), m.page, m.path, m.locale, r, built)
	if err != nil {
		s.fail(w, r, m, err)
		return p, false
	}
	if res.Status >= 300 && res.Status <= 399 {
		s.sentOn(w, r, m, res.Status, res.Header["Location"])
		return p, false
	}
	p.res = res
	return p, true
}

// respond sends what was made for one request.
func (s *sender) respond(w http.ResponseWriter, r *http.Request, m match, p made) {
	res, work := p.res, p.work
	s.watch.noteCache(r, metrics.Bypass)
	ask := s.ask(r, m)
	ask.Plain = !pages.IsHTML(res.Header)
	if m.form == compose.Payload && ask.Plain {
		s.fail(w, r, m, compose.ErrNoPayload)
		return
	}
	if m.form == compose.Payload {
		e, err := res.Whole(s.composer.WithFiller(r.Context(), ask, nil))
		if err != nil {
			s.fail(w, r, m, err)
			return
		}
		if s.attend && work != nil {
			defer attend(w, work)
		}
		s.once(w, r, m, s.renderer.Payload(e))
		return
	}
	if m.locale != "" {
		w.Header()["Content-Language"] = []string{m.locale} // the page's own replaces it
	}
	s.streamed(w, r, m, res.Status, res.Header, work, func(out *answer.Stream) error {
		if ask.Plain {
			return res.WriteTo(s.composer.WithFiller(r.Context(), ask, out), out)
		}
		// What is inline further down is not known when the header is sent.
		out.Uses = &viewctx.Uses{Nonce: rand.Text()}
		return res.WriteTo(viewctx.WithUses(s.composer.WithFiller(r.Context(), ask, out), out.Uses), out)
	})
}
