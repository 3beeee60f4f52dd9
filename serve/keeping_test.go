// Who may keep an answer, and which path middleware and guards see.

package serve_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/serve"
)

// loud are headers of a page that asks every cache to keep it.
func loud(state) http.Header {
	return http.Header{
		"Cache-Control": {"public, max-age=300"}, "CDN-Cache-Control": {"max-age=300"}, "Cloudflare-CDN-Cache-Control": {"max-age=300"},
		"Surrogate-Control": {"max-age=300"}, "Expires": {"Thu, 01 Jan 2099 00:00:00 GMT"}, "X-Accel-Expires": {"300"},
	}
}

var forCaches = []string{
	"Cache-Control", "private, no-store", "CDN-Cache-Control", "", "Cloudflare-CDN-Cache-Control", "", "Surrogate-Control", "", "Expires", "",
	"X-Accel-Expires", "", "Cache-Tag", "", "ETag", "", "Last-Modified", "", "Age", "",
}

func pass(next http.Handler) http.Handler { return next }

func TestNobodyKeepsWhatIsForOneVisitorWhateverThePageSays(t *testing.T) {
	p := &parts{}
	app := p.app()
	app.CDN = &gorgon.CDN{TagHeader: "Cache-Tag"}
	app.Locales.Tags = nil
	guards := []func(http.Handler) http.Handler{pass}
	now := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{"now"}, nil }
	merge := func(_ context.Context, _ gorgon.Input, a, b state) (state, error) { return b, nil }
	app.Parts = append(app.Parts[:5:5],
		gorgon.Page[state]{Path: "/open", Headers: loud, View: view},
		gorgon.Page[state]{Path: "/guarded", Headers: loud, Guards: guards, View: view},
		gorgon.Page[state]{Path: "/asked", Headers: loud, LoadRequest: now, View: view},
		gorgon.Page[state]{Path: "/merged", Headers: loud, Load: where, LoadRequest: now, Merge: merge, View: view},
		gorgon.Page[state]{Path: "/live", Headers: loud, AllowRequestTime: true, View: func(state) gorgon.Component { return p.visitor.Use(props{1}) }},
		gorgon.Page[state]{Path: "/broken", Headers: loud, View: func(state) gorgon.Component { return p.broken.Use(props{1}) }})
	s := build(t, app, nil)
	for _, path := range []string{"/guarded", "/asked", "/merged", "/live", "/broken"} {
		for _, at := range []string{path, "/_gorgon/page" + path + ".json"} {
			for range 2 { // made, and found
				want(t, s.get(t, at), 200, forCaches...)
				want(t, s.ask(t, "HEAD", at), 200, forCaches...)
				want(t, s.get(t, at, "If-None-Match", "*"), 200, forCaches...)
			}
			if t.Failed() {
				t.Fatal(at)
			}
		}
	}
	want(t, s.get(t, "/open"), 200, "Cache-Control", "public, max-age=300", "CDN-Cache-Control", "max-age=300")
}

