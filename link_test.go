// Links: each path has one URL that leads back to it, and each function says what it takes.

package gorgon_test

import (
	"context"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// odd are decoded paths that a URL cannot hold as they are, or that mean
// something else in one.
var odd = []string{
	"/", "/a", "/a/", "/tags/C#", "/tags/what?", "/100%", "/100%z/%", "/a b/ c ", "/käse/ბლოგი", "/mail:to/x:y", "/a&b=c;d,e+f",
	`/"quoted"/'single'/<b>`, "/a|b^c`d{e}[f]", "/~user/(x)!*$@", "/é/e\u0301", "/🙂", "/...", "/..a/b..", "/de#/x", "/javascript:alert(1)",
	"/" + strings.Repeat("ü", 1000),
}

// sites are the ways in which an app can be served.
func sites() map[string]*viewctx.Site {
	all := map[string]*viewctx.Site{}
	for name, app := range map[string]gorgon.App{
		"plain":    {},
		"locales":  {Locales: gorgon.Locales{Tags: []string{"en", "de"}}},
		"prefixed": {Locales: gorgon.Locales{Tags: []string{"en", "de"}, PrefixDefault: true}},
	} {
		for _, base := range []string{"", "/docs", "/käse #1?"} {
			site := viewctx.Site{Base: base, Origin: "https://example.com", Locales: app.Locales.Tags}
			for _, locale := range app.Locales.All() {
				all[name+base+" "+locale] = app.SiteIn(site, locale)
			}
		}
	}
	return all
}

// read is the page that a browser on a page of the site asks for when it
// follows a link.
func read(t *testing.T, site *viewctx.Site, href string) (path, locale string) {
	t.Helper()
	from, _ := url.Parse("https://example.com/somewhere/else")
	u, err := from.Parse(href)
	if err != nil || u.Host != "example.com" || u.Scheme != "https" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		t.Fatalf("%q is read as %+v, %v", href, u, err)
	}
	asked, err := paths.OfURL(u)
	if err != nil {
		t.Fatalf("%q is refused: %v", href, err)
	}
	rest, below := strings.CutPrefix(asked, site.Base)
	if !below {
		t.Fatalf("%q leads to %q", href, asked)
	}
	path, locale, _ = site.Prefixes().Split(rest)
	return path, locale
}

// checkLinks holds every link that is made of a path against the page that it
// leads to.
func checkLinks(t *testing.T, site *viewctx.Site, path string) {
	t.Helper()
	ctx := viewctx.WithSite(context.Background(), site)
	links := map[string]string{
		"PathURL":             gorgon.PathURL(ctx, path),
		"URL of EscapePath":   gorgon.URL(ctx, gorgon.EscapePath(path)),
		"Prefixes.URL":        site.Prefixes().URL(site.Base, site.Locale, path),
		"a link to this page": attribute(t, ctx, gorgon.LocaleLinks{Path: path}, ` lang="`+site.Locale+`" dir="ltr" aria-current="true" href="`),
		"the canonical":       attribute(t, ctx, gorgon.Head{Canonical: path}, `rel="canonical" href="`),
		"the alternate":       attribute(t, ctx, gorgon.Head{}.At(path), `rel="alternate" hreflang="`+site.Locale+`" href="`),
		"Href of a LinkElement": attribute(t, ctx, gorgon.Head{Links: []gorgon.LinkElement{{Rel: "next", Href: gorgon.EscapePath(path)}}},
			`rel="next" href="`),
	}
	location, err := site.Location(site.Locale, gorgon.EscapePath(path))
	if err != nil {
		t.Errorf("a redirect to %q: %v", path, err)
	}
	links["a redirect"] = location
	if !strings.ContainsAny(path, "?#") {
		links["URL"] = gorgon.URL(ctx, path) // a reference may be written as it is but for these
	}
	for by, link := range links {
		if link == "" && len(site.Locales) == 0 && (by == "a link to this page" || by == "the alternate") {
			continue // there are no other languages
		}
		if strings.ContainsFunc(link, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Errorf("%s of %q is %q", by, path, link)
		}
		if got, locale := read(t, site, link); got != path || locale != site.Locale {
			t.Errorf("%s of %q in %q is %q, which leads to %q in %q", by, path, site.Locale, link, got, locale)
		}
	}
}

// attribute is what follows a text in what a component writes, up to the quote.
func attribute(t *testing.T, ctx context.Context, c gorgon.Component, before string) string {
	t.Helper()
	_, after, _ := strings.Cut(shown(t, ctx, c), before)
	value, _, _ := strings.Cut(after, `"`)
	return html.UnescapeString(value)
}

