// A site in three languages: built, served, exported.

package i18n_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/export"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

// An item is the state of a page of the site.
type item struct {
	ID     string
	Locale string
	N      int
}

func site(m *i18n.Messages, prefix bool) gorgon.App {
	load := func(_ context.Context, in gorgon.Input) (item, error) {
		return item{in.PathValue("id"), in.Locale, 3}, nil
	}
	view := func(s item) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, "<p>"+s.ID+" "+s.Locale+" "); err != nil {
				return err
			}
			if err := m.T("cart.items", i18n.Args{"n": s.N}).Render(ctx, w); err != nil {
				return err
			}
			return m.JSON("texts", "cart.title").Render(ctx, w)
		})
	}
	head := func(item) gorgon.Head { return gorgon.Head{Title: "Cart"} }
	headOfItem := func(_ context.Context, in gorgon.Input, _ item) (gorgon.Head, error) {
		h := gorgon.Head{Title: "Cart"}
		if in.Path == "/items/2" {
			h.Locales = []string{"en", "de"}
		}
		return h, nil
	}
	return gorgon.App{
		Name: "shop", Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de", "ar"}, PrefixDefault: prefix,
			Names: map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"}},
		Error: func(f gorgon.Failure) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				if err := m.T("cart.title", nil).Render(ctx, w); err != nil {
					return err
				}
				_, err := io.WriteString(w, " "+f.Locale+" "+f.Title)
				return err
			})
		},
		Parts: []gorgon.Part{
			gorgon.Page[item]{Path: "/", Load: load, View: view, Head: head},
			gorgon.Page[item]{Path: "/items/{id}", Load: load, View: view, HeadFor: headOfItem, Paths: func(_ context.Context, in gorgon.Input) ([]string, error) {
				if in.Locale == "ar" {
					return []string{"/items/1"}, nil
				}
				return []string{"/items/1", "/items/2"}, nil
			}},
		},
	}
}

func built(t *testing.T, app gorgon.App) *seed.Seed {
	t.Helper()
	file := filepath.Join(t.TempDir(), "seed")
	if _, err := build.Run(t.Context(), build.Config{App: app, Out: file}); err != nil {
		t.Fatal(err)
	}
	s, err := seed.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func renderer(app gorgon.App, s *seed.Seed) *render.Renderer {
	m := s.Manifest()
	return &render.Renderer{App: app, Build: m.Build, Values: app.ReadValues(s.Value), Site: s.Site(app)}
}

func TestASiteInThreeLanguages(t *testing.T) {
	app := site(shop(t, nil), true)
	s := built(t, app)
	store := mem.Open(mem.Options{})
	r := renderer(app, s)
	kept, err := cache.New(cache.Config{Renderer: r, Seed: s, Store: store, Prepare: answer.Prepare})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close(); _ = store.Close() })
	h, err := serve.New(serve.Config{App: app, Renderer: r, Cache: kept})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	get := func(path, accept string) (int, string, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Accept-Language", accept)
		res, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Location"), string(body)
	}
	for _, c := range []struct {
		path, accept string
		status       int
		location     string
		parts        []string
	}{
		{"/", "ar-EG", 302, "/ar", nil},
		{"/items/1", "de-CH, en;q=0.5", 302, "/de/items/1", nil},
		{"/en", "", 200, "", []string{`<html lang="en" dir="ltr">`, "3 items in your cart", `"cart.title":"Cart"`}},
		{"/de/items/1", "ar", 200, "", []string{`<html lang="de" dir="ltr">`, "1 de 3 Artikel im Warenkorb", `hreflang="x-default" href="https://example.com/en/items/1"`}},
		{"/ar/items/1", "", 200, "", []string{`<html lang="ar" dir="rtl">`, "٣ منتجات"}},
		{"/ar/nothing", "", 404, "", []string{`<html lang="ar" dir="rtl">`, "السلة ar Not Found"}},
		{"/nothing", "de", 404, "", []string{`<html lang="de" dir="ltr">`, "Warenkorb de Not Found"}},
	} {
		status, location, body := get(c.path, c.accept)
		if status != c.status || location != c.location {
			t.Errorf("%s: %d %q", c.path, status, location)
		}
		for _, part := range c.parts {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %q is not in\n%s", c.path, part, body)
			}
		}
		if strings.Contains(body, "items in your cart") && strings.Contains(body, "Total") {
			t.Errorf("%s: a message that was not named reached the browser", c.path)
		}
	}
}

