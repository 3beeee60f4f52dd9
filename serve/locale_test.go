// Which visitors are sent to which language, and that none is ever sent
// elsewhere.

package serve_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

func spoken(change func(*gorgon.App)) gorgon.App {
	app := gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de", "ar"}, Names: map[string]string{"de": "Deutsch"}}, Origin: "https://example.com",
		Layout: func(d gorgon.Document) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				_, _ = w.Write([]byte(`<html lang="` + d.Locale + `" dir="` + d.Dir + `"><head>`))
				_ = d.Head.Render(ctx, w)
				_, _ = w.Write([]byte("</head><body>"))
				_ = gorgon.LocaleLinks{Path: d.Path, Remember: true}.Render(ctx, w)
				_ = d.Main.Render(ctx, w)
				_, err := w.Write([]byte("</body></html>"))
				return err
			})
		},
		Error: func(f gorgon.Failure) gorgon.Component { return gorgon.Text(f.Locale + " " + f.Title) },
		Parts: []gorgon.Part{page("/"), page("/about"), page("/list/"), gorgon.Page[state]{Path: "/käse/{x}", Load: where, View: view, Incremental: true}},
	}
	if change != nil {
		change(&app)
	}
	return app
}

func prefixed(a *gorgon.App) { a.Locales.PrefixDefault = true }
func detected(a *gorgon.App) { a.Locales.Detect = true }

func TestPathsWithoutPrefixLeadToTheVisitorsLanguage(t *testing.T) {
	s := build(t, spoken(prefixed), nil)
	for _, c := range []struct{ path, accept, cookie, to string }{
		{"/", "", "", "/en"},
		{"/", "de", "", "/de"},
		{"/", "de-AT;q=0.9, en;q=0.5", "", "/de"},
		{"/", "fr, ar-EG;q=0.8, en;q=0.1", "", "/ar"},
		{"/", "fr", "", "/en"},
		{"/", "de;q=0, en", "", "/en"},
		{"/", "*", "", "/en"},
		{"/", ";;;===", "", "/en"},
		{"/", strings.Repeat("de,", 2000), "", "/en"},
		{"/", "de", "gorgon_locale=ar", "/ar"},
		{"/", "de", "gorgon_locale=fr", "/de"},
		{"/", "de", "gorgon_locale=//evil.example", "/de"},
		{"/", "de", "gorgon_locale=xx; gorgon_locale=en", "/en"},
		{"/?a=b&c=d", "de", "", "/de?a=b&c=d"},
		{"/about", "de", "", "/de/about"},
		{"/about/", "de", "", "/de/about"},
		{"/list", "de", "", "/de/list/"},
		{"/k%C3%A4se/a%20b", "de", "", "/de/k%C3%A4se/a%20b"},
	} {
		res := s.get(t, c.path, "Accept-Language", c.accept, "Cookie", c.cookie)
		want(t, res, 302, "Location", c.to, "Cache-Control", "private, no-store", "Vary", "Accept-Language, Cookie", "Set-Cookie", "")
		if t.Failed() {
			t.Fatalf("the case was %+v", c)
		}
	}
	want(t, s.get(t, "/en"), 200, "Location", "", "Vary", "Accept-Encoding")
	want(t, s.get(t, "/en/"), 308, "Location", "/en")
	want(t, s.get(t, "/de/about/"), 308, "Location", "/de/about")
	want(t, s.ask(t, "POST", "/about"), 405)
	for path, locale := range map[string]string{"/nothing": "de", "/en/nothing": "en", "/ar/nothing": "ar", "/ar/%00": "ar", "/ar/a//b": "ar"} {
		res := s.get(t, path, "Accept-Language", "de")
		if body := text(t, res); !strings.Contains(body, locale+" ") || !strings.Contains(body, `lang="`+locale+`"`) || res.StatusCode/100 != 4 {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}

func TestHandlersAndFilesNeedNoPrefix(t *testing.T) {
	app := spoken(prefixed)
	app.Parts = append(app.Parts, gorgon.Handler{Pattern: "GET /api", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })})
	s := build(t, app, func(c *serve.Config, _ *cache.Config) {
		c.Files = func(path string) (answer.File, bool) {
			return answer.File{ContentType: "text/plain"}, path == "/robots.txt"
		}
	})
	want(t, s.get(t, "/api"), 204)
	want(t, s.get(t, "/robots.txt"), 200)
}

func TestBelowABase(t *testing.T) {
	s := build(t, spoken(prefixed), func(c *serve.Config, _ *cache.Config) { c.Base = "/docs" })
	want(t, s.get(t, "/docs/", "Accept-Language", "de"), 302, "Location", "/docs/de")
	want(t, s.get(t, "/docs/about?x", "Accept-Language", "de"), 302, "Location", "/docs/de/about?x")
	res := s.get(t, "/docs/_gorgon/locale?to=ar", "Referer", "https://example.com/docs/de/about?q=1")
	want(t, res, 303, "Location", "/docs/ar/about?q=1", "Set-Cookie", "gorgon_locale=ar; Path=/docs; Max-Age=31536000; HttpOnly; SameSite=Lax")
	want(t, s.get(t, "/docs/_gorgon/locale?to=ar", "Referer", "https://example.com/docs.evil/about?q=1"), 303, "Location", "/docs/ar")
}