func TestEveryPathHasALinkThatLeadsToIt(t *testing.T) {
	for name, site := range sites() {
		t.Run(name, func(t *testing.T) {
			for _, path := range odd {
				if err := paths.Check(path); err != nil {
					t.Fatalf("%q: %v", path, err)
				}
				checkLinks(t, site, path)
			}
		})
	}
}

func FuzzEveryPathHasALinkThatLeadsToIt(f *testing.F) {
	for _, path := range odd {
		f.Add(path)
	}
	all := sites()
	f.Fuzz(func(t *testing.T, path string) {
		if paths.Check(path) != nil {
			return
		}
		for _, site := range all {
			rest, locale, _ := site.Prefixes().Split(site.Prefixes().Path(site.Locale, path))
			if rest == path && locale == site.Locale { // otherwise it begins with another locale: no page has it
				checkLinks(t, site, path)
			}
		}
	})
}

func TestAPathNeverNamesAHost(t *testing.T) {
	for _, path := range []string{"//evil.example", "///evil.example", `/\evil.example`, "/\t/evil.example", "evil.example", "javascript:alert(1)", "https://evil.example/", ""} {
		for name, href := range map[string]string{"PathURL": gorgon.PathURL(t.Context(), path), "FileURL": gorgon.FileURL(t.Context(), path)} {
			from, _ := url.Parse("https://example.com/a/b")
			if u, err := from.Parse(href); err != nil || u.Host != "example.com" || u.Scheme != "https" || !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "//") {
				t.Errorf("%s(%q) is %q, which leads to %v, %v", name, path, href, u, err)
			}
		}
	}
}

func TestReferences(t *testing.T) {
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}}
	site := app.SiteIn(viewctx.Site{Base: "/docs", Locales: app.Locales.Tags, File: func(path string) bool { return path == "/logo mark.svg" }}, "de")
	ctx := viewctx.WithSite(t.Context(), site)
	for reference, want := range map[string]string{
		"/":                           "/docs/de",
		"/?q=1":                       "/docs/de?q=1",
		"/search?q=ü&p=%20#größe":     "/docs/de/search?q=%C3%BC&p=%20#gr%C3%B6%C3%9Fe",
		"/käse":                       "/docs/de/k%C3%A4se",
		"/k%C3%A4se":                  "/docs/de/k%C3%A4se",
		"/tags/C%23#top":              "/docs/de/tags/C%23#top",
		"/100%":                       "/docs/de/100%25",
		"/a%2Fb":                      "/docs/de/a%2Fb",
		"/logo mark.svg?v=1":          "/docs/logo%20mark.svg?v=1",
		"/logo%20mark.svg":            "/docs/logo%20mark.svg",
		"//cdn.example/x":             "//cdn.example/x",
		"https://other.example/ü":     "https://other.example/ü",
		"#part":                       "#part",
		"mailto:a@b.example":          "mailto:a@b.example",
		"next":                        "next",
		"":                            "",
		"/a?b=" + "\"><script>\n\x00": "/docs/de/a?b=%22%3E%3Cscript%3E%0A%00",
	} {
		if got := gorgon.URL(ctx, reference); got != want {
			t.Errorf("URL(%q) is %q, want %q", reference, got, want)
		}
	}
	if got := gorgon.FileURL(ctx, "/a b.css"); got != "/docs/a%20b.css" {
		t.Errorf("FileURL is %q", got)
	}
	if got := gorgon.PathURL(ctx, "/logo mark.svg"); got != "/docs/logo%20mark.svg" {
		t.Errorf("PathURL of a file is %q", got)
	}
}

func TestLocations(t *testing.T) {
	site := viewctx.Site{Base: "/docs", Locales: []string{"en", "de"}}
	for to, want := range map[string]string{
		"/x?y=1&z=ü#größe":                 "/docs/de/x?y=1&z=%C3%BC#gr%C3%B6%C3%9Fe",
		"/k%C3%A4se":                       "/docs/de/k%C3%A4se",
		"/tags/C%23":                       "/docs/de/tags/C%23",
		"/a%2Fb":                           "",
		"/%2541":                           "",
		"https://example.org/ü?x=ü#ü":      "https://example.org/%C3%BC?x=%C3%BC#%C3%BC",
		"https://example.org/%C3%BC":       "https://example.org/%C3%BC",
		"https://example.org?x=ü":          "https://example.org?x=%C3%BC",
		"https://xn--bcher-kva.example/a":  "https://xn--bcher-kva.example/a",
		"https://b\u00fccher.example/a":    "",
		"https://b\u00fccher.example?a":    "",
		"https://example.org/?to=//evil":   "https://example.org/?to=//evil",
		"https://example.org\u2028.evil/a": "",
	} {
		got, err := site.Location("de", to)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q leads to %q, %v; want %q", to, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("%v echoes what may be a visitor's", err)
		}
	}
}

