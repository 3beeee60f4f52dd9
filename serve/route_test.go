// Tests of who answers: precedence, paths, guards, methods, redirects.

package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/serve"
)

func says(words string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, words, r.URL.Path, r.PathValue("id")) })
}

func TestPrecedence(t *testing.T) {
	file := answer.File{ContentType: "text/plain", ETag: "f", Data: []byte("file")}
	app := gorgon.App{
		Parts: []gorgon.Part{page("/"), page("/both"), page("/api"), page("/file"), page("/form"),
			gorgon.Page[state]{Path: "/{rest...}", Load: where, Incremental: true, View: view},
			gorgon.Handler{Pattern: "/both", Handler: says("handler")},
			gorgon.Handler{Pattern: "/api/", Handler: says("api")},
			gorgon.Handler{Pattern: "/tree/", Handler: says("tree")},
			gorgon.Handler{Pattern: "POST /form", Handler: says("post")},
			gorgon.Handler{Pattern: "GET /item/{id}", Handler: says("item")}},
	}
	files := func(c *serve.Config, _ *cache.Config) {
		c.Files = func(path string) (answer.File, bool) { return file, path == "/file" || path == "/_gorgon/a.css" }
	}
	s := build(t, app, files)
	for _, test := range []struct{ method, target, want string }{
		{"GET", "/", "[]/<"},
		{"GET", "/both", "handler/both"},
		{"GET", "/api", "[]/api<"}, // ServeMux would send it to /api/
		{"GET", "/api/", "api/api/"},
		{"GET", "/api/x", "api/api/x"},
		{"GET", "/api/a%2Fb", "api/api/a/b"},
		{"GET", "/item/7", "item/item/77"},
		{"GET", "/file", "file"},
		{"GET", "/_gorgon/a.css", "file"},
		{"GET", "/tree", "[]/tree<"},
		{"GET", "/any/thing", "[]/any/thing<"},
		{"POST", "/form", "post/form"},
		{"GET", "/form", "[]/form<"},
	} {
		res := s.ask(t, test.method, test.target)
		if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, test.want) {
			t.Errorf("%s %s: %d %s, want %s", test.method, test.target, res.StatusCode, body, test.want)
		}
	}
	want(t, s.ask(t, "DELETE", "/form"), 405, "Allow", "GET, HEAD, OPTIONS, POST", "Cache-Control", "private, no-store")
	want(t, s.ask(t, "POST", "/"), 405, "Allow", "GET, HEAD, OPTIONS")
	want(t, s.ask(t, "OPTIONS", "/"), 204, "Allow", "GET, HEAD, OPTIONS", "Cache-Control", "private, no-store")
	want(t, s.ask(t, "PUT", "/file"), 405, "Allow", "GET, HEAD, OPTIONS")
	want(t, s.get(t, "/_gorgon/unknown.css"), 404, "Cache-Control", "private, no-store")
	want(t, s.get(t, "/api//x"), 404)

	app.Parts = append(app.Parts[:1:1], app.Parts[6:]...)
	s = build(t, app, nil)
	want(t, s.get(t, "/tree?a=b"), 308, "Location", "/tree/?a=b")
	want(t, s.get(t, "/form"), 405, "Allow", "POST, OPTIONS")
	want(t, s.get(t, "/other"), 404)
}