// With a CDN that answers in its place, middleware may be what decides who
// sees a page.
func TestNothingBelowMiddlewareIsPublicUnlessItSaysSo(t *testing.T) {
	p := &parts{}
	for _, open := range []bool{false, true} {
		app := p.app()
		app.Locales.Tags = nil
		app.CDN = &gorgon.CDN{TagHeader: "Cache-Tag", ESI: true, OpenMiddleware: open}
		app.Middleware = []func(http.Handler) http.Handler{pass}
		app.Parts = append(app.Parts, gorgon.Handler{Pattern: "/said", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=60")
			w.Header().Set("CDN-Cache-Control", "max-age=60")
		})})
		app.Parts = append(app.Parts, gorgon.Page[state]{Path: "/loud", Headers: loud, View: view})
		s := build(t, app, func(c *serve.Config, _ *cache.Config) {
			c.Files = func(path string) (answer.File, bool) {
				return answer.File{ContentType: "text/css", ETag: "x", Immutable: strings.Contains(path, "123"), Data: []byte("a{}")}, strings.HasSuffix(path, ".css")
			}
		})
		for target, who := range map[string]string{
			"/plain": "private, no-cache", "/_gorgon/page/plain.json": "private, no-cache", "/stock": "private, no-cache", "/moved": "private, no-cache",
			"/loud": "private, no-cache", "/plain/": "private, no-cache", "/said": "private, no-cache", "/own.css": "private, no-cache",
			"/_gorgon/assets/a.123.css": "private, max-age=31536000, immutable", "/none": "private, no-store",
		} {
			for range 2 {
				res := s.get(t, target, "Surrogate-Capability", `x="ESI/1.0"`)
				got := res.Header.Get("Cache-Control")
				edge := strings.Join(append(res.Header.Values("CDN-Cache-Control"), res.Header.Values("Surrogate-Control")...), "")
				public := strings.HasPrefix(got, "public") || strings.Contains(edge, "max-age")
				if !open && (got != who || public || res.Header.Get("Cache-Tag") != "") || open && !public && target != "/none" {
					t.Errorf("open %v, %s: %q, %q, tags %q", open, target, got, edge, res.Header.Get("Cache-Tag"))
				}
			}
		}
		if warned := strings.Contains(s.log.String(), "OpenMiddleware"); warned == open {
			t.Errorf("open %v: the log: %s", open, s.log)
		}
	}
}

// What middleware forbids to keep stays so, whatever it stands around.
func TestMiddlewareCanForbidToKeep(t *testing.T) {
	app := (&parts{}).app()
	app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r)
		})
	}}
	s := build(t, app, nil)
	for _, target := range []string{"/plain", "/stock", "/_gorgon/page/plain.json", "/plain/"} {
		for range 2 {
			res := s.get(t, target)
			if res.Header.Get("Cache-Control") != "private, no-store" || res.Header.Get("ETag") != "" {
				t.Errorf("%s: %v", target, res.Header)
			}
		}
	}
}

// A surrogate that puts parts in may keep the page; browsers may not.
func TestWhatASurrogateFillsInIsNotForBrowsers(t *testing.T) {
	p := &parts{}
	app := p.app()
	app.CDN = &gorgon.CDN{ESI: true, TagHeader: "Surrogate-Key"}
	s := build(t, app, nil)
	capable := []string{"Surrogate-Capability", `x="ESI/1.0"`}
	for range 2 {
		for _, path := range []string{"/live", "/stock"} {
			res := s.get(t, path, append(capable, "If-None-Match", "*")...)
			want(t, res, 200, "Cache-Control", "private, no-store", "ETag", "", "Last-Modified", "", "CDN-Cache-Control", "",
				"Surrogate-Control", `max-age=31536000, content="ESI/1.0"`)
			if res.Header.Get("Surrogate-Key") == "" {
				t.Errorf("%s: the surrogate has no tags to be purged by", path)
			}
			contains(t, path, text(t, res), "<esi:include")
		}
	}
	// A page without parts is as it is without a surrogate, and one that is
	// guarded is put together here.
	want(t, s.get(t, "/plain", capable...), 200, "Cache-Control", public, "Surrogate-Control", "")
	res := s.get(t, "/guarded", append(capable, "X-Visitor", "ann")...)
	want(t, res, 200, "Cache-Control", "private, no-store", "Surrogate-Control", "")

	app.CDN = &gorgon.CDN{ESI: true, OpenMiddleware: true, TagHeader: "Surrogate-Key"}
	app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "cookie" {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			}
			next.ServeHTTP(w, r)
		})
	}}
	s = build(t, app, nil)
	want(t, s.get(t, "/live", capable...), 200, "Cache-Control", "private, no-store", "Surrogate-Control", `max-age=31536000, content="ESI/1.0"`)
	res = s.get(t, "/live?cookie", capable...)
	want(t, res, 200, "Cache-Control", "private, no-store", "Surrogate-Control", `no-store, content="ESI/1.0"`, "Surrogate-Key", "")
}

