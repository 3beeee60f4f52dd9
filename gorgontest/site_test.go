// Laws of a site under test: time, purges, visitors, options.

package gorgontest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// counted is a page that shows how often it was made.
func counted(broken *atomic.Bool) gorgon.Page[state] {
	return gorgon.Page[state]{
		Path: "/", Load: count(new(atomic.Int64), broken), View: view,
		RevalidateAfter: time.Minute, Tags: func(state) []string { return []string{"news"} },
	}
}

func TestLifeOfAPage(t *testing.T) {
	site := gorgontest.Options{Lazy: true}.Open(t, app(counted(nil)))
	first := site.Get("/").Want(200, "version 1").WantCache(gorgontest.Made).Cache()
	if !first.Stored || first.Expired || first.Degraded {
		t.Errorf("the first answer says %+v", first)
	}
	began := site.Now()
	site.Advance(10 * time.Second)
	if got := site.Now().Sub(began); got != 10*time.Second {
		t.Errorf("the clock has moved by %v", got)
	}
	early := site.Get("/").WantCache(gorgontest.Hit).WantHeader("Age", "10").Cache()
	if !early.Ages || early.TTL < 40*time.Second || early.TTL > 60*time.Second { // a minute ± 10 %
		t.Errorf("after ten seconds the answer says %+v", early)
	}
	site.Advance(5 * time.Second)
	if later := site.Get("/").Cache(); later.TTL != early.TTL-5*time.Second {
		t.Errorf("five seconds later ttl is %v, and was %v", later.TTL, early.TTL)
	}
	site.Advance(time.Minute)
	if late := site.Get("/").Want(200, "version 1").WantCache(gorgontest.Stale).Cache(); late.TTL >= 0 {
		t.Errorf("a stale answer says %+v", late)
	}
	site.Get("/").Want(200, "version 2").WantCache(gorgontest.Hit)
}

// Each answer arrives after all work that was started before it, every time.
func TestNothingIsLeftBehind(t *testing.T) {
	site := gorgontest.Open(t, app(counted(nil)))
	for version := range 100 {
		site.Advance(2 * time.Minute)
		site.Get("/").Want(200, fmt.Sprintf("<h1>version %d</h1>", version+1)).WantCache(gorgontest.Stale)
	}
	// Also with a payload, and a page with fragments.
	stock := stock(map[string]int{"a": 1})
	stock.RevalidateAfter = time.Minute
	parts := app(gorgon.Page[state]{Path: "/", Load: text("parts"), View: func(state) gorgon.Component { return stock.Use("a") }})
	parts.Parts, parts.Navigation = append(parts.Parts, stock), &gorgon.Navigation{}
	site = gorgontest.Open(t, parts)
	for range 20 {
		site.Advance(2 * time.Minute)
		site.Get("/").WantCache(gorgontest.Stale)
		site.Get("/").WantCache(gorgontest.Hit)
		site.Advance(2 * time.Minute)
		site.Get("/").Navigate("/").WantCache(gorgontest.Hit)
	}
}

// A validator is honoured, unless the answer causes background work.
func TestConditional(t *testing.T) {
	site := gorgontest.Open(t, app(counted(nil)))
	etag := site.Get("/").Header.Get("ETag")
	site.Get("/", "If-None-Match", etag).Want(304).WantCache(gorgontest.Hit)
	site.Advance(2 * time.Minute)
	site.Get("/", "If-None-Match", etag).Want(200, "version 1").WantCache(gorgontest.Stale)
	site.Get("/", "If-None-Match", etag).Want(200, "version 2").WantCache(gorgontest.Hit)
}

// Visitors may come at the same time; the page is made once for all of them.
func TestAtTheSameTime(t *testing.T) {
	site := gorgontest.Options{Lazy: true}.Open(t, app(counted(nil)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { site.Visitor().Get("/").Want(200, "version 1") })
	}
	all.Wait()
	site.Get("/").Want(200, "version 1").WantCache(gorgontest.Hit)
}

