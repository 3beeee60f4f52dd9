// Parts of pages: payloads of navigations, and fragments.

package serve

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
)

// fragmentForms are where fragments lie that browsers ask for.
var fragmentForms = map[string]compose.Form{
	"/_gorgon/fragment/": compose.Bare,
	"/_gorgon/view/":     compose.View,
}

// payload answers with the payload of the page at a path, if a page is what a
// visitor would get there.
func (h *Handler) payload(w http.ResponseWriter, r *http.Request, path string, nowhere match) {
	if gorgon.CheckPath(path) != nil || strings.HasPrefix(path, own) {
		h.fail(w, r, nowhere, errNoPage)
		return
	}
	r = at(r, h.base+path)
	if _, file := h.fileAt(path); file || h.mux != nil && h.handles(r) {
		h.fail(w, r, nowhere, errNoPage)
		return
	}
	m := h.match(path)
	if m.page == nil {
		h.fail(w, r, nowhere, errNoPage)
		return
	}
	m.form = compose.Payload
	h.note(r, m.page.Path)
	if h.inMemory(w, r, m) {
		return
	}
	h.page(w, r, path, m)
}

// fragment answers with a fragment whose name, seal and page follow each
// other in a path. The page's guards are asked as they are for the page.
func (h *Handler) fragment(w http.ResponseWriter, r *http.Request, rest string, form compose.Form, nowhere match) {
	name, rest, _ := strings.Cut(rest, "/")
	closed, path, on := strings.Cut(rest, "/")
	if on {
		path = "/" + path
	}
	def, props, locale, err := h.renderer.OpenFragment(name, closed, path)
	if err != nil {
		h.fail(w, r, nowhere, err)
		return
	}
	m := match{locale: locale}
	if on {
		if m = h.match(path); m.page == nil {
			h.fail(w, r, nowhere, errNoPage)
			return
		}
		r = at(r, h.base+path)
	}
	m.form, m.fragment, m.props = form, def, props
	h.note(r, def.Path)
	if m.page != nil && len(m.page.Guards) > 0 {
		h.foreign(w, r, m, h.guards[m.page])
		return
	}
	if !reads(r.Method) {
		h.methods(w, r, m)
		return
	}
	h.piece(w, r, m)
}

// at is the request as it would be for another path: that of the page, which
// guards and generators are to see.
func at(r *http.Request, path string) *http.Request {
	inner := new(http.Request)
	*inner = *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = path, ""
	return inner
}

// handles says whether a handler of the app answers a request.
func (h *Handler) handles(r *http.Request) bool {
	inner, ok := h.inside(r)
	if !ok {
		return false
	}
	found, _ := h.mux.Handler(inner)
	return is(found)
}

// ask is what a request asks of the composer.
func (h *Handler) ask(r *http.Request, m match) *compose.Ask {
	a := &compose.Ask{
		Page: m.page, Path: m.path, Locale: m.locale, Form: m.form, Request: r,
		Demand: cache.Demand{Passive: passive(r), Token: tokenOf(r.Header)},
		Failed: func(d *gorgon.Definition, err error) gorgon.Failure { return h.fragmentFailed(r, m, d, err) },
	}
	if m.fragment != nil {
		a.Page, a.Path, a.On = m.fragment, gorgon.FragmentPath(m.fragment.Fragment, []byte(m.props)), m.path
	}
	if h.includes && m.form == compose.Document && capable(r) {
		a.Form = compose.Included
	}
	return a
}

// capable says whether a proxy asks for tags.
func capable(r *http.Request) bool {
	for _, v := range r.Header["Surrogate-Capability"] {
		if strings.Contains(v, "ESI/1.0") {
			return true
		}
	}
	return false
}

// fragmentFailed reports a fragment that failed, and says what a visitor sees.
func (h *Handler) fragmentFailed(r *http.Request, m match, d *gorgon.Definition, err error) gorgon.Failure {
	f := gorgon.FailureOf(err, m.path, m.locale)
	if f.Status < 400 || f.Status > 599 {
		f.Status, f.Title = http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)
	}
	level := slog.LevelDebug
	if f.Status >= 500 {
		level = slog.LevelError
		_, rec := recorded(r)
		f.ID = rec.name()
	}
	h.report(r, m, level, "a fragment failed", err, slog.String("fragment", d.Fragment), slog.Int("status", f.Status), slog.String("id", f.ID))
	return f
}

