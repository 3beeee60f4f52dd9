// Who answers: the framework, a handler, a file, or a page.

package serve

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/render"
)

// own is the framework's part of the paths.
const own = "/_gorgon/"

// A match is the page that a request is for. It is decided once, before any
// guard runs, so that nothing a guard does to the URL can change it.
type match struct {
	page   *gorgon.Definition // nil where there is none
	path   string             // decoded, without base path and locale
	locale string

	form     compose.Form       // what of the page is asked for
	fragment *gorgon.Definition // of the page, for compose.Bare and View
	props    string             // of the fragment
}

// guarded says whether somebody decides who may see it.
func (m match) guarded() bool { return m.page != nil && len(m.page.Guards) > 0 }

func (h *Handler) route(w http.ResponseWriter, r *http.Request) {
	path, err := gorgon.RequestPath(r.URL)
	nowhere := match{path: r.URL.Path, locale: h.defaultLocale()}
	if err != nil && gorgon.KindOf(err) != gorgon.Missing {
		nowhere.locale = h.localeAt(strings.TrimPrefix(r.URL.Path, h.base))
		h.fail(w, r, nowhere, err)
		return
	}
	if h.base != "" {
		rest, below := strings.CutPrefix(r.URL.Path, h.base)
		switch {
		case below && rest == "" && err == nil && h.router.Match("/") != nil:
			h.redirect(w, r, gorgon.EscapePath(h.base+"/"))
			return
		case !below || rest == "" || rest[0] != '/':
			h.fail(w, r, nowhere, errNoPage)
			return
		}
		path, nowhere.path = rest, rest
	}
	if err == nil && strings.HasPrefix(path, own) {
		h.framework(w, r, path, nowhere)
		return
	}
	if h.mux != nil && h.handle(w, r, nowhere) {
		return
	}
	if err != nil {
		nowhere.locale = h.localeAt(path)
		h.fail(w, r, nowhere, err)
		return
	}
	m := h.match(path)
	if h.detect && path == "/" && h.detected(w, r) {
		return
	}
	if m.page != nil {
		h.note(r, m.page.Path)
	}
	if h.inMemory(w, r, m) {
		return
	}
	if f, ok := h.fileAt(path); ok {
		h.note(r, "file")
		h.file(w, r, path, f)
		return
	}
	h.page(w, r, path, m)
}

// framework answers below the framework's own prefix, which no handler can
// take over.
func (h *Handler) framework(w http.ResponseWriter, r *http.Request, path string, nowhere match) {
	h.note(r, own)
	if path == own+"purge" && h.purges != nil {
		h.purge(w, r, nowhere)
		return
	}
	if path == own+"locale" && h.negotiated() {
		h.choose(w, r, nowhere)
		return
	}
	if f, ok := h.fileAt(path); ok {
		h.file(w, r, path, f)
		return
	}
	if h.navigates {
		if page, ok := render.PayloadOf(path); ok {
			h.payload(w, r, page, nowhere)
			return
		}
	}
	for prefix, form := range fragmentForms {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			h.fragment(w, r, rest, form, nowhere)
			return
		}
	}
	h.fail(w, r, nowhere, errNoPage)
}

// match finds the page for a path that still has its locale.
func (h *Handler) match(path string) (m match) {
	var prefixed bool
	m.path, m.locale, prefixed = h.prefixes.Split(path)
	if m.path != "" && prefixed {
		m.page = h.router.Match(m.path)
	}
	return m
}

// page answers with the page that was found at a path, if one was.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, path string, m match) {
	if m.page == nil {
		if _, _, prefixed := h.prefixes.Split(path); !prefixed {
			h.unprefixed(w, r, m)
			return
		}
		if to, ok := h.elsewhere(path, m); ok {
			h.redirect(w, r, gorgon.EscapePath(h.base+to))
			return
		}
		h.missing(w, r, m)
		return
	}
	if len(m.page.Guards) > 0 {
		h.foreign(w, r, m, h.guards[m.page])
		return
	}
	h.answer(w, r, m)
}

// answer answers with a page whose guards have let the request pass.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, m match) {
	switch {
	case !reads(r.Method):
		h.methods(w, r, m)
	case m.fragment != nil:
		h.piece(w, r, m)
	case m.page.PerRequest():
		h.requested(w, r, m)
	default:
		h.kept(w, r, m)
	}
}

// guard builds the guards of each page around its answer, once.
func (h *Handler) guard(definitions []*gorgon.Definition) {
	h.guards = map[*gorgon.Definition]http.Handler{}
	for _, d := range definitions {
		if len(d.Guards) == 0 {
			continue
		}
		var next http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v, ok := r.Context().Value(visitKey{}).(visit)
			if !ok || v.page != d {
				h.fail(w, r, match{page: d, path: r.URL.Path}, errLostMatch)
				return
			}
			h.answer(w, r, v.match)
		})
		for _, g := range slices.Backward(d.Guards) {
			next = g(next)
		}
		h.guards[d] = next
	}
}

func (h *Handler) defaultLocale() string {
	if len(h.prefixes.Locales) == 0 {
		return ""
	}
	return h.prefixes.Locales[0]
}

// localeAt is the locale in which it is said that a path cannot be.
func (h *Handler) localeAt(path string) string {
	_, locale, _ := h.prefixes.Split(path)
	return locale
}

// elsewhere finds the path, still with its locale, that differs from this one
// only in its trailing slash and has a page.
func (h *Handler) elsewhere(path string, m match) (string, bool) {
	if m.path == "" {
		return path[:len(path)-1], h.router.Match("/") != nil
	}
	to, ok := h.router.Redirect(m.path)
	return h.prefixes.Path(m.locale, to), ok
}

// missing answers where there is no page: with the slash that a handler's
// subtree wants, with the methods that a handler takes, or with 404.
func (h *Handler) missing(w http.ResponseWriter, r *http.Request, m match) {
	if h.subtree(r) {
		h.redirect(w, r, gorgon.EscapePath(r.URL.Path+"/"))
		return
	}
	if methods := h.otherMethods(r); methods != "" {
		w.Header()["Allow"] = []string{methods}
		h.fail(w, r, m, errMethod)
		return
	}
	if m.path == "" {
		m.path = "/"
	}
	h.fail(w, r, m, errNoPage)
}
