// What an operator does, and what the site knows.

package gorgontest

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Purge declares subjects out of date, as the purge command does, and returns
// the purge's epoch. The subjects are as in package pages: [pages.TagSubject],
// [pages.PathSubject], [pages.RouteSubject], [pages.All].
func (s *Site) Purge(verb pages.Verb, subjects ...string) uint64 {
	s.t.Helper()
	epoch, err := s.cache.Purge(s.t.Context(), verb, subjects...)
	if err != nil {
		s.t.Fatalf("gorgontest: %v", err)
	}
	return epoch
}

// Why reports everything known about the page at a URL path, without changing
// anything, as the why command does.
func (s *Site) Why(path string) cache.Report {
	s.t.Helper()
	target := s.resolve(nil, path)
	below, ok := strings.CutPrefix(target.EscapedPath(), s.base)
	if !ok {
		s.t.Fatalf("gorgontest: %s is not below the base path %s", path, s.base)
	}
	decoded, err := paths.Parse(below)
	if err != nil {
		s.t.Fatalf("gorgontest: %v", err)
	}
	rest, locale := s.app.SplitLocale(decoded)
	page := s.router.Match(rest)
	if page == nil {
		s.t.Fatalf("gorgontest: no page of the app matches %s", path)
	}
	return s.cache.Why(s.t.Context(), page, rest, locale)
}

// Context returns a context in which the app's caches are found, as in its
// services and jobs:
//
//	rate, err := rates.Get(site.Context(), Pair{"EUR", "USD"})
//
// A value that is stale is loaded again before it is returned. Links are those of
// the site, in its default language. The context ends with the test.
func (s *Site) Context() context.Context { return s.background(s.t.Context()) }

// background is the context of what no request asks for.
func (s *shared) background(ctx context.Context) context.Context {
	return s.cache.Context(viewctx.WithSite(ctx, s.app.SiteIn(s.site, s.app.Locales.All()[0])))
}

// WhyCache reports everything known about the value of a key in the cache of a
// name, without changing anything, as the why command does.
func (s *Site) WhyCache(name string, key any) cache.Report {
	s.t.Helper()
	data, err := json.Marshal(key)
	if err != nil {
		s.t.Fatalf("gorgontest: the key cannot be encoded as JSON: %v", err)
	}
	report, ok := s.cache.WhyValue(s.t.Context(), name, data)
	if !ok {
		s.t.Fatalf("gorgontest: the app has no cache %s", name)
	}
	return report
}
