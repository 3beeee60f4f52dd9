// What is put together: pages with fragments, and fragments.

package serve

import (
	"crypto/rand"
	"net/http"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// composed answers with what is put together of what is kept, and of what is
// made for the request. Work is what looking for the page has begun already.
func (s *sender) composed(w http.ResponseWriter, r *http.Request, m match, work <-chan struct{}) {
	r, _ = recorded(r)
	ask := s.ask(r, m)
	if ask.Demand.Token == 0 {
		if a, ok := s.composer.Found(ask, s.now()); ok {
			s.entry(w, r, m, a, s.now())
			return
		}
	}
	a, err := s.composer.Get(r.Context(), ask)
	a.Work = cache.Both(a.Work, work)
	switch {
	case err != nil:
		s.fail(w, r, m, err)
	case a.Requested != nil && m.form == compose.Payload && ahead(r):
		s.nothingAhead(w, r)
	case a.Requested != nil:
		s.partly(w, r, m, a)
	case a.Broken:
		if s.attend && a.Work != nil {
			defer attend(w, a.Work)
		}
		s.once(w, r, m, a.Entry)
	default:
		s.entry(w, r, m, a.Answer, s.now())
	}
}

// partly answers with a page some of whose parts are made for the request.
func (s *sender) partly(w http.ResponseWriter, r *http.Request, m match, a compose.Answer) {
	s.watch.noteCache(r, words[a.State])
	header := a.Requested.Entry.Header
	if m.form == compose.Payload {
		header = http.Header{"Content-Type": valueJSON, "X-Robots-Tag": {"noindex"}}
	}
	if version := a.Requested.Version(); version != "" && m.form == compose.Bare {
		w.Header()[wire.HeaderVersion] = []string{version}
	}
	s.streamed(w, r, m, a.Entry.Status, header, a.Work, func(out *answer.Stream) error {
		ctx := r.Context()
		if m.form == compose.Document && pages.IsHTML(header) {
			kept := a.Requested.Entry.Uses
			out.Uses = &viewctx.Uses{Nonce: rand.Text(), Scripts: kept.Scripts, Styles: kept.Styles, Wasm: kept.Wasm}
			ctx = viewctx.WithUses(ctx, out.Uses)
		}
		return a.Requested.WriteTo(ctx, out)
	})
}

// piece answers with a fragment.
func (s *sender) piece(w http.ResponseWriter, r *http.Request, m match) {
	if !m.fragment.PerRequest() {
		s.composed(w, r, m, nil)
		return
	}
	r, _ = recorded(r)
	ask := s.ask(r, m)
	e, version, err := s.composer.Make(r.Context(), ask)
	if err == nil && m.form == compose.View {
		e, err = s.composer.Around(r.Context(), ask, e)
	}
	if err != nil {
		s.fail(w, r, m, err)
		return
	}
	if version != "" && m.form == compose.Bare {
		w.Header()[wire.HeaderVersion] = []string{version}
	}
	s.once(w, r, m, e)
}