func TestBasePath(t *testing.T) {
	app := gorgon.App{
		Parts:   []gorgon.Part{page("/"), page("/a"), page("/käse"), gorgon.Handler{Pattern: "/api/{id}", Handler: says("api")}},
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
	}
	s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Base = "/docs" })
	for target, words := range map[string]string{
		"/docs/": "[en]/<", "/docs/a": "[en]/a<", "/docs/de": "[de]/<", "/docs/de/a": "[de]/a<", "/do%63s/a": "[en]/a<",
		"/docs/api/7": "api/api/77", "/docs/api/a%2Fb": "api/api/a/ba/b", "/do%63s/api/7": "api/api/77",
	} {
		if res := s.get(t, target); res.StatusCode != 200 || !strings.Contains(text(t, res), words) {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
	for target, to := range map[string]string{
		"/docs": "/docs/", "/docs?x=%2F": "/docs/?x=%2F", "/docs/a/": "/docs/a", "/docs/de/": "/docs/de", "/docs/de/k%C3%A4se/?q": "/docs/de/k%C3%A4se?q",
	} {
		want(t, s.get(t, target), 308, "Location", to, "Cache-Control", public)
	}
	for _, target := range []string{"/", "/a", "/docsa", "/doc", "/docs2/a", "/docs/en/a", "/docs/en", "/docs/de/de", "/docs/fr/a", "/do%63s/api/a%2Fb"} {
		want(t, s.get(t, target), 404, "Cache-Control", "private, no-store")
	}
}

func TestHostileTargets(t *testing.T) {
	s := build(t, gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts:   []gorgon.Part{page("/"), page("/account"), gorgon.Page[state]{Path: "/x/{rest...}", Load: where, Incremental: true, View: view}},
	}, nil)
	for target, status := range map[string]int{
		"/x/%2e%2e/account": 400, "/x/..%2faccount": 400, "/x/%2e": 400, "/..": 400, "/x/../account": 400,
		"/x/a%2fb": 404, "/x/a%5cb": 400, "/x/a\\b": 400, "/%5c%5cevil.example": 400, "/x/%252e%252e": 400, "/x/%2561": 400,
		"/x/%00": 400, "/x/%0a": 400, "/x/%0d%0aSet-Cookie:a": 400, "/x/%7f": 400, "/x/%ff": 400, "/x/%c0%ae": 400,
		"//evil.example": 404, "//evil.example/": 404, "///account": 404, "/account//": 404, "/x//a": 404, "/.//account": 400,
		"/x/" + strings.Repeat("a", 3000): 400, "/x/100%25": 200, "/x/%": 0, "/ACCOUNT": 404, "/account;x": 404, "/account%3f": 404, "/_gorgon": 404, "/_gorgon/": 404, "/_gorgon/purge": 404,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		u, err := url.ParseRequestURI(target)
		if err != nil {
			if status != 0 {
				t.Errorf("%s: %v", target, err)
			}
			continue
		}
		r.URL = u
		if strings.HasPrefix(target, "//") {
			r.URL = &url.URL{Path: target} // as net/http has it
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		want(t, w.Result(), status)
		if t.Failed() {
			t.Fatalf("target %q", target)
		}
		if location := w.Result().Header.Get("Location"); location != "" {
			t.Errorf("%s sends to %s", target, location)
		}
	}
	res := s.get(t, "http://evil.example/account/", "X-Forwarded-Host", "evil.example")
	want(t, res, 308, "Location", "/account")
}

func TestGuards(t *testing.T) {
	deny := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			r.URL = &url.URL{Path: "/secret"} // must change nothing
			next.ServeHTTP(w, r)
		})
	}
	cookie := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "cookie" {
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
			}
			next.ServeHTTP(w, r)
		})
	}
	s := build(t, gorgon.App{
		CDN:     &gorgon.CDN{TagHeader: "Cache-Tag"},
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/account", Load: where, View: view, Guards: []func(http.Handler) http.Handler{cookie, deny}},
			page("/secret"),
			gorgon.Page[state]{Path: "/lost", Load: where, View: view, Guards: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(context.Background())) })
			}}},
		},
	}, nil)
	want(t, s.get(t, "/account", "Authorization", "x"), 200, "Cache-Control", "private, no-store", "CDN-Cache-Control", "", "Cache-Tag", "", "ETag", "", "Last-Modified", "")
	for _, target := range []string{"/account", "/%61ccount", "/de/account", "/de/%61ccount", "/account?x", "http://other.example/account"} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			want(t, s.ask(t, method, target), 403, "Cache-Control", "private, no-store")
		}
		res := s.get(t, target, "Authorization", "x")
		if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, "]/account<") {
			t.Errorf("%s: %d %s", target, res.StatusCode, body)
		}
	}
	want(t, s.get(t, "/account/"), 403, "Location", "") // nothing tells that there is a page
	want(t, s.get(t, "/account/?x", "Authorization", "x"), 308, "Location", "/account?x", "Cache-Control", "private, no-store")
	res := s.get(t, "/account?cookie", "Authorization", "x")
	want(t, res, 200, "Cache-Control", "private, no-store", "CDN-Cache-Control", "", "Set-Cookie", "seen=1")
	want(t, s.get(t, "/account", "If-None-Match", "*"), 403)
	want(t, s.get(t, "/account", "Authorization", "x", "If-None-Match", "*"), 200, "Cache-Control", "private, no-store", "ETag", "")
	want(t, s.get(t, "/lost"), 500)
}