func TestPurge(t *testing.T) {
	for name, start := range map[string]time.Time{"now": {}, "long ago": time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC), "far ahead": time.Date(2101, 2, 3, 4, 5, 6, 0, time.UTC)} {
		t.Run(name, func(t *testing.T) {
			site := gorgontest.Options{Start: start}.Open(t, app(counted(nil)))
			site.Get("/").WantCache(gorgontest.Hit).Want(200, "version 1")
			first := site.Purge(pages.Stale, pages.TagSubject("news"))
			site.Get("/").WantCache(gorgontest.Stale).Want(200, "version 1")
			site.Get("/").WantCache(gorgontest.Hit).Want(200, "version 2")
			if second := site.Purge(pages.Expire, pages.PathSubject("/")); second <= first {
				t.Errorf("the second purge has epoch %d, the first %d", second, first)
			}
			if c := site.Get("/").WantCache(gorgontest.Made).Want(200, "version 3").Cache(); !c.Expired {
				t.Errorf("a page purged with expire was made more than once: %+v", c)
			}
		})
	}
}

// A failed refresh leaves the page unchanged, and is tried again later.
func TestGeneratorThatFails(t *testing.T) {
	var broken atomic.Bool
	site := gorgontest.Open(t, app(counted(&broken)))
	broken.Store(true)
	site.Advance(2 * time.Minute)
	site.Get("/").Want(200, "version 1").WantCache(gorgontest.Stale)
	if !strings.Contains(site.Log(), "the database is away") {
		t.Errorf("the log does not say why:\n%s", site.Log())
	}
	why := site.Why("/")
	if why.Phase != "stale" || !strings.Contains(why.Next, "the last revalidation failed") {
		t.Errorf("Why says %s: %s", why.Phase, why.Next)
	}
	broken.Store(false)
	site.Get("/").Want(200, "version 1").WantCache(gorgontest.Stale) // it is too early
	site.Advance(5 * time.Second)
	site.Get("/").Want(200, "version 1").WantCache(gorgontest.Stale)
	site.Get("/").Want(200, "version 2").WantCache(gorgontest.Hit)
}

// What is built, and what is not.
func TestBuiltOrLazy(t *testing.T) {
	product := gorgon.Page[state]{
		Path: "/products/{id}", View: view,
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/products/1"}, nil },
		Load:  func(_ context.Context, in gorgon.Input) (state, error) { return state{in.PathValue("id")}, nil },
	}
	shop := app(product)
	shop.Origin = "https://shop.example"
	shop.Assets.Files = fstest.MapFS{"app.css": {Data: []byte("h1{}")}}
	shop.Assets.Static = fstest.MapFS{"favicon.ico": {Data: []byte("icon")}}
	site := gorgontest.Open(t, shop)
	site.Get("/products/1").Want(200, "1").WantCache(gorgontest.Hit)
	site.Get("/products/2").Want(404).WantCache(gorgontest.None)
	site.Get("/favicon.ico").Want(200, "icon").WantCache(gorgontest.None)
	site.Get("/sitemap.xml").Want(200, "https://shop.example/products/1")

	site = gorgontest.Options{Lazy: true}.Open(t, shop)
	site.Get("/products/1").Want(200, "1").WantCache(gorgontest.Made)
	site.Get("/products/2").Want(200, "2").WantCache(gorgontest.Made)
	site.Get("/favicon.ico").Want(200, "icon")
	site.Get("/sitemap.xml").Want(200, "</urlset>", "<!-- Pages are made when they are requested", "A build lists them").WantNot("/products/1")
}

// A site of another build on the same store is a deployment: entries stay and
// are stale.
func TestDeploy(t *testing.T) {
	store := mem.Open(mem.Options{})
	t.Cleanup(func() { _ = store.Close() })
	page := gorgon.Page[state]{Path: "/", Load: count(new(atomic.Int64), nil), View: view}
	before := gorgontest.Options{Lazy: true, Store: store}.Open(t, app(page))
	before.Get("/").Want(200, "<h1>version 1</h1>").WantCache(gorgontest.Made)
	page.View = func(s state) gorgon.Component { return gorgon.HTML("<h2>" + s.Text + "</h2>") }
	after := gorgontest.Options{Lazy: true, Store: store, Build: "next", Start: before.Now()}.Open(t, app(page))
	after.Get("/").Want(200, "<h2>version 1</h2>").WantCache(gorgontest.Stale)
	after.Get("/").Want(200, "<h2>version 2</h2>").WantCache(gorgontest.Hit)
}