// Middleware and guards see the page's path for every representation of it,
// and can ask for the URL that came.
func TestMiddlewareSeesThePagesPath(t *testing.T) {
	for _, base := range []string{"", "/docs"} {
		p := &parts{}
		app := p.app()
		var saw []string
		note := func(who string) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					saw = append(saw, who, r.URL.Path, serve.WireURL(r).Path, r.URL.RawQuery)
					next.ServeHTTP(w, r)
				})
			}
		}
		app.Middleware = append(app.Middleware, note("middleware"))
		app.Parts = append(app.Parts, gorgon.Page[state]{
			Path: "/admin", Load: where, Guards: []func(http.Handler) http.Handler{note("guard")},
			View: func(state) gorgon.Component { return sequence(p.stock.Defer(props{1}), p.visitor.Defer(props{2})) },
		})
		s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Base = base })
		for _, page := range []string{base + "/admin", base + "/de/admin"} {
			urls := fragmentURLs(strings.ReplaceAll(text(t, s.get(t, page)), `"`+base, `"`))
			if len(urls) != 4 {
				t.Fatalf("fragments: %q", urls)
			}
			urls = append(urls, "/_gorgon/page"+strings.TrimPrefix(page, base)+".json")
			for i := range urls {
				urls[i] = base + urls[i]
			}
			for _, at := range append(urls, page) {
				saw = nil
				want(t, s.get(t, at+"?q=1"), 200)
				if expect := []string{"middleware", page, at, "q=1", "guard", page, at, "q=1"}; !slices.Equal(saw, expect) {
					t.Errorf("%s: seen as %q", at, saw)
				}
			}
		}
		// A path that is not a representation of a page is seen unchanged.
		for _, at := range []string{"/_gorgon/assets/x.css", "/_gorgon/none", "/_gorgon/page/_gorgon/page/admin.json.json"} {
			saw = nil
			s.get(t, base+at)
			if len(saw) == 0 || saw[1] != base+at {
				t.Errorf("%s: seen as %q", at, saw)
			}
		}
	}
}

// A path that middleware gives the request counts for every representation.
func TestMiddlewareCanLeadToAnotherPage(t *testing.T) {
	app := (&parts{}).app()
	app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/old" {
				r.URL.Path = "/plain"
			}
			if r.URL.Path == "/worse" {
				r.URL.Path = "/%2e"
			}
			next.ServeHTTP(w, r)
		})
	}}
	s := build(t, app, nil)
	contains(t, "the document", text(t, s.get(t, "/old")), "<h1>/plain</h1>")
	contains(t, "the payload", text(t, s.get(t, "/_gorgon/page/old.json")), "<h1>/plain</h1>")
	want(t, s.get(t, "/worse"), 400)

	app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(t.Context())) })
	}}
	s = build(t, app, nil)
	want(t, s.get(t, "/plain"), 500)
	contains(t, "the log", s.log.String(), "replaced the request's context")
}

// No code interprets a path that is refused: neither middleware nor handlers
// see it, encoded slashes or not.
func TestHostilePathsReachNobody(t *testing.T) {
	for _, middle := range []bool{false, true} {
		app := gorgon.App{Parts: []gorgon.Part{page("/"), gorgon.Handler{Pattern: "/sub/", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := paths.Check(r.URL.Path); err != nil && !errors.Is(err, paths.ErrNotFound) {
				t.Errorf("the handler sees %.40q", r.URL.Path)
			}
		})}}}
		if middle {
			app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if err := paths.Check(r.URL.Path); err != nil && failure.Kind(err) != gorgon.KindNotFound {
						t.Errorf("the middleware sees %.40q", r.URL.Path)
					}
					next.ServeHTTP(w, r)
				})
			}}
		}
		s := build(t, app, nil)
		for _, bad := range []string{"..", ".", "%2e%2e", "a%00", "%5c", "%252e", "%ff", "a%0a", "%c0%ae", strings.Repeat("%2f", 2100), strings.Repeat("a", 2100)} {
			for _, around := range []string{"/sub/X", "/sub/X%2fetc", "/sub/b%2fX", "/sub/b%2f%2fX", "/sub//X"} {
				want(t, s.get(t, strings.Replace(around, "X", bad, 1)), 400, "Cache-Control", "private, no-store")
				if t.Failed() {
					t.Fatal(around, bad)
				}
			}
		}
		for _, good := range []string{"/sub/a%2fb", "/sub/a", "/sub/a%2f%2fb"} {
			want(t, s.get(t, good), 200)
		}
	}
}