func TestCanonicalsAreAbsoluteOrRefused(t *testing.T) {
	render := func(site viewctx.Site, canonical string) (string, error) {
		var b strings.Builder
		err := gorgon.Head{Canonical: canonical}.Render(viewctx.WithSite(t.Context(), &site), &b)
		return b.String(), err
	}
	origin := viewctx.Site{Origin: "https://example.com", Base: "/docs"}
	for canonical, want := range map[string]string{
		"https://original.example/post?id=1#x": "https://original.example/post?id=1#x",
		"http://original.example":              "http://original.example",
		"/":                                    "https://example.com/docs/",
		"/tags/C#":                             "https://example.com/docs/tags/C%23",
		"/what?":                               "https://example.com/docs/what%3F",
		"/100%":                                "https://example.com/docs/100%25",
		"post":                                 "",
		"../post":                              "",
		"//cdn.example/post":                   "",
		"https://":                             "",
		"https:///post":                        "",
		"https://a b.example/":                 "",
		"ftp://original.example/post":          "",
		"javascript:alert(1)":                  "",
		"/a/../b":                              "",
		"/k%C3%A4se":                           "", // encoded: it would name another page
		"?page=2":                              "",
		"#top":                                 "",
	} {
		got, err := render(origin, canonical)
		switch {
		case want == "" && (err == nil || !strings.Contains(err.Error(), "Canonical")):
			t.Errorf("%q is written as %s, %v", canonical, got, err)
		case want != "" && (err != nil || got != `<link rel="canonical" href="`+want+`">`):
			t.Errorf("%q is written as %s, %v; want %s", canonical, got, err, want)
		}
	}
	if _, err := render(viewctx.Site{}, "/post"); err == nil || !strings.Contains(err.Error(), "App.Origin") {
		t.Errorf("without an origin: %v", err)
	}
	err := gorgon.Head{Locales: []string{"fr"}}.Render(viewctx.WithSite(t.Context(), &viewctx.Site{Locales: []string{"en", "de"}}), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "Locales") {
		t.Errorf("a head in a language that the app does not have: %v", err)
	}
}

func TestAbsoluteURLs(t *testing.T) {
	ctx := viewctx.WithSite(t.Context(), &viewctx.Site{Origin: "https://example.com", Base: "/docs", Assets: viewctx.Assets{Paths: map[string]string{"a.png": "/_gorgon/assets/a.1.png"}}})
	asset, err := gorgon.Asset(ctx, "a.png")
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		asset:                       "https://example.com/docs/_gorgon/assets/a.1.png",
		gorgon.PathURL(ctx, "/C#"):  "https://example.com/docs/C%23",
		gorgon.URL(ctx, "/?q"):      "https://example.com/docs/?q",
		"https://cdn.example/a.png": "https://cdn.example/a.png",
		"a.png":                     "",
		"//cdn.example/a.png":       "",
		"data:,":                    "",
		"":                          "",
	} {
		if got, err := gorgon.AbsoluteURL(ctx, url); got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v; want %q", url, got, err, want)
		}
	}
	if _, err := gorgon.AbsoluteURL(t.Context(), "/a"); err == nil || !strings.Contains(err.Error(), "App.Origin") {
		t.Errorf("without an origin: %v", err)
	}
}

func BenchmarkURL(b *testing.B) {
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}}
	files := map[string]bool{"/favicon.svg": true}
	for _, bench := range []struct{ name, base, locale, path string }{
		{"plain", "", "en", "/products/1234"},
		{"based", "/docs", "en", "/products/1234"},
		{"located", "/docs", "de", "/products/1234"},
		{"escaped", "/docs", "de", "/käse/1234"},
		{"query", "/docs", "de", "/search?q=1234"},
	} {
		ctx := viewctx.WithSite(b.Context(), app.SiteIn(viewctx.Site{Base: bench.base, Locales: app.Locales.Tags, File: func(path string) bool { return files[path] }}, bench.locale))
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				gorgon.URL(ctx, bench.path)
			}
		})
	}
}