// In a bubble the app, the cache, deadlines and cookies share one time.
func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := gorgon.Page[state]{
			Path: "/", RevalidateAfter: time.Minute, View: view, Timeout: time.Second,
			Load: func(context.Context, gorgon.Input) (state, error) {
				return state{time.Now().Format(time.TimeOnly)}, nil
			},
		}
		site := gorgontest.Options{Synctest: true}.Open(t, app(page))
		site.Get("/").Want(200, "00:00:00").WantCache(gorgontest.Hit)
		site.Advance(2 * time.Minute)
		site.Get("/").Want(200, "00:00:00").WantCache(gorgontest.Stale)
		site.Get("/").Want(200, "00:02:00").WantCache(gorgontest.Hit)
		time.Sleep(2 * time.Minute)
		site.Get("/").Want(200, "00:02:00").WantCache(gorgontest.Stale)
		site.Get("/").Want(200, "00:04:00").WantCache(gorgontest.Hit)
	})
}

// A loader that hangs ends with its deadline, which takes no real time there.
func TestHangingGeneratorInSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		page := gorgon.Page[state]{
			Path: "/", RevalidateAfter: time.Minute, View: view, Timeout: time.Hour,
			Load: func(ctx context.Context, _ gorgon.Input) (state, error) {
				if hang.Load() {
					<-ctx.Done()
				}
				return state{"here"}, ctx.Err()
			},
		}
		site := gorgontest.Options{Synctest: true}.Open(t, app(page))
		hang.Store(true)
		site.Advance(2 * time.Minute)
		began := site.Now()
		site.Get("/").Want(200, "here").WantCache(gorgontest.Stale)
		if took := site.Now().Sub(began); took != time.Hour {
			t.Errorf("the refresh ended after %v", took)
		}
	})
}

func TestBaseAndLocales(t *testing.T) {
	site := app(gorgon.Page[state]{Path: "/about", View: view, Load: func(_ context.Context, in gorgon.Input) (state, error) {
		return state{in.Locale + in.Path}, nil
	}})
	site.Locales.Tags = []string{"en", "de"}
	s := gorgontest.Options{Base: "/docs"}.Open(t, site)
	s.Get("/docs/about").Want(200, "en/about")
	s.Get("/docs/de/about").Want(200, "de/about")
	s.Get("/about").Want(404)
	if why := s.Why("/docs/de/about"); why.Key.Locale != "de" || why.Key.Path != "/about" || why.Serves != "memory" {
		t.Errorf("Why reports %v, served from %s", why.Key, why.Serves)
	}
}

func TestVisitors(t *testing.T) {
	site := gorgontest.Open(t, club())
	site.Get("/members").Want(401, "Members only.").WantCache(gorgontest.None)
	site.Post("/join", map[string][]string{"name": {"A"}, "consent": {"yes"}}).Want(200, "Welcome")
	site.Get("/members").Want(200, "Welcome")
	other := site.Visitor()
	other.Get("/members").Want(401)
	other.Header = http.Header{"Cookie": {"member=yes"}}
	other.Get("/members").Want(200)
	t.Run("sub", func(t *testing.T) { site.With(t).Get("/members").Want(200) })
}

// If the app's origin is https, so is the site, with its cookies.
func TestSecureSite(t *testing.T) {
	secure := club()
	secure.Origin = "https://club.example"
	site := gorgontest.Open(t, secure)
	if res := site.Get("/join").Submit("Join", map[string][]string{"name": {"A"}}).Want(200, "Welcome"); res.URL.Scheme != "https" {
		t.Errorf("the page is at %s", res.URL)
	}
}

