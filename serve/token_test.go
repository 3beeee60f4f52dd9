// Tests of tokens and readiness.

package serve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// numbered is a page that shows a number, and a handler that changes it.
func numbered(verb pages.Verb) (gorgon.App, *atomic.Int64) {
	n := new(atomic.Int64)
	return gorgon.App{
		Parts: []gorgon.Part{gorgon.Page[int64]{
			Path: "/",
			Load: func(context.Context, gorgon.Input) (int64, error) { return n.Load(), nil },
			View: func(v int64) gorgon.Component { return gorgon.Text(fmt.Sprint("number ", v)) },
		},
			gorgon.Handler{Pattern: "POST /change", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				if _, err := serve.Purge(w, r, verb, pages.PathSubject("/")); err != nil {
					serve.Fail(w, r, err)
					return
				}
				http.Redirect(w, r, "/", http.StatusSeeOther)
			})}},
	}, n
}

// Who has changed something sees it changed, and others may see the old page
// once more.
func TestWhoPurgesSeesTheNewPage(t *testing.T) {
	app, _ := numbered(pages.Stale)
	s := build(t, app, nil)
	for n := range 3 {
		s.get(t, "/")
		res := s.ask(t, "POST", "/change")
		want(t, res, 303, "Cache-Control", "private, no-store")
		cookie := res.Header.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, fmt.Sprintf("gorgon-token=%d; Path=/; Max-Age=60; HttpOnly", n+1)) {
			t.Fatalf("the cookie is %q", cookie)
		}
		for _, c := range []struct{ name, value string }{{"Cookie", "a=b; " + cookie[:strings.IndexByte(cookie, ';')]}, {"Gorgon-Token", fmt.Sprint(n + 1)}} {
			res := s.ask(t, "GET", "/", c.name, c.value)
			if got := text(t, res); !strings.Contains(got, fmt.Sprint("number ", n+1)) {
				t.Errorf("with %s %s: %s, %s", c.name, c.value, got, res.Header.Get("Cache-Status"))
			}
		}
		want(t, s.get(t, "/"), 200, "Cache-Status", "gorgon; hit")
	}
	res := s.ask(t, "POST", "/change")
	if old := text(t, s.get(t, "/")); res.StatusCode != 303 || !strings.Contains(old, "number 3") {
		t.Errorf("who knows of no purge gets %s", old)
	}
}

// A token without a purge costs one check of the store.
func TestForgedTokens(t *testing.T) {
	app, _ := numbered(pages.Stale)
	s := build(t, app, nil)
	s.get(t, "/")
	for _, token := range []string{"9007199254740991", "18446744073709551615", "-1", "x", "", "1e3"} {
		want(t, s.ask(t, "GET", "/", "Gorgon-Token", token), 200, "Cache-Status", "gorgon; hit")
		want(t, s.ask(t, "GET", "/", "Cookie", "gorgon-token="+token), 200, "Cache-Status", "gorgon; hit")
	}
	s.ask(t, "POST", "/change")
	s.get(t, "/")
	s.ask(t, "GET", "/", "Gorgon-Token", "1")
	want(t, s.get(t, "/"), 200, "Cache-Status", "gorgon; hit")
}

func TestPurgeOutsideAHandler(t *testing.T) {
	r, _ := http.NewRequest("GET", "/", nil)
	if _, err := serve.Purge(nil, r, pages.Stale, pages.All); err == nil || !strings.Contains(err.Error(), "handler") {
		t.Errorf("the error is %v", err)
	}
}

// away is a store whose server is down.
type away struct{ pages.Store }

var errAway = errors.New("connection refused")

func (away) Get(context.Context, pages.Key) (pages.Record, error) { return pages.Record{}, errAway }

func TestReady(t *testing.T) {
	app, _ := numbered(pages.Stale)
	body := func(s *site, status int, said string) {
		t.Helper()
		res := s.get(t, "/readyz")
		want(t, res, status, "Cache-Control", "private, no-store", "Content-Type", "text/plain; charset=utf-8")
		if got := text(t, res); got != said {
			t.Errorf("it says %q", got)
		}
	}
	body(build(t, app, nil), 200, "ready\n")
	down := func(c *cache.Config) { c.Store = away{mem.Open(mem.Options{})} }
	body(build(t, app, func(_ *serve.Config, c *cache.Config) { down(c) }), 200, "ready, degraded: the store cannot be used\n")
	body(build(t, app, func(s *serve.Config, c *cache.Config) { s.RequireStore, s.Base = true, "/b"; down(c) }), 503, "not ready: the store cannot be used\n")
}

// Values of caches obey tokens as pages do, in handlers and in pages with
// LoadRequest.
func TestTokensAndValues(t *testing.T) {
	var loads atomic.Int64
	numbers := gorgon.Cache[string, int64]{Name: "numbers", Load: func(context.Context, string) (int64, error) { return loads.Add(1), nil }}
	app := gorgon.App{Parts: []gorgon.Part{
		numbers,
		gorgon.Handler{Pattern: "GET /handler", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := numbers.Get(r.Context(), "handler")
			fmt.Fprint(w, "number ", n, " ", err)
		})},
		gorgon.Page[int64]{
			Path: "/page", View: func(v int64) gorgon.Component { return gorgon.Text(fmt.Sprint("number ", v, " ")) },
			LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (int64, error) {
				return numbers.Get(ctx, "page")
			},
		},
		gorgon.Handler{Pattern: "POST /change", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := serve.Purge(w, r, pages.Stale, pages.TagSubject("cache:numbers")); err != nil {
				serve.Fail(w, r, err)
			}
		})},
	}}
	s := build(t, app, nil)
	for _, path := range []string{"/handler", "/page"} {
		s.get(t, path)
		was := loads.Load()
		if got := text(t, s.get(t, path)); !strings.Contains(got, fmt.Sprintf("number %d ", was)) {
			t.Fatalf("%s: %s", path, got)
		}
		cookie, _, _ := strings.Cut(s.ask(t, "POST", "/change").Header.Get("Set-Cookie"), ";")
		if got := text(t, s.ask(t, "GET", path, "Cookie", cookie)); strings.Contains(got, fmt.Sprintf("number %d ", was)) || !strings.Contains(got, "number") {
			t.Errorf("%s with the token has what was purged: %s", path, got)
		}
	}
}
