// Where a page lies: base path, origin, locale and assets, carried to views by context.

package gorgon

import (
	"context"
	"net/url"
	"strings"
)

// A Site is where an app is served from. The machines put one into the
// context of every view; views reach it through [URL], [URLIn] and [Asset].
type Site struct {
	Base    string   // "" or "/docs": no trailing slash
	Origin  string   // "https://example.com", or ""
	Locale  string   // of the page that is rendered
	Locales []string // the app's
	Assets  Assets   // what asset names lead to

	PrefixDefault bool              // as the app's
	LocaleNames   map[string]string // the app's
}

// In is the site as a page of app in a locale sees it.
func (s Site) In(app App, locale string) *Site {
	s.Locale, s.PrefixDefault, s.LocaleNames = locale, app.PrefixDefault, app.LocaleNames
	return &s
}

// Prefixes are the rule by which locales stand in paths.
func (s *Site) Prefixes() Prefixes { return Prefixes{Locales: s.Locales, All: s.PrefixDefault} }

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

func siteOf(ctx context.Context) *Site {
	if s, ok := ctx.Value(siteKey{}).(*Site); ok {
		return s
	}
	return noSite
}

// URL turns a decoded path of this app, such as "/käse/{name}" with the name
// filled in, into what belongs in an href: percent-encoded, with the base
// path and the prefix of the current locale. A query or fragment may follow
// and is left as it is. Anything that does not start with exactly one slash
// is returned unchanged.
func URL(ctx context.Context, path string) string {
	return URLIn(ctx, siteOf(ctx).Locale, path)
}

// URLIn is [URL] for another locale.
func URLIn(ctx context.Context, locale, path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return path
	}
	site := siteOf(ctx)
	rest := ""
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path, rest = path[:i], path[i:]
	}
	return site.Base + EscapePath(site.Prefixes().Path(locale, path)) + rest
}

// EscapePath percent-encodes a decoded path for use in a URL.
func EscapePath(path string) string {
	// The usual path needs nothing.
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c != '/' && c != '-' && c != '_' && c != '.' && c != '~' &&
			!('a' <= c && c <= 'z') && !('A' <= c && c <= 'Z') && !('0' <= c && c <= '9') {
			return (&url.URL{Path: path}).EscapedPath()
		}
	}
	return path
}
