// Where an app is served: base path, origin, locale and assets.

package viewctx

import (
	"context"
	"net/http"

	"github.com/gorgon-go/gorgon/paths"
)

// A Site is where an app is served. The machines put one into the context of
// every view, handler, guard and middleware; package gorgon's URL, PathURL,
// FileURL, Asset and LocaleOf read it there.
type Site struct {
	Base    string   // "" or "/docs": no trailing slash
	Origin  string   // "https://example.com", or ""
	Locale  string   // of the page that is rendered, or of the request
	Locales []string // the app's
	Assets  Assets   // what asset names lead to

	PrefixDefault bool              // as the app's
	LocaleNames   map[string]string // the app's

	// Path is that of the page that is rendered, decoded and without base path
	// and locale; "" in fragments, handlers and middleware.
	Path string

	// App is the gorgon.App, and Find finds one of its handlers by name.
	App  any
	Find func(name string) (Named, bool)

	// Caches keep the values of the app's caches. Default: there are none.
	Caches Caches

	// File says whether a file is served at a decoded path: it is the same in
	// all languages, so no locale stands in its URL. Default: there are none.
	File func(path string) bool
}

// A Named is a handler of the app that has a name.
type Named struct {
	Path    string // of its pattern, with the prefixes of the groups around it
	Handler http.Handler
	Guards  []func(http.Handler) http.Handler // those of the groups included; the first one is outermost
}

// Prefixes are the rule by which locales stand in paths.
func (s *Site) Prefixes() paths.Prefixes {
	return paths.Prefixes{Locales: s.Locales, All: s.PrefixDefault}
}

// NameOf is what a locale is called, for visitors.
func (s *Site) NameOf(locale string) string {
	if name := s.LocaleNames[locale]; name != "" {
		return name
	}
	return locale
}

type siteKey struct{}

// WithSite returns a context whose views see site.
func WithSite(ctx context.Context, site *Site) context.Context {
	return context.WithValue(ctx, siteKey{}, site)
}

var noSite = &Site{}

// SiteOf is the site of a view; the zero Site where there is none.
func SiteOf(ctx context.Context) *Site {
	if s, ok := ctx.Value(siteKey{}).(*Site); ok {
		return s
	}
	return noSite
}