// A visitor's own mistake is not a failure of the site.
func TestARefusedRedirectIsTheVisitors(t *testing.T) {
	next := func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
		return state{}, gorgon.Redirect(r.FormValue("next"))
	}
	s := build(t, gorgon.App{
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/go", LoadRequest: next, View: view},
			gorgon.Handler{Pattern: "/fail", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				serve.Fail(w, r, gorgon.Redirect(r.FormValue("next")))
			})},
		},
	}, nil)
	for _, path := range []string{"/go", "/fail", "/_gorgon/page/go.json"} {
		for _, bad := range []string{"", "//evil", "%5c%5cevil", "javascript:alert(1)", "/a%0ab", "https://"} {
			want(t, s.get(t, path+"?next="+bad), 400, "Cache-Control", "private, no-store", "Location", "")
		}
	}
	lacks(t, "the log", s.log.String(), "level=ERROR", "level=WARN")
}

// Whether there is a page is told to those alone whom its guards let pass.
func TestOnlyGuardsTellThatThereIsAPage(t *testing.T) {
	deny := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, gorgon.NotFound()) })
	}
	guards := []func(http.Handler) http.Handler{deny}
	for _, prefixed := range []bool{false, true} {
		for _, base := range []string{"", "/docs"} {
			s := build(t, gorgon.App{
				Locales: gorgon.Locales{Tags: []string{"en", "de"}, PrefixDefault: prefixed, Detect: !prefixed}, Navigation: &gorgon.Navigation{},
				Parts: []gorgon.Part{
					gorgon.Page[state]{Path: "/", Guards: guards, View: view}, gorgon.Page[state]{Path: "/admin", Guards: guards, View: view},
					gorgon.Page[state]{Path: "/folder/", Guards: guards, View: view},
				},
			}, func(c *serve.Config, _ *cache.Config) { c.Base = base })
			for there, nothing := range map[string]string{
				"/admin": "/nothing", "/admin/": "/nothing/", "/folder": "/nothing", "/folder/": "/nothing/", "/de/admin/": "/de/nothing/", "/de/": "/fr/",
				"/": "/nothing", "": "/nothing", "/_gorgon/page/admin.json": "/_gorgon/page/nothing.json", "/_gorgon/folder/admin.json": "/_gorgon/folder/nothing.json",
				"/_gorgon/page/folder.json": "/_gorgon/page/nothing.json",
			} {
				if base+there == "" {
					continue
				}
				for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
					for _, language := range []string{"en", "de"} {
						one, other := s.ask(t, method, base+there, "Accept-Language", language), s.ask(t, method, base+nothing, "Accept-Language", language)
						if one.StatusCode != 404 || other.StatusCode != 404 || one.Header.Get("Location")+one.Header.Get("Allow") != "" {
							t.Errorf("%s %s: %d, %v; %s: %d", method, base+there, one.StatusCode, one.Header, nothing, other.StatusCode)
						}
					}
				}
			}
		}
	}
}

// What a handler behind guards answers is for those whom the guards let pass.
func TestGuardedHandlersAreNeverStored(t *testing.T) {
	loudly := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("CDN-Cache-Control", "max-age=60")
	})
	guards := []func(http.Handler) http.Handler{pass}
	s := build(t, gorgon.App{Name: "test", CDN: &gorgon.CDN{TagHeader: "Cache-Tag"}, Parts: []gorgon.Part{
		page("/"),
		gorgon.Handler{Pattern: "/open", Handler: loudly},
		gorgon.Handler{Pattern: "/own", Handler: loudly, Guards: guards},
		gorgon.Group{Prefix: "/group", Guards: guards, Parts: []gorgon.Part{gorgon.Handler{Pattern: "/in", Handler: loudly}, page("/page")}},
	}}, nil)
	want(t, s.get(t, "/open"), 200, "Cache-Control", "public, max-age=60", "CDN-Cache-Control", "max-age=60")
	for _, path := range []string{"/own", "/group/in", "/group/page"} {
		want(t, s.get(t, path), 200, "Cache-Control", "private, no-store", "CDN-Cache-Control", "")
	}
}
