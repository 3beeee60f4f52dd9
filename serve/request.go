// Pages made for one request.

package serve

import (
	"crypto/rand"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
)

// requested answers with a page that is made for this request.
func (h *Handler) requested(w http.ResponseWriter, r *http.Request, m match) {
	var built *pages.Entry
	var work <-chan struct{}
	if m.page.Kept() {
		a, err := h.have(r, m)
		if err != nil {
			h.fail(w, r, m, err)
			return
		}
		work = a.Work
		if built = a.Entry; built.Status >= 300 && built.Status <= 399 {
			// The built half says that the page is elsewhere: there is no
			// state to merge with.
			h.sentOn(w, r, m, built.Status, built.Header["Location"])
			return
		}
	}
	r, _ = recorded(r)
	res, err := h.renderer.Request(r.Context(), m.page, m.path, m.locale, r, built)
	if err != nil {
		h.fail(w, r, m, err)
		return
	}
	if res.Status >= 300 && res.Status <= 399 {
		h.sentOn(w, r, m, res.Status, res.Header["Location"])
		return
	}
	h.noteCache(r, metrics.Bypass)
	ask := h.ask(r, m)
	if m.form == compose.Payload {
		e, err := res.Whole(h.composer.WithFiller(r.Context(), ask, nil))
		if err != nil {
			h.fail(w, r, m, err)
			return
		}
		if h.attend && work != nil {
			defer attend(w, work)
		}
		h.once(w, r, m, h.renderer.Payload(e))
		return
	}
	if m.locale != "" {
		w.Header()["Content-Language"] = []string{m.locale} // the page's own replaces it
	}
	h.streamed(w, r, m, res.Status, res.Header, work, func(s *stream) error {
		// What is inline further down is not known when the header is sent.
		s.uses = &gorgon.Uses{Nonce: rand.Text()}
		return res.WriteTo(gorgon.WithUses(h.composer.WithFiller(r.Context(), ask, s), s.uses), s)
	})
}

// streamed sends what is made for a request as it is made.
func (h *Handler) streamed(w http.ResponseWriter, r *http.Request, m match, status int, header http.Header, work <-chan struct{}, write func(*stream) error) {
	s := h.newStream(w, r, status, header)
	defer s.free()
	err := write(s)
	if err == nil && h.attend && work != nil {
		if err = s.FlushError(); err == nil {
			<-work
		}
	}
	if err == nil {
		err = s.finish()
	}
	switch {
	case s.headOnly && s.sent: // the view was stopped once there was nothing more to say
	case s.failed != nil:
		h.abort(r, m, s.failed)
	case err != nil && s.sent:
		h.abort(r, m, err)
	case err != nil:
		h.fail(w, r, m, err)
	}
}
