// What an export contains for languages, which a server would select by itself.

package export

import (
	"context"
	"errors"
	"fmt"
	"html"
	"path"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// NotFound is the name of the error view for missing pages. It is at the root
// of an export and, if the app has locales, in the folder of each that has a
// prefix: "de/404.html".
const NotFound = "404.html"

type extra = func(context.Context) (File, []byte, []beside, error)

// extras are the files that are made here, by name, and the files that belong
// to them.
func (c *parts) extras(base string) map[string]extra {
	notFound := func(locale string) extra {
		return func(ctx context.Context) (File, []byte, []beside, error) {
			html, more, err := c.notFound(ctx, locale)
			return File{}, html, more, err
		}
	}
	extras := map[string]extra{NotFound: notFound(c.App.Locales.All()[0])}
	for _, locale := range c.App.Locales.All() {
		if folder := c.App.Prefixes().Path(locale, "/"); folder != "/" {
			extras[path.Join(folder[1:], NotFound)] = notFound(locale)
		}
	}
	if c.App.Locales.PrefixDefault && paths.NewRouter(c.App.Definitions(), (*gorgon.Definition).PathPattern).Match("/") != nil {
		extras["index.html"] = func(ctx context.Context) (File, []byte, []beside, error) {
			return File{Path: gorgon.EscapePath(base + "/"), Page: true}, c.languages(ctx, base), nil, nil
		}
	}
	return extras
}

// notFound is the error view for an unknown path, with its fragments except
// those that are made for every request.
func (c *parts) notFound(ctx context.Context, locale string) (html []byte, more []beside, err error) {
	var failed error
	ask := &compose.Ask{Locale: locale, Demand: cache.Demand{Passive: true}, Static: true}
	ask.Failed = func(d *gorgon.Definition, err error) gorgon.Failure {
		failed = fmt.Errorf("fragment %s: %w", d.Fragment, err)
		return failure.Of(err, "", locale)
	}
	html, err = c.Renderer.Failure(c.composer.WithFiller(ctx, ask, nil), nil, failure.Of(gorgon.NotFound(), "", locale))
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	more, err = c.fragments(ctx, pages.Key{Locale: locale}, html)
	return html, more, err
}

// languages is the home page of a site in which every page has a locale in its
// path: it links to the home page in each locale, for hosts that cannot tell
// which one a visitor reads.
func (c Config) languages(ctx context.Context, base string) []byte {
	site := c.App.SiteIn(viewctx.Site{Base: base, Locales: c.App.Locales.Tags}, c.App.Locales.Tags[0])
	ctx = viewctx.WithSite(ctx, site)
	attributes := func(locale string) string {
		return ` lang="` + html.EscapeString(locale) + `" dir="` + gorgon.Direction(locale) + `"`
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html` + attributes(site.Locale) + `><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>` +
		html.EscapeString(c.App.Name) + `</title></head><body><main><ul>`)
	for _, locale := range c.App.Locales.Tags {
		b.WriteString(`<li><a rel="alternate" hreflang="` + html.EscapeString(locale) + `"` + attributes(locale) +
			` href="` + html.EscapeString(gorgon.URLIn(ctx, locale, "/")) + `">` + html.EscapeString(site.NameOf(locale)) + `</a></li>`)
	}
	b.WriteString(`</ul></main></body></html>`)
	return []byte(b.String())
}
