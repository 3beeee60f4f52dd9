// What an export has for languages that a server would answer by itself.

package export

import (
	"context"
	"html"
	"path"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// NotFound is the name of the error view for what is not there. It stands at
// the root of an export, and where the app has locales, in the folder of each
// that has a prefix: "de/404.html".
const NotFound = "404.html"

type extra = func(context.Context) (File, []byte, error)

// extras are the files that are made here, by name.
func (c Config) extras(base string) map[string]extra {
	notFound := func(locale string) extra {
		return func(ctx context.Context) (File, []byte, error) {
			html, err := c.Renderer.Failure(ctx, nil, gorgon.FailureOf(gorgon.NotFound(), "", locale))
			return File{}, html, err
		}
	}
	extras := map[string]extra{NotFound: notFound(c.App.AllLocales()[0])}
	for _, locale := range c.App.AllLocales() {
		if folder := c.App.Prefixes().Path(locale, "/"); folder != "/" {
			extras[path.Join(folder[1:], NotFound)] = notFound(locale)
		}
	}
	if c.App.PrefixDefault && gorgon.NewRouter(c.App.Definitions()).Match("/") != nil {
		extras["index.html"] = func(ctx context.Context) (File, []byte, error) {
			return File{Path: gorgon.EscapePath(base + "/"), Page: true}, c.languages(ctx, base), nil
		}
	}
	return extras
}

// languages is the home page of a site of which every page has a locale in
// its path: it links to the home page in each, for who comes to a host that
// cannot tell which one a visitor reads.
func (c Config) languages(ctx context.Context, base string) []byte {
	site := gorgon.Site{Base: base, Locales: c.App.Locales}.In(c.App, c.App.Locales[0])
	ctx = gorgon.WithSite(ctx, site)
	attributes := func(locale string) string {
		return ` lang="` + html.EscapeString(locale) + `" dir="` + gorgon.Direction(locale) + `"`
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html` + attributes(site.Locale) + `><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>` +
		html.EscapeString(c.App.Name) + `</title></head><body><main><ul>`)
	for _, locale := range c.App.Locales {
		b.WriteString(`<li><a rel="alternate" hreflang="` + html.EscapeString(locale) + `"` + attributes(locale) +
			` href="` + html.EscapeString(gorgon.URLIn(ctx, locale, "/")) + `">` + html.EscapeString(site.NameOf(locale)) + `</a></li>`)
	}
	b.WriteString(`</ul></main></body></html>`)
	return []byte(b.String())
}
