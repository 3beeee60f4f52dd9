// The app's own handlers: in every language, and with the language at hand.

package serve_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

// said is a handler that says what it sees.
func said(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s [%s] %s %s", name, r.URL.EscapedPath(), gorgon.LocaleOf(r.Context()), gorgon.URL(r.Context(), "/thanks"), r.PathValue("id"))
	})
}

func TestHandlersAnswerInEveryLanguage(t *testing.T) {
	parts := []gorgon.Part{
		page("/about"), page("/items/{$}"),
		gorgon.Handler{Pattern: "POST /contact", Handler: said("contact")}, gorgon.Handler{Pattern: "/api/", Handler: said("api")},
		gorgon.Handler{Pattern: "GET /items/{id}", Handler: said("item")}, gorgon.Handler{Pattern: "GET /de/only", Handler: said("german")},
		gorgon.Handler{Pattern: "GET /{$}", Handler: said("home")},
	}
	for _, base := range []string{"", "/docs", "/d c"} {
		for name, change := range map[string]func(*gorgon.App){"default": func(*gorgon.App) {}, "prefixed": prefixed} {
			t.Run(name+base, func(t *testing.T) {
				app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: parts}
				change(&app)
				s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Base = base })
				at, english := strings.ReplaceAll(base, " ", "%20"), ""
				if app.Locales.PrefixDefault {
					english = "/en"
				}
				for _, c := range []struct{ method, path, want string }{
					{"POST", "/contact", "contact /contact [en] " + at + english + "/thanks "},
					{"POST", "/de/contact", "contact /contact [de] " + at + "/de/thanks "},
					{"GET", "/de/api/a/b", "api /api/a/b [de] " + at + "/de/thanks "},
					{"GET", "/items/a%20b", "item /items/a%20b [en] " + at + english + "/thanks a b"},
					{"GET", "/de/items/7", "item /items/7 [de] " + at + "/de/thanks 7"},
					{"GET", "/de/items/a%2Fb", "item /items/a%2Fb [de] " + at + "/de/thanks a/b"},
					{"GET", "/de/only", "german /de/only [de] " + at + "/de/thanks "},
					{"GET", "/de", "home / [de] " + at + "/de/thanks "},
				} {
					res := s.ask(t, c.method, at+c.path)
					if got := text(t, res); res.StatusCode != 200 || got != c.want {
						t.Errorf("%s %s: %d %q, want %q", c.method, c.path, res.StatusCode, got, c.want)
					}
				}
				want(t, s.ask(t, "GET", at+"/de/contact"), 405, "Allow", "POST, OPTIONS")
				want(t, s.ask(t, "GET", at+"/contact"), 405, "Allow", "POST, OPTIONS")
				want(t, s.ask(t, "OPTIONS", at+"/de/contact"), 204, "Allow", "POST, OPTIONS", "Cache-Control", "private, no-store")
				want(t, s.ask(t, "GET", at+"/de/api"), 308, "Location", at+"/de/api/")
				want(t, s.ask(t, "GET", at+"/de/de/items/7"), 404)
				want(t, s.ask(t, "GET", at+"/fr/items/7"), 404)
				want(t, s.ask(t, "GET", at+"/de/about"), 200)
			})
		}
	}
}

func TestRedirectsOfHandlersStayInTheLanguage(t *testing.T) {
	sign := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, gorgon.URL(r.Context(), "/sign-in"), http.StatusSeeOther)
		})
	}
	pass := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Spoken", gorgon.LocaleOf(r.Context()))
			if r.URL.Query().Has("refuse") {
				serve.Fail(w, r, gorgon.Redirect("/sorry"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app := gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			gorgon.Handler{Pattern: "POST /contact", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindRedirect, Status: 303, Location: "/thanks?for=grüße"})
			})},
			gorgon.Handler{Pattern: "POST /lost", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, gorgon.NotFound()) })},
			gorgon.Page[state]{Path: "/account", Load: where, View: view, Guards: []func(http.Handler) http.Handler{sign}},
		},
		Error:      func(f gorgon.Failure) gorgon.Component { return gorgon.Text("error in " + f.Locale) },
		Middleware: []func(http.Handler) http.Handler{pass},
	}
	s := build(t, app, nil)
	want(t, s.ask(t, "POST", "/de/contact"), 303, "Location", "/de/thanks?for=gr%C3%BC%C3%9Fe", "Spoken", "de")
	want(t, s.ask(t, "POST", "/contact"), 303, "Location", "/thanks?for=gr%C3%BC%C3%9Fe", "Spoken", "en")
	want(t, s.get(t, "/de/account"), 303, "Location", "/de/sign-in", "Spoken", "de")
	want(t, s.get(t, "/account"), 303, "Location", "/sign-in", "Spoken", "en")
	want(t, s.get(t, "/de/anything?refuse"), 302, "Location", "/de/sorry")
	if got := text(t, s.ask(t, "POST", "/de/lost")); !strings.Contains(got, "error in de") {
		t.Errorf("the error view of a handler says %s", got)
	}
}