func TestMiddleware(t *testing.T) {
	var order []string
	note := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				switch r.URL.Query().Get("do") {
				case name + "cookie":
					w.Header().Set("Set-Cookie", "a=b")
				case name + "answer":
					http.Error(w, "busy", http.StatusTooManyRequests)
					return
				case name + "nothing":
					return
				case name + "panic":
					panic("secret panic")
				}
				w.Header().Add("Vary", "Origin")
				next.ServeHTTP(w, r)
			})
		}
	}
	s := build(t, gorgon.App{
		CDN: &gorgon.CDN{OpenMiddleware: true}, Parts: []gorgon.Part{page("/")},
		Middleware: []func(http.Handler) http.Handler{note("1"), note("2")},
	}, nil)
	want(t, s.get(t, "/"), 200, "Cache-Control", public, "Vary", "Origin, Accept-Encoding", "CDN-Cache-Control", "max-age=31536000")
	if strings.Join(order, "") != "12" {
		t.Errorf("order %v", order)
	}
	want(t, s.get(t, "/?do=2cookie"), 200, "Cache-Control", "private, no-store", "CDN-Cache-Control", "")
	want(t, s.get(t, "/?do=1answer"), 429, "Cache-Control", "private, no-store", "X-Content-Type-Options", "nosniff")
	want(t, s.get(t, "/?do=1nothing"), 200, "Cache-Control", "private, no-store")
	res := s.get(t, "/?do=2panic")
	want(t, res, 500, "Cache-Control", "private, no-store")
	if body := text(t, res); strings.Contains(body, "secret") || !strings.Contains(body, "Internal Server Error") {
		t.Errorf("body: %s", body)
	}
	if !strings.Contains(s.log.String(), "secret panic") {
		t.Error("the log does not hold the panic")
	}
}

func FuzzRequestPath(f *testing.F) {
	s := build(f, gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			page("/"),
			page("/account"),
			gorgon.Page[state]{Path: "/x/{id}", Load: where, Incremental: true, View: view},
			gorgon.Page[state]{Path: "/y/{rest...}", Load: where, Incremental: true, View: view},
			gorgon.Handler{Pattern: "/api/", Handler: says("api:")},
		},
	}, nil)
	for _, seed := range []string{"/", "/account", "/%61ccount", "/de/x/%C3%A4", "/x/%2e%2e", "//evil", "/y/a/../b", "/x/a%2fb", "/x/%2561", "http://h/account", "*", "/de/", "/api/a%2fb", "/y/%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.RequestURI = u, target
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Header().Get("Cache-Control") == "" {
			t.Fatalf("%q: no Cache-Control", target)
		}
		switch {
		case w.Code >= 300 && w.Code < 400:
			if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
				t.Fatalf("%q sends to %q", target, to)
			}
		case w.Code == 200 && !strings.HasPrefix(body, "api:"):
			decoded, err := url.PathUnescape(u.EscapedPath())
			if err != nil {
				t.Fatalf("%q: %v", target, err)
			}
			if err := paths.Check(decoded); err != nil {
				t.Fatalf("%q is served: %v", target, err)
			}
			words := "[en]" + decoded
			if first, rest, _ := strings.Cut(decoded[1:], "/"); first == "de" {
				words = "[de]/" + rest
			}
			var want strings.Builder
			_ = view(state{words}).Render(t.Context(), &want)
			if !strings.Contains(body, want.String()) {
				t.Fatalf("%q is served %q, want %q", target, body, want.String())
			}
		}
	})
}
