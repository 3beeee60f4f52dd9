// Kept pages: the hot path.

package serve

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
)

// inMemory answers with a page that is in memory and fresh. Files win over
// pages, but a page that has come into memory is no file's: so the usual
// request is spared looking for one.
func (h *Handler) inMemory(w http.ResponseWriter, r *http.Request, m match) bool {
	if m.page == nil || m.page.PerRequest() || len(m.page.Guards) > 0 || !reads(r.Method) || tokenOf(r.Header) > 0 {
		return false
	}
	now := h.now()
	a, ok := h.found(r, m, now)
	if ok {
		h.entry(w, r, m, a, now)
	}
	return ok
}

// found answers from memory with what is fresh and whole.
func (h *Handler) found(r *http.Request, m match, now time.Time) (cache.Answer, bool) {
	if m.form == compose.Document {
		a, ok := h.cache.Found(m.page, m.path, m.locale, now)
		if !ok || whole(a) {
			return a, ok
		}
	}
	return h.composer.Found(h.ask(r, m), now)
}

// whole says whether an answer can be sent as it is.
func whole(a cache.Answer) bool {
	if p, ok := a.Prepared.(*prepared); ok {
		return !p.open
	}
	return compose.Whole(a.Entry)
}

// kept answers with a page that is kept.
func (h *Handler) kept(w http.ResponseWriter, r *http.Request, m match) {
	if m.form == compose.Document {
		a, err := h.have(r, m)
		if err != nil {
			h.fail(w, r, m, err)
			return
		}
		if whole(a) {
			h.entry(w, r, m, a, h.now()) // the making may have taken its time
			return
		}
	}
	h.composed(w, r, m)
}

// have finds what is kept of a page, or has it made.
func (h *Handler) have(r *http.Request, m match) (cache.Answer, error) {
	token := tokenOf(r.Header)
	if token == 0 {
		if a, ok := h.cache.Found(m.page, m.path, m.locale, h.now()); ok {
			return a, nil
		}
	}
	return h.cache.Get(r.Context(), m.page, m.path, m.locale, cache.Demand{Passive: passive(r), Token: token})
}

// passive says whether nobody looks at the answer yet: it must not make the
// site work.
func passive(r *http.Request) bool {
	if r.Method == http.MethodHead {
		return true
	}
	for _, name := range [...]string{"Sec-Purpose", "Purpose"} {
		if values := r.Header[name]; len(values) > 0 && strings.HasPrefix(values[0], "prefetch") {
			return true
		}
	}
	return false
}

// words are what observers are told of an answer of the cache.
var words = [...]string{cache.Fresh: metrics.Hit, cache.Stale: metrics.Stale, cache.Made: metrics.Made}

// entry answers with a kept page.
func (h *Handler) entry(w http.ResponseWriter, r *http.Request, m match, a cache.Answer, now time.Time) {
	p, ok := a.Prepared.(*prepared)
	if !ok {
		p = prepare(a.Entry)
	}
	b, verdict := p.choose(r)
	if verdict == http.StatusPreconditionFailed {
		h.fail(w, r, m, errPrecondition)
		return
	}
	h.noteCache(r, words[a.State])
	switch {
	case !h.attend || a.Work == nil:
	case r.Method == http.MethodHead:
		<-a.Work // a response without a body cannot be kept open
	default:
		b, verdict = b.open(), 0
		defer attend(w, a.Work)
	}
	header := w.Header()
	for i := range p.fields {
		header[p.fields[i].name] = p.fields[i].values
	}
	l := p.lineFor(a, now)
	header["Cache-Status"] = l.status
	guarded := m.guarded() || h.detects(m)
	if h.includes && m.form == compose.Document {
		vary(header, valueCapability)
		if capable(r) {
			header["Surrogate-Control"] = valueESI
		}
	}
	switch {
	case guarded && !p.ownControl:
		// A cache in between would answer in the guard's place.
		header["Cache-Control"] = valueGuarded
	case h.cdn && !guarded:
		if !p.ownControl {
			header["Cdn-Cache-Control"] = l.edge
		}
		if h.tagHeader != "" {
			header[h.tagHeader] = h.tagsFor(p, a.Entry)
		}
	case l.age != nil:
		// With a CDN the time that is left is told instead: an Age beside it
		// would be taken off a second time.
		header["Age"] = l.age
	}
	p.send(w, r, b, verdict)
}