// What validation, the build and 'why' say of handlers is what the server does.
func TestClaimsSayWhichHandlerAnswers(t *testing.T) {
	sets := [][]string{
		{"POST /contact", "GET /contact", "/api/", "GET /items/{id}", "GET /de/only", "GET /de/items/{x}", "GET /{$}", "GET /en/x", "/x%20y/z"},
		{"POST /contact", "GET /{a}/b", "GET /{a}/b/{$}", "GET /{a}", "GET /de/contact"},
		{"/", "POST /de/b", "GET /contact"},
	}
	locales := map[string]func(*gorgon.App){"none": func(a *gorgon.App) { a.Locales.Tags = nil }, "default": func(*gorgon.App) {}, "prefixed": prefixed}
	for name, change := range locales {
		for _, set := range sets {
			parts := []gorgon.Part{page("/page")}
			for _, p := range set {
				parts = append(parts, gorgon.Handler{Pattern: p, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Answered-By", r.Pattern) })})
			}
			app := gorgon.App{Name: "test", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: parts}
			change(&app)
			s, claims := build(t, app, nil), app.Claims("", func(string) string { return "" })
			for _, prefix := range []string{"", "/en", "/de", "/fr", "/de/de"} {
				for _, path := range []string{"/", "/contact", "/api", "/api/", "/api/a/b", "/items/7", "/items/7/8", "/only", "/de/b", "/x/b", "/x", "/x y/z", "/x/b/", "/page", "/b"} {
					at := prefix + path
					for _, method := range []string{"GET", "POST"} {
						got := s.ask(t, method, gorgon.EscapePath(at)).Header.Get("Answered-By")
						if want := claims.Handler(method, at); got != want {
							t.Errorf("%s %q: %s %s is answered by %q, and is said to be by %q", name, set, method, at, got, want)
						}
					}
				}
			}
		}
	}
}

func TestMiddlewareKnowsTheLocaleOfEachRepresentation(t *testing.T) {
	var seen []string
	note := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, gorgon.LocaleOf(r.Context())+" "+gorgon.URL(r.Context(), "/x"))
			next.ServeHTTP(w, r)
		})
	}
	app := gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Navigation: &gorgon.Navigation{}, Middleware: []func(http.Handler) http.Handler{note}, Parts: []gorgon.Part{
		page("/"),
		page("/a"),
	}}
	s := build(t, app, nil)
	for _, at := range []string{"/de/a", "/_gorgon/page/de/a.json", "/_gorgon/page/de.json", "/a", "/_gorgon/page/a.json", "/de/nothing"} {
		seen = nil
		s.get(t, at)
		want := "en /x"
		if strings.Contains(at, "/de") {
			want = "de /de/x"
		}
		if len(seen) != 1 || seen[0] != want {
			t.Errorf("%s: the middleware sees %q, want %q", at, seen, want)
		}
	}
}

// Which methods a path with guards takes, and that there is something below it, is
// told to those alone whom the guards let pass; they see the request as the
// handler would.
func TestMethodsAreBelowGuards(t *testing.T) {
	var seen []string
	guards := []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Method+" "+r.URL.Path)
			if r.URL.Query().Get("in") == "" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
	app := gorgon.App{
		Parts: []gorgon.Part{
			page("/"),
			gorgon.Handler{Pattern: "POST /orders", Handler: says("post"), Guards: guards},
			gorgon.Handler{Pattern: "PUT /orders", Handler: says("put"), Guards: guards},
			gorgon.Handler{Pattern: "DELETE /orders/{id}", Handler: says("delete"), Guards: guards},
			gorgon.Handler{Pattern: "POST /mixed", Handler: says("post"), Guards: guards},
			gorgon.Handler{Pattern: "GET /mixed", Handler: says("get")},
			gorgon.Handler{Pattern: "/files/", Handler: says("files"), Guards: guards},
		},
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
	}
	for _, base := range []string{"", "/shop"} {
		s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Base = base })
		for _, prefix := range []string{"", "/de"} {
			for _, row := range []struct{ path, allow string }{{"/orders", "POST, PUT, OPTIONS"}, {"/orders/7", "DELETE, OPTIONS"}} {
				for method, status := range map[string]int{"GET": 405, "PATCH": 405, "OPTIONS": 204} {
					seen = nil
					at := base + prefix + row.path
					refused := s.ask(t, method, at)
					want(t, refused, 401, "Cache-Control", "private, no-store")
					if allow := refused.Header.Get("Allow"); allow != "" {
						t.Errorf("%s %s: whom the guard refuses is told %q", method, at, allow)
					}
					want(t, s.ask(t, method, at+"?in=1"), status, "Allow", row.allow)
					if saw := method + " " + row.path; !slices.Equal(seen, []string{saw, saw}) {
						t.Errorf("%s %s: the guard saw %q", method, at, seen)
					}
				}
			}
			want(t, s.get(t, base+prefix+"/files"), 401, "Cache-Control", "private, no-store")
			want(t, s.get(t, base+prefix+"/files?in=1"), 308, "Location", base+prefix+"/files/?in=1")
			want(t, s.ask(t, "PATCH", base+prefix+"/mixed"), 405, "Allow", "GET, HEAD, POST, OPTIONS")
		}
	}
}