// A page is one entry for each language, in the seed and in the store.
func TestEachLanguageHasItsOwnEntry(t *testing.T) {
	app := site(shop(t, nil), false)
	s := built(t, app)
	store := mem.Open(mem.Options{})
	defer store.Close()
	definition := app.Definitions()[0]
	kept, err := cache.New(cache.Config{Renderer: renderer(app, s), Store: store})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	bodies := map[string]string{}
	for _, locale := range app.Locales.Tags {
		key := pages.Key{Route: "/", Path: "/", Locale: locale}
		found, err := s.Entry(key)
		if err != nil || found.Key != key {
			t.Fatalf("seed: %s: %v", key, err)
		}
		if found, err = found.Unpack(); err != nil {
			t.Fatal(err)
		}
		bodies[string(found.HTML)] = locale
		a, err := kept.Get(t.Context(), definition, "/", locale, cache.Demand{})
		if err != nil || !a.Stored {
			t.Fatalf("%s: %+v, %v", key, a, err)
		}
		record, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := pages.Decode(record.Data)
		if err != nil || string(stored.HTML) != string(found.HTML) {
			t.Errorf("store: %s: %v", key, err)
		}
	}
	if len(bodies) != len(app.Locales.Tags) {
		t.Errorf("%d pages differ, of %d", len(bodies), len(app.Locales.Tags))
	}
}

func TestAnExportInThreeLanguages(t *testing.T) {
	for _, prefix := range []bool{false, true} {
		app := site(shop(t, nil), prefix)
		s := built(t, app)
		out := t.TempDir()
		report, err := export.Run(t.Context(), export.Config{App: app, Seed: s, Renderer: renderer(app, s), Out: out})
		if err != nil {
			t.Fatal(err)
		}
		if report.DeadLinks.Links > 0 {
			t.Errorf("dead links: %+v", report.DeadLinks)
		}
		read := func(name string) string {
			b, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
			if err != nil {
				t.Error(err)
			}
			return string(b)
		}
		first := ""
		if prefix {
			first = "en/"
			index := read("index.html")
			for _, part := range []string{`<a rel="alternate" hreflang="ar" lang="ar" dir="rtl" href="/ar">العربية</a>`, `href="/en">English</a>`, `href="/de">Deutsch</a>`} {
				if !strings.Contains(index, part) {
					t.Errorf("%s is not in\n%s", part, index)
				}
			}
			if strings.Contains(index, "<script") {
				t.Error("the home page needs a script")
			}
		}
		for name, part := range map[string]string{
			first + "index.html": "3 items in your cart", "de/index.html": "3 Artikel", "ar/items/1/index.html": `dir="rtl"`,
			"404.html": "Cart en Not Found", "de/404.html": "Warenkorb de Not Found", "ar/404.html": "السلة ar Not Found", first + "404.html": "Cart en",
		} {
			if text := read(name); !strings.Contains(text, part) {
				t.Errorf("%s: %q is not in\n%s", name, part, text)
			}
		}
		sitemap := read("sitemap.xml")
		for part, count := range map[string]int{
			`xmlns:xhtml="http://www.w3.org/1999/xhtml"`: 1,
			"<url><loc>https://example.com/" + first + `items/2</loc><xhtml:link rel="alternate" hreflang="en" href="https://example.com/` + first + `items/2"/><xhtml:link rel="alternate" hreflang="de" href="https://example.com/de/items/2"/></url>`: 1,
			`hreflang="ar" href="https://example.com/ar/items/1"/>`: 3,
			`https://example.com/ar/items/2`:                        0,
		} {
			if n := strings.Count(sitemap, part); n != count {
				t.Errorf("%s occurs %d times in\n%s", part, n, sitemap)
			}
		}
	}
}

// A file sets no cookie, and an export lists the links that depend on one.
func TestAnExportNamesLinksThatNeedAServer(t *testing.T) {
	app := site(shop(t, nil), true)
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for _, c := range []gorgon.Component{d.Head, gorgon.LocaleLinks{Path: d.Path, Remember: true}, d.Main} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	s := built(t, app)
	report, err := export.Run(t.Context(), export.Config{App: app, Seed: s, Renderer: renderer(app, s), Out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if examples := report.DeadLinks.Examples; len(examples) != 1 || !strings.HasPrefix(examples[0].Link, "/_gorgon/locale?") {
		t.Errorf("dead links: %+v", report.DeadLinks)
	}
}

// A missing message fails the build, with the page, the key and the locale.
func TestAMissingMessageFailsTheBuild(t *testing.T) {
	m, err := i18n.Catalog{Files: fstest.MapFS{"en.json": {Data: []byte(`{"a":"A"}`)}, "de.json": {Data: []byte(`{"a":"A"}`)}}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	app := gorgon.App{Name: "shop", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/about", View: func(string) gorgon.Component { return m.T("b", nil) }},
	}}
	_, err = build.Run(t.Context(), build.Config{App: app, Out: filepath.Join(t.TempDir(), "seed")})
	if err == nil {
		t.Fatal("it was built")
	}
	for _, want := range []string{"page /about", "message b in en", "message b in de", "add it to de.json"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