// composed answers with what is put together of what is kept, and of what is
// made for the request.
func (h *Handler) composed(w http.ResponseWriter, r *http.Request, m match) {
	r, _ = recorded(r)
	ask := h.ask(r, m)
	if tokenOf(r.Header) == 0 {
		if a, ok := h.composer.Found(ask, h.now()); ok {
			h.entry(w, r, m, a, h.now())
			return
		}
	}
	a, err := h.composer.Get(r.Context(), ask)
	switch {
	case err != nil:
		h.fail(w, r, m, err)
	case a.Live != nil:
		h.live(w, r, m, a)
	case a.Broken:
		if h.attend && a.Work != nil {
			defer attend(w, a.Work)
		}
		h.once(w, r, m, a.Entry)
	default:
		h.entry(w, r, m, a.Answer, h.now())
	}
}

// live answers with a page some of whose parts are made for the request.
func (h *Handler) live(w http.ResponseWriter, r *http.Request, m match, a compose.Answer) {
	h.noteCache(r, words[a.State])
	header := a.Live.Entry.Header
	if m.form == compose.Payload {
		header = http.Header{"Content-Type": valueJSON, "X-Robots-Tag": valueNoIndex}
	}
	h.streamed(w, r, m, a.Entry.Status, header, a.Work, func(s *stream) error {
		ctx := r.Context()
		if m.form == compose.Document {
			kept := a.Live.Entry.Uses
			s.uses = &gorgon.Uses{Nonce: rand.Text(), Scripts: kept.Scripts, Styles: kept.Styles, Wasm: kept.Wasm}
			ctx = gorgon.WithUses(ctx, s.uses)
		}
		return a.Live.WriteTo(ctx, s)
	})
}

// piece answers with a fragment.
func (h *Handler) piece(w http.ResponseWriter, r *http.Request, m match) {
	if !m.fragment.PerRequest() {
		h.composed(w, r, m)
		return
	}
	r, _ = recorded(r)
	ask := h.ask(r, m)
	e, err := h.composer.Make(r.Context(), ask)
	if err == nil && m.form == compose.View {
		e, err = h.composer.Around(r.Context(), ask, e)
	}
	if err != nil {
		h.fail(w, r, m, err)
		return
	}
	h.once(w, r, m, e)
}

// once answers with what nobody is to keep.
func (h *Handler) once(w http.ResponseWriter, r *http.Request, m match, e *pages.Entry) {
	header := w.Header()
	for name, values := range e.Header {
		switch name {
		case "Set-Cookie":
			header[name] = append(header[name], values...)
		case "Vary":
			vary(header, values)
		default:
			header[name] = values
		}
	}
	vary(header, valueVary)
	h.private(header)
	header["Cache-Status"] = valueBypass
	header["X-Robots-Tag"] = valueNoIndex
	head := r.Method == http.MethodHead
	if c := accept(r.Header["Accept-Encoding"]).best(func(coding) bool { return true }); c != identity && len(e.HTML) >= worthCoding {
		header["Content-Encoding"] = []string{names[c]}
		w.WriteHeader(http.StatusOK)
		if encoder, ok := compress.NewWriter(names[c], w); ok && !head { // it knows every coding that has a name
			_, _ = encoder.Write(e.HTML) // a client that went away is its own affair
			_ = encoder.Close()
		}
		return
	}
	header["Content-Length"] = []string{strconv.Itoa(len(e.HTML))}
	w.WriteHeader(http.StatusOK)
	if !head {
		_, _ = w.Write(e.HTML)
	}
}

// sentOn tells where a page is, in the form that was asked for.
func (h *Handler) sentOn(w http.ResponseWriter, r *http.Request, m match, status int, location []string) {
	if m.form != compose.Payload {
		h.moved(w, status, location)
		return
	}
	h.once(w, r, m, h.renderer.Payload(&pages.Entry{Status: status, Header: http.Header{"Location": location}}))
}
