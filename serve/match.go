// Where the pages of an app are, and what a request is for.

package serve

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/paths"
)

// A match is the page that a request is for. It is decided once, before any
// guard runs, so that nothing a guard does to the URL can change it.
type match struct {
	page   *gorgon.Definition // nil where there is none
	path   string             // decoded, without base path and locale
	locale string

	form     compose.Form       // what of the page is asked for
	fragment *gorgon.Definition // of the page, for compose.Bare and View
	props    string             // of the fragment

	restricted bool                     // a handler answers, behind guards of its own
	problems   func(*http.Request) bool // of a handler: whether its errors are answered as problem documents; nil: by Accept

	trusts func(*http.Request) bool // of a handler: whether pages of the request's origin may call it; nil: none of other origins

	pattern string // of a handler without wildcards, which is called without the mux

	again bool // it answers in the place of a form that was refused

	// instead answers in place of the page, once its guards have let the
	// request pass: what leads to a page says that there is one. nil: the page.
	instead func(w http.ResponseWriter, r *http.Request, m match)
}

// guarded says whether guards decide who may see it.
func (m match) guarded() bool { return m.restricted || m.page != nil && len(m.page.Guards) > 0 }

// route is the pattern of what is asked for; "" where there is none.
func (m match) route() string {
	switch {
	case m.fragment != nil:
		return m.fragment.Path
	case m.page != nil:
		return m.page.Path
	}
	return ""
}

// A siteMap says which page lies at which path of an app.
type siteMap struct {
	base     string
	prefixes paths.Prefixes
	router   *paths.Router[*gorgon.Definition]
}

// match finds the page for a path that still has its locale.
func (s *siteMap) match(path string) (m match) {
	var prefixed bool
	m.path, m.locale, prefixed = s.prefixes.Split(path)
	if m.path != "" && prefixed {
		m.page = s.router.Match(m.path)
	}
	return m
}

func (s *siteMap) defaultLocale() string {
	if len(s.prefixes.Locales) == 0 {
		return ""
	}
	return s.prefixes.Locales[0]
}

// localeAt is the locale in which it is said that a path cannot be.
func (s *siteMap) localeAt(path string) string {
	_, locale, _ := s.prefixes.Split(path)
	return locale
}

// nowhere is the match of a request whose path has no page, in the language of
// the path.
func (s *siteMap) nowhere(r *http.Request) match {
	return match{path: r.URL.Path, locale: s.localeAt(strings.TrimPrefix(r.URL.Path, s.base))}
}

// elsewhere finds the path, still with its locale, that differs from this one
// only in its trailing slash and has a page.
func (s *siteMap) elsewhere(path string, m match) (string, bool) {
	if m.path == "" {
		return path[:len(path)-1], s.router.Match("/") != nil
	}
	to, ok := s.router.Redirect(m.path)
	return s.prefixes.Path(m.locale, to), ok
}

// bare is a path without the prefix of a locale.
func (s *siteMap) bare(path string) string {
	rest, _, _ := s.prefixes.Split(path)
	if rest == "" {
		return "/"
	}
	return rest
}

// at is the request as it would be for another path: that of the page, which
// middleware, guards and generators are to see.
func at(r *http.Request, path string) *http.Request {
	inner := new(http.Request)
	*inner = *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = path, ""
	return inner
}

// withQuery is the URL of a path with the query of a request.
func withQuery(path string, r *http.Request) string {
	to := paths.Prefixes{}.URL("", "", path)
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return to
}

// reads says whether a method asks for a representation.
func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// passive says whether no visitor looks at the answer yet: it must not make
// the site work.
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

// ahead says whether a browser fetches what a visitor may ask for next.
func ahead(r *http.Request) bool { return r.Method == http.MethodGet && passive(r) }
