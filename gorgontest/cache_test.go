// Caches under test.

package gorgontest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// A market is an app that shows a value of a cache everywhere: in pages of each
// strategy, in a fragment, a resource, a handler, a guard and middleware.
type market struct {
	loads atomic.Int64
	rates gorgon.Cache[string, int64]
}

func (m *market) app() gorgon.App {
	m.rates = gorgon.Cache[string, int64]{
		Name: "rates", RevalidateAfter: time.Hour, Tags: func(int64) []string { return []string{"rates"} },
		Load: func(context.Context, string) (int64, error) { return m.loads.Add(1), nil },
	}
	load := func(ctx context.Context, _ gorgon.Input) (int64, error) { return m.rates.Get(ctx, "EUR") }
	request := func(ctx context.Context, _ gorgon.Input, _ *http.Request) (int64, error) {
		return m.rates.Get(ctx, "EUR")
	}
	view := func(n int64) gorgon.Component { return gorgon.Text(fmt.Sprintf("load %d", n)) }
	write := func(w http.ResponseWriter, r *http.Request) {
		n, err := m.rates.Get(r.Context(), "EUR")
		fmt.Fprint(w, "load ", n, err)
	}
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := m.rates.Get(r.Context(), "EUR"); err != nil {
				panic(err)
			}
			next.ServeHTTP(w, r)
		})
	}
	part := gorgon.Fragment[int, int64]{Name: "rate", View: view, Load: func(ctx context.Context, _ gorgon.Input, _ int) (int64, error) { return m.rates.Get(ctx, "EUR") }}
	return gorgon.App{
		Name: "market", Middleware: []func(http.Handler) http.Handler{guard},
		Parts: []gorgon.Part{
			m.rates, part,
			gorgon.Page[int64]{Path: "/built", Load: load, View: view},
			gorgon.Page[int64]{Path: "/guarded", Load: load, View: view, Guards: []func(http.Handler) http.Handler{guard}},
			gorgon.Page[int64]{Path: "/request", LoadRequest: request, View: view},
			gorgon.Page[int64]{Path: "/part", View: func(int64) gorgon.Component { return part.Use(1) }},
			gorgon.Resource[int64]{Path: "/resource.json", Load: load},
			gorgon.Handler{Pattern: "GET /handler", Handler: http.HandlerFunc(write)},
			gorgon.Page[int64]{Path: "/paths/{id}", Load: load, View: view, Paths: func(ctx context.Context, _ gorgon.Input) ([]string, error) {
				n, err := m.rates.Get(ctx, "EUR")
				return []string{fmt.Sprint("/paths/", n)}, err
			}},
		},
	}
}

// All code of the app finds its caches, a build loads a value once for all that
// ask, and what a purge makes new is new everywhere.
func TestCachesAreFoundEverywhere(t *testing.T) {
	m := new(market)
	site := gorgontest.Open(t, m.app())
	if n := m.loads.Load(); n != 1 {
		t.Fatalf("the build loaded %d times", n)
	}
	paths := []string{"/built", "/guarded", "/request", "/part", "/handler"}
	for _, path := range append(paths, "/paths/1") {
		want := "load 1"
		if slices.Contains([]string{"/request", "/handler"}, path) {
			want = "load 2" // the seed has pages, and no values
		}
		site.Get(path).Want(200, want)
	}
	site.Get("/resource.json").Want(200, "1")
	site.Purge(pages.Stale, pages.TagSubject("rates"))
	for _, path := range paths {
		site.Get(path) // may be stale
	}
	for _, path := range paths {
		site.Get(path).Want(200, "load 3")
	}
	if n, err := m.rates.Get(site.Context(), "EUR"); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	site.Advance(2 * time.Hour)
	site.Get("/built").WantCache(gorgontest.Stale)
	site.Get("/built").Want(200, "load 4").WantCache(gorgontest.Hit)
	if r := site.WhyCache("rates", "EUR"); r.Phase != "fresh" || r.Serves != "memory" || r.Strategy[0] != "loaded when asked" {
		t.Errorf("%+v", r)
	}
}

// Two sites on one store share the values.
func TestCachesOfTwoInstances(t *testing.T) {
	store := mem.Open(mem.Options{})
	defer store.Close()
	m := new(market)
	app := m.app()
	o := gorgontest.Options{Store: store, Lazy: true}
	a, b := o.Open(t, app), o.Open(t, app)
	before := m.loads.Load()
	for _, s := range []*gorgontest.Site{a, b} {
		if n, err := m.rates.Get(s.Context(), "GBP"); n != before+1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	a.Purge(pages.Expire, pages.TagSubject("cache:rates"))
	if n, err := m.rates.Get(b.Context(), "GBP"); n != before+2 || err != nil {
		t.Errorf("after a purge: %d, %v", n, err)
	}
}
