// How locales stand in paths, and what documents say of them.

package gorgon_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

func TestPrefixes(t *testing.T) {
	none, some, all := paths.Prefixes{}, paths.Prefixes{Locales: []string{"en", "de"}}, paths.Prefixes{Locales: []string{"en", "de"}, All: true}
	one := paths.Prefixes{Locales: []string{"en"}, All: true}
	for _, c := range []struct {
		rule         paths.Prefixes
		path         string
		rest, locale string
		prefixed     bool
	}{
		{none, "/", "/", "", true},
		{none, "/de/x", "/de/x", "", true},
		{some, "/", "/", "en", true},
		{some, "/x", "/x", "en", true},
		{some, "/de", "/", "de", true},
		{some, "/de/", "", "de", true},
		{some, "/de/x/", "/x/", "de", true},
		{some, "/dex", "/dex", "en", true},
		{some, "/en/x", "/en/x", "en", true},
		{some, "", "", "en", true},
		{all, "/", "/", "en", false},
		{all, "/x", "/x", "en", false},
		{all, "/en", "/", "en", true},
		{all, "/en/", "", "en", true},
		{all, "/en/x", "/x", "en", true},
		{all, "/de", "/", "de", true},
		{all, "/DE", "/DE", "en", false},
		{one, "/x", "/x", "en", false},
		{one, "/en/x", "/x", "en", true},
	} {
		rest, locale, prefixed := c.rule.Split(c.path)
		if rest != c.rest || locale != c.locale || prefixed != c.prefixed {
			t.Errorf("%+v: Split(%q) is %q, %q, %v; want %q, %q, %v", c.rule, c.path, rest, locale, prefixed, c.rest, c.locale, c.prefixed)
		}
		if prefixed && rest != "" {
			if path := c.rule.Path(locale, rest); path != c.path {
				t.Errorf("%+v: %q comes back as %q", c.rule, c.path, path)
			}
		}
	}
	if path := all.Path("fr", "/x"); path != "/x" {
		t.Errorf("a locale that is not the app's stands in %q", path)
	}
}

func TestURLsFollowThePrefixes(t *testing.T) {
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}, PrefixDefault: true}}
	ctx := viewctx.WithSite(t.Context(), app.SiteIn(viewctx.Site{Base: "/docs", Locales: app.Locales.Tags}, "en"))
	for path, want := range map[string]string{
		gorgon.URL(ctx, "/"):                   "/docs/en",
		gorgon.URL(ctx, "/käse?q#f"):           "/docs/en/k%C3%A4se?q#f",
		gorgon.URLIn(ctx, "de", "/"):           "/docs/de",
		gorgon.URL(ctx, "//x"):                 "//x",
		gorgon.LocaleChoice(ctx, "de", "/a?b"): "/docs/_gorgon/locale?path=%2Fa%3Fb&to=de",
		gorgon.LocaleOf(ctx):                   "en",
	} {
		if path != want {
			t.Errorf("%q, want %q", path, want)
		}
	}
}

func shown(t *testing.T, ctx context.Context, c gorgon.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAlternates(t *testing.T) {
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de", "ar"}}}
	site := viewctx.Site{Base: "/docs", Origin: "https://example.com", Locales: app.Locales.Tags}
	ctx := viewctx.WithSite(t.Context(), app.SiteIn(site, "de"))
	const want = `<link rel="alternate" hreflang="en" href="https://example.com/docs/a%20b">` +
		`<link rel="alternate" hreflang="de" href="https://example.com/docs/de/a%20b">` +
		`<link rel="alternate" hreflang="ar" href="https://example.com/docs/ar/a%20b">` +
		`<link rel="alternate" hreflang="x-default" href="https://example.com/docs/a%20b">`
	if got := shown(t, ctx, gorgon.Head{}.At("/a b")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := shown(t, ctx, gorgon.Head{Locales: []string{"de", "ar"}}.At("/x")); strings.Count(got, "<link") != 3 || !strings.Contains(got, `"x-default" href="https://example.com/docs/de/x"`) {
		t.Errorf("of a page in two languages: %s", got)
	}
	for name, c := range map[string]gorgon.Component{
		"noindex":      gorgon.Head{Robots: "noindex"}.At("/x"),
		"no path":      gorgon.Head{},
		"one language": gorgon.Head{Locales: []string{"de"}}.At("/x"),
		"no language":  gorgon.Head{Locales: []string{}}.At("/x"),
	} {
		if got := shown(t, ctx, c); strings.Contains(got, "alternate") {
			t.Errorf("%s: %s", name, got)
		}
	}
	site.Origin = ""
	if got := shown(t, viewctx.WithSite(t.Context(), &site), gorgon.Head{}.At("/x")); got != "" {
		t.Errorf("without an origin: %s", got)
	}
}

func TestLocaleLinks(t *testing.T) {
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}, Names: map[string]string{"de": "Deutsch & <mehr>"}}}
	ctx := viewctx.WithSite(t.Context(), app.SiteIn(viewctx.Site{Locales: app.Locales.Tags}, "de"))
	want := `<ul><li><a data-gorgon="reload" rel="alternate" hreflang="en" lang="en" dir="ltr" href="/x?q=%221">en</a></li>` +
		`<li><a data-gorgon="reload" rel="alternate" hreflang="de" lang="de" dir="ltr" aria-current="true" href="/de/x?q=%221">Deutsch &amp; &lt;mehr&gt;</a></li></ul>`
	if got := shown(t, ctx, gorgon.LocaleLinks{Path: "/x", Query: `q="1`}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := shown(t, t.Context(), gorgon.LocaleLinks{}); got != "" {
		t.Errorf("of a site without languages: %s", got)
	}
}

func TestLanguagesThatCannotWork(t *testing.T) {
	page := []gorgon.Part{gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}}
	for want, app := range map[string]gorgon.App{
		"PrefixDefault has no locale":                {Locales: gorgon.Locales{PrefixDefault: true}},
		"Detect has no languages":                    {Locales: gorgon.Locales{Tags: []string{"en"}, Detect: true}},
		"PrefixDefault already redirects":            {Locales: gorgon.Locales{Tags: []string{"en", "de"}, Detect: true, PrefixDefault: true}},
		`Locales.Names has "fr", which is not among`: {Locales: gorgon.Locales{Tags: []string{"en"}, Names: map[string]string{"fr": "Français"}}},
	} {
		app.Name, app.Parts = "test", page
		if err := app.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