func TestTheHomePageDetectsALanguageOnce(t *testing.T) {
	s := build(t, spoken(detected), nil)
	const varied = "Accept-Language, Cookie, Sec-Fetch-Site"
	want(t, s.get(t, "/", "Accept-Language", "de"), 302, "Location", "/de", "Cache-Control", "private, no-store", "Vary", varied)
	for range 2 { // made, and from memory
		res := s.get(t, "/", "Accept-Language", "en")
		want(t, res, 200, "Vary", varied+", Accept-Encoding", "Cache-Control", "private, no-cache")
	}
	want(t, s.get(t, "/", "Accept-Language", "de", "Sec-Fetch-Site", "same-origin"), 200)
	want(t, s.get(t, "/", "Accept-Language", "de", "Sec-Fetch-Site", "cross-site"), 302)
	want(t, s.get(t, "/", "Accept-Language", "de", "Cookie", "gorgon_locale=en"), 200)
	want(t, s.get(t, "/", "Accept-Language", "en", "Cookie", "gorgon_locale=ar"), 302, "Location", "/ar")
	want(t, s.get(t, "/"), 200) // a crawler says nothing
	want(t, s.get(t, "/about", "Accept-Language", "de"), 200, "Vary", "Accept-Encoding", "Cache-Control", "public, max-age=0, must-revalidate")
	want(t, s.get(t, "/de", "Accept-Language", "en"), 200, "Vary", "Accept-Encoding")
}

func TestNobodyIsAskedWhereNothingIsNegotiated(t *testing.T) {
	s := build(t, spoken(nil), nil)
	want(t, s.get(t, "/", "Accept-Language", "de", "Cookie", "gorgon_locale=de"), 200, "Vary", "Accept-Encoding")
	want(t, s.get(t, "/_gorgon/locale?to=de"), 404, "Set-Cookie", "")
}

// hostile are paths that lead elsewhere where they are taken at their word.
var hostile = []string{
	"//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "/%2fevil.example", "/%2f%2fevil.example",
	"/%5cevil.example", "/%252fevil.example", "https://evil.example", "https:evil.example", "http://evil.example/about", "javascript:alert(1)", "data:text/html,x",
	"evil.example", "@evil.example", ".evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example", "/\r\nSet-Cookie: a=b", "/about\r\nX: y", "/a\x00b",
	"/..//evil.example", "/./about", "/about/../..//evil.example", "/about?a=b\r\nX: y", "/about?a= b", "/en//evil.example", "/de//evil.example", "/\u2028", "?to=x", "#", "/a?x=\u00e4",
}

// ours fails where a Location is not a path of this app.
func ours(t testing.TB, location string) {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || !strings.HasPrefix(location, "/") ||
		strings.HasPrefix(location, "//") || strings.ContainsFunc(location, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }) {
		t.Errorf("Location %q leads elsewhere", location)
	}
}

func TestAChoiceNeverLeadsElsewhere(t *testing.T) {
	for _, mode := range []func(*gorgon.App){prefixed, detected} {
		s := build(t, spoken(mode), nil)
		for _, path := range hostile {
			for _, encoded := range []string{url.QueryEscape(path), strings.ReplaceAll(url.PathEscape(path), "+", "%2B")} {
				for _, res := range []*http.Response{
					s.get(t, "/_gorgon/locale?to=de&path="+encoded),
					askWith(t, s, "POST", "/_gorgon/locale", strings.NewReader("to=de&path="+encoded), "Content-Type", "application/x-www-form-urlencoded"),
				} {
					if res.StatusCode != 400 && res.StatusCode != 303 {
						t.Errorf("%q: status %d", path, res.StatusCode)
					}
					if res.StatusCode == 400 && (res.Header.Get("Location") != "" || res.Header.Get("Set-Cookie") != "") {
						t.Errorf("%q: refused, with %v", path, res.Header)
					}
					if res.StatusCode == 303 {
						ours(t, res.Header.Get("Location"))
						if strings.Contains(res.Header.Get("Location"), "evil") && !strings.HasPrefix(path, "/%") {
							t.Errorf("%q was taken: %q", path, res.Header.Get("Location"))
						}
					}
				}
			}
			r := httptest.NewRequest("GET", "/_gorgon/locale?to=de", nil)
			r.Header["Referer"] = []string{path}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 303 {
				t.Errorf("Referer %q: status %d", path, w.Code)
			}
			ours(t, w.Header().Get("Location"))
		}
	}
}

