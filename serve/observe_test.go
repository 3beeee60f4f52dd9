// Tests of what an observer learns about requests.

package serve_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/serve"
)

type spanKey struct{}

// An observer writes down what it is told, and marks contexts.
type observer struct{ told []metrics.Request }

func (o *observer) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	return context.WithValue(r.Context(), spanKey{}, r.URL.Path), func(q metrics.Request) { o.told = append(o.told, q) }
}

func (o *observer) Making(ctx, cause context.Context, _ string) (context.Context, func(metrics.Making)) {
	return ctx, func(metrics.Making) {}
}

func TestRequestsAreTold(t *testing.T) {
	o := &observer{}
	var span any
	s := build(t, gorgon.App{
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/p/{id}", Incremental: true, RevalidateAfter: time.Hour, Load: where, View: view},
			gorgon.Page[state]{Path: "/now", View: view, LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (state, error) {
				span = ctx.Value(spanKey{})
				return state{"now"}, nil
			}},
			gorgon.Handler{Pattern: "POST /form/{name}", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, "made")
			})},
			gorgon.Handler{Pattern: "/silent", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
			gorgon.Handler{Pattern: "/cut", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
			gorgon.Handler{Pattern: "/half", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half")
				panic("at the disco")
			})},
		},
	}, func(c *serve.Config, _ *cache.Config) {
		c.Observe = o
		c.Files = func(path string) (answer.File, bool) {
			return answer.File{ContentType: "text/plain", Data: []byte("people")}, path == "/humans.txt"
		}
	})
	size := int64(len(text(t, s.get(t, "/p/0"))))
	for _, c := range []struct {
		method, target string
		after          time.Duration
		want           metrics.Request // but for Took; Bytes -1: some
	}{
		{"GET", "/p/1?secret=1", 0, metrics.Request{Method: "GET", Route: "/p/{id}", Status: 200, Cache: "made", Bytes: size}},
		{"GET", "/p/1", 0, metrics.Request{Method: "GET", Route: "/p/{id}", Status: 200, Cache: "hit", Bytes: size}},
		{"HEAD", "/p/1", 0, metrics.Request{Method: "HEAD", Route: "/p/{id}", Status: 200, Cache: "hit"}},
		{"GET", "/p/1", 2 * time.Hour, metrics.Request{Method: "GET", Route: "/p/{id}", Status: 200, Cache: "stale", Bytes: size}},
		{"GET", "/now", 0, metrics.Request{Method: "GET", Route: "/now", Status: 200, Cache: "bypass", Bytes: -1}},
		{"PUT", "/now", 0, metrics.Request{Method: "PUT", Route: "/now", Status: 405, Cache: "none", Bytes: -1}},
		{"GET", "/humans.txt", 0, metrics.Request{Method: "GET", Route: "file", Status: 200, Cache: "none", Bytes: 6}},
		{"POST", "/form/ada", 0, metrics.Request{Method: "POST", Route: "POST /form/{name}", Status: 201, Cache: "none", Bytes: 4}},
		{"BREW", "/silent", 0, metrics.Request{Method: "OTHER", Route: "/silent", Status: 200, Cache: "none"}},
		{"GET", "/none/of/these", 0, metrics.Request{Method: "GET", Status: 404, Cache: "none", Bytes: -1}},
		{"GET", "/_gorgon/none", 0, metrics.Request{Method: "GET", Route: "/_gorgon/", Status: 404, Cache: "none", Bytes: -1}},
		{"GET", "/cut", 0, metrics.Request{Method: "GET", Route: "/cut", Cut: true, Cache: "none"}},
		{"GET", "/half", 0, metrics.Request{Method: "GET", Route: "/half", Status: 200, Cut: true, Cache: "none", Bytes: 4}},
	} {
		o.told = nil
		s.now.Add(int64(c.after))
		func() {
			defer func() { _ = recover() }()
			s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c.method, c.target, nil))
		}()
		if len(o.told) != 1 {
			t.Errorf("%s %s: told %d times, want once", c.method, c.target, len(o.told))
			continue
		}
		got := o.told[0]
		if c.want.Bytes < 0 && got.Bytes > 0 {
			got.Bytes = -1
		}
		if got.Took <= 0 {
			t.Errorf("%s %s took %v", c.method, c.target, got.Took)
		}
		got.Took = 0
		if got != c.want {
			t.Errorf("%s %s: told\n%+v, want\n%+v", c.method, c.target, got, c.want)
		}
	}
	if span != "/now" {
		t.Errorf("the generator sees %v by the observer, want /now", span)
	}
	o.told = nil
	for _, path := range []string{"/livez", "/readyz", "/startupz"} {
		s.get(t, path)
	}
	if len(o.told) > 0 {
		t.Errorf("questions about health are told: %v", o.told)
	}
}

// Whatever visitors ask for, what is told has no more values than the app has
// patterns.
func TestRoutesAreBounded(t *testing.T) {
	o := &observer{}
	s := build(t, gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts:   []gorgon.Part{gorgon.Page[state]{Path: "/p/{id}", Incremental: true, Load: where, View: view}},
	}, func(c *serve.Config, _ *cache.Config) { c.Observe = o })
	for _, prefix := range []string{"/p/", "/de/p/", "/x/", "/_gorgon/", "/p/a/", "/p//"} {
		for _, name := range strings.Split("a b c d e %2f %00 .. é", " ") {
			r := httptest.NewRequest("GET", "/", nil)
			r.URL.Path, r.Method = prefix+name, "M"+strings.ToUpper(name)
			s.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	var routes []string
	for _, q := range o.told {
		if !slices.Contains(routes, q.Route) {
			routes = append(routes, q.Route)
		}
		if q.Method != "OTHER" {
			t.Errorf("method %q", q.Method)
		}
	}
	slices.Sort(routes)
	if want := []string{"", "/_gorgon/", "/p/{id}"}; !slices.Equal(routes, want) {
		t.Errorf("routes %q, want %q", routes, want)
	}
}