func TestSend(t *testing.T) {
	echo := app(page("/", ""))
	echo.Parts = append(echo.Parts, gorgon.Handler{Pattern: "/echo", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Set("X-Said", r.Method+" "+r.Host+" "+r.RequestURI+" "+r.Header.Get("X-Own")+" "+r.FormValue("a"))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})})
	site := gorgontest.Open(t, echo)
	r := httptest.NewRequest("PUT", "http://gorgon.test/echo?x=1", strings.NewReader("a=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Own", "mine")
	site.Send(r).Want(303).WantHeader("Location", "/").WantHeader("X-Said", "PUT gorgon.test /echo?x=1 mine b")
	followed := site.Get("/echo?x=2")
	if followed.Want(200); len(followed.Redirects) != 1 || followed.URL.Path != "/" {
		t.Errorf("it led to %s by %q", followed.URL, followed.Redirects)
	}
}

func TestLog(t *testing.T) {
	var other strings.Builder
	site := gorgontest.Options{Log: slog.New(slog.NewTextHandler(&other, nil))}.Open(t, app(gorgon.Page[state]{
		Path: "/", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
			return state{}, errors.New("no ink")
		},
	}))
	res := site.Get("/").Want(500).WantNot("no ink")
	for name, log := range map[string]string{"Log": site.Log(), "Options.Log": other.String(), "String": res.String()} {
		if !strings.Contains(log, "no ink") {
			t.Errorf("%s lacks the cause:\n%s", name, log)
		}
	}
}

// Faults of the app and of the test are reported with a hint.
func TestFaults(t *testing.T) {
	good := app(page("/", `<form><input name="q"><button>Go</button></form><a href="https://elsewhere.example/">away</a>`))
	for name, c := range map[string]struct {
		do   func(t testing.TB)
		want []string
	}{
		"an app that cannot work": {
			func(t testing.TB) { gorgontest.Open(t, gorgon.App{Name: "a"}) },
			[]string{"the app cannot work", "nothing answers requests: add a gorgon.Page"},
		},
		"a page that cannot be built": {
			func(t testing.TB) {
				gorgontest.Open(t, app(gorgon.Page[state]{Path: "/", View: view, Load: func(context.Context, gorgon.Input) (state, error) {
					return state{}, errors.New("no ink")
				}}))
			},
			[]string{"the site cannot be opened", "no ink"},
		},
		"a status": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/nowhere").Want(200) },
			[]string{"want status 200", "GET /nowhere: status 404", "the request failed", "body:"},
		},
		"a text": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Want(200, "bread") },
			[]string{`want "bread" in the body`, "GET /: status 200, Cache-Status: gorgon; hit"},
		},
		"a text too many": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").WantNot("button") },
			[]string{`want no "button"`},
		},
		"a header": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").WantHeader("X-Robots-Tag", "noindex") },
			[]string{`X-Robots-Tag is "", want "noindex"`},
		},
		"a state": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").WantCache(gorgontest.Made) },
			[]string{"want made", "gorgon; hit"},
		},
		"a malformed selector": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Find("a[") },
			[]string{`"a[" is not a CSS selector`},
		},
		"an element": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Text("h6") },
			[]string{"no element matches h6; in GET /"},
		},
		"a field": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Submit("Go", map[string][]string{"query": {""}}) },
			[]string{`the form Go has no field "query": it has q`},
		},
		"a button": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Submit("Send", nil) },
			[]string{`is named by "Send"`},
		},
		"another site": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Click("away") },
			[]string{"https://elsewhere.example/ is not on the site"},
		},
		"half a header": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/", "Accept") },
			[]string{"the last header has no value"},
		},
		"the past": {
			func(t testing.TB) { gorgontest.Open(t, good).Advance(-1) },
			[]string{"time goes forward"},
		},
		"a page that does not exist": {
			func(t testing.TB) { gorgontest.Open(t, good).Why("/nowhere") },
			[]string{"no page of the app matches /nowhere"},
		},
		"a purge of nothing": {
			func(t testing.TB) { gorgontest.Open(t, good).Purge(pages.Stale) },
			[]string{"the purge names no subject"},
		},
		"a fragment": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").Fragment("stock") },
			[]string{`no deferred fragment of the page is called "stock"`},
		},
		"JSON": {
			func(t testing.TB) { gorgontest.Open(t, good).Get("/").JSON(new(state)) },
			[]string{"the body is not JSON for a *gorgontest_test.state"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := failing(t, c.do)
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
		})
	}
}