func TestAChoiceIsRemembered(t *testing.T) {
	s := build(t, spoken(prefixed), nil)
	for _, c := range []struct{ query, referer, to string }{
		{"to=de&path=/about", "", "/de/about"},
		{"to=de&path=/de/about", "", "/de/about"},
		{"to=de&path=/", "", "/de"},
		{"to=de", "", "/de"},
		{"to=de&path=/about%3Fq%3D1%26r%3D2", "", "/de/about?q=1&r=2"},
		{"to=de&path=/about", "https://example.com/en/about?q=1", "/de/about?q=1"},
		{"to=de&path=/about", "https://example.com/en/list/?q=1", "/de/about"},
		{"to=de&path=/about%3F", "https://example.com/en/about?q=1", "/de/about"},
		{"to=de", "https://example.com/en/list/?q=1", "/de/list/?q=1"},
		{"to=de", "https://example.com/_gorgon/locale?to=ar", "/de"},
		{"to=de&path=/k%C3%A4se/a%20b", "", "/de/k%C3%A4se/a%20b"},
	} {
		res := s.get(t, "/_gorgon/locale?"+c.query, "Referer", c.referer)
		want(t, res, 303, "Location", c.to, "Cache-Control", "private, no-store",
			"Set-Cookie", "gorgon_locale=de; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax")
		if t.Failed() {
			t.Fatalf("the case was %+v", c)
		}
	}
	for _, to := range []string{"", "fr", "DE", "de ", "de%0d%0aX:y", "//evil"} {
		want(t, s.get(t, "/_gorgon/locale?path=/&to="+url.QueryEscape(to)), 400, "Set-Cookie", "", "Location", "")
	}
	want(t, s.ask(t, "DELETE", "/_gorgon/locale?to=de"), 405, "Allow", "GET, HEAD, POST")
	body := strings.NewReader("to=de&path=" + strings.Repeat("a", 1<<16))
	want(t, askWith(t, s, "POST", "/_gorgon/locale", body, "Content-Type", "application/x-www-form-urlencoded"), 400)
}

func TestPagesNameTheirOtherLanguages(t *testing.T) {
	s := build(t, spoken(prefixed), nil)
	body := text(t, s.get(t, "/ar/about"))
	for _, part := range []string{
		`<html lang="ar" dir="rtl">`,
		`<link rel="alternate" hreflang="en" href="https://example.com/en/about">`,
		`<link rel="alternate" hreflang="de" href="https://example.com/de/about">`,
		`<link rel="alternate" hreflang="ar" href="https://example.com/ar/about">`,
		`<link rel="alternate" hreflang="x-default" href="https://example.com/en/about">`,
		`hreflang="de" lang="de" dir="ltr" href="/_gorgon/locale?path=%2Fabout&amp;to=de">Deutsch</a>`,
		`hreflang="ar" lang="ar" dir="rtl" aria-current="true" href=`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in\n%s", part, body)
		}
	}
	if body := text(t, s.get(t, "/ar/nothing")); strings.Contains(body, `rel="alternate" hreflang="en" href="https`) {
		t.Errorf("an error view has alternates: %s", body)
	}
	want(t, s.get(t, "/ar/about"), 200, "Content-Language", "ar")
}

func FuzzLanguageOfAVisitor(f *testing.F) {
	f.Add("de-AT;q=0.9, en;q=0.5", "gorgon_locale=de")
	f.Add("*;q=0", `gorgon_locale="ar"`)
	f.Add("i-klingon, x-y, zh-Hant-TW-u-co-pinyin", "gorgon_locale=//evil")
	f.Add(strings.Repeat("a-", 400), "gorgon_locale=\r\n")
	s := build(f, spoken(prefixed), nil)
	homes := []string{"/en", "/de", "/ar"}
	f.Fuzz(func(t *testing.T, accept, cookie string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept-Language"], r.Header["Cookie"] = []string{accept}, []string{cookie}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 302 || !slices.Contains(homes, w.Header().Get("Location")) {
			t.Errorf("%d, %q", w.Code, w.Header().Get("Location"))
		}
	})
}

func FuzzWhereAChoiceLeads(f *testing.F) {
	for _, path := range hostile {
		f.Add(path, path)
	}
	s := build(f, spoken(prefixed), nil)
	f.Fuzz(func(t *testing.T, path, referer string) {
		r := httptest.NewRequest("GET", "/_gorgon/locale?to=de&path="+url.QueryEscape(path), nil)
		r.Header["Referer"] = []string{referer}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		switch w.Code {
		case 400:
		case 303:
			ours(t, w.Header().Get("Location"))
			if to := w.Header().Get("Location"); to != "/de" && !strings.HasPrefix(to, "/de/") && !strings.HasPrefix(to, "/de?") {
				t.Errorf("Location %q is not in the language that was chosen", to)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}
