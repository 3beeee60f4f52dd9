// Tests of kept pages: headers, codings, conditions, freshness.

package serve_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

const public = "public, max-age=0, must-revalidate"

func TestBuiltPage(t *testing.T) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{gorgon.Page[state]{Path: "/", Load: long, View: view}}}, nil)
	first := s.get(t, "/")
	want(t, first, 200, "Cache-Control", public, "Cache-Status", "gorgon; fwd=uri-miss; stored", "Vary", "Accept-Encoding",
		"CDN-Cache-Control", "", "Age", "", "Set-Cookie", "", "Accept-Ranges", "", "Last-Modified", "Wed, 06 May 2026 07:08:09 GMT",
		"Content-Type", "text/html; charset=utf-8", "X-Content-Type-Options", "nosniff", "Referrer-Policy", "strict-origin-when-cross-origin")
	if !strings.Contains(first.Header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Error("no Content-Security-Policy")
	}
	plain := text(t, first)
	want(t, s.get(t, "/"), 200, "Cache-Status", "gorgon; hit")

	tags := map[string]bool{first.Header.Get("ETag"): true}
	for _, c := range []string{"gzip", "br", "zstd"} {
		res := s.get(t, "/", "Accept-Encoding", c)
		want(t, res, 200, "Content-Encoding", c, "Vary", "Accept-Encoding")
		if got := text(t, res); got != plain {
			t.Errorf("%s decodes to other bytes", c)
		}
		tag := res.Header.Get("ETag")
		if tags[tag] || strings.HasPrefix(tag, "W/") {
			t.Errorf("%s: the tag %s is not its own", c, tag)
		}
		tags[tag] = true

		head := s.ask(t, "HEAD", "/", "Accept-Encoding", c)
		if len(text(t, &http.Response{Body: head.Body, Header: http.Header{}})) != 0 {
			t.Error("HEAD has a body")
		}
		for name := range res.Header {
			want(t, head, 200, name, res.Header.Get(name))
		}

		for name, status := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, first.Header.Get("ETag"): 200} {
			res := s.get(t, "/", "Accept-Encoding", c, "If-None-Match", name)
			want(t, res, status, "Cache-Control", public, "ETag", tag, "Vary", "Accept-Encoding", "Last-Modified", "Wed, 06 May 2026 07:08:09 GMT")
			if status == 304 {
				want(t, res, 304, "Content-Type", "", "Content-Length", "", "Content-Encoding", "", "Cache-Status", "gorgon; hit")
			}
		}
	}
	want(t, s.get(t, "/", "If-Match", `"no"`), 412, "Cache-Control", "private, no-store", "ETag", "", "Cache-Status", "")
	want(t, s.get(t, "/", "Range", "bytes=0-5"), 200)
}

func TestFreshness(t *testing.T) {
	var calls atomic.Int64
	var broken atomic.Bool
	app := gorgon.App{Parts: []gorgon.Part{gorgon.Page[state]{
		Path: "/p/{id}", Incremental: true, RevalidateAfter: 100 * time.Second, StaleFor: time.Hour, View: view,
		Load: func(_ context.Context, in gorgon.Input) (state, error) {
			calls.Add(1)
			if broken.Load() {
				return state{}, errors.New("secret cause")
			}
			return state{in.Path}, nil
		},
		Tags: func(state) []string { return []string{"a b", "ü"} },
	}}}
	step := func(s *site, d time.Duration) { s.now.Add(int64(d)) }

	s := build(t, app, nil)
	want(t, s.get(t, "/p/1"), 200, "Cache-Status", "gorgon; fwd=uri-miss; stored")
	step(s, 10*time.Second)
	res := s.get(t, "/p/1")
	status := res.Header.Get("Cache-Status")
	if !strings.HasPrefix(status, "gorgon; hit; ttl=") || strings.Contains(status, "-") {
		t.Errorf("Cache-Status: %q", status)
	}
	want(t, res, 200, "Age", "10", "Cache-Control", public, "CDN-Cache-Control", "", "Cache-Tag", "")
	broken.Store(true)
	step(s, 110*time.Second)
	before := calls.Load()
	res = s.ask(t, "HEAD", "/p/1")
	want(t, res, 200, "Age", "120")
	if status := res.Header.Get("Cache-Status"); !strings.HasPrefix(status, "gorgon; hit; ttl=-") || !strings.HasSuffix(status, "; detail=stale") {
		t.Errorf("Cache-Status: %q", status)
	}
	for _, header := range []string{"Sec-Purpose", "Purpose"} {
		want(t, s.get(t, "/p/1", header, "prefetch;prerender"), 200)
	}
	time.Sleep(20 * time.Millisecond)
	if calls.Load() != before {
		t.Error("HEAD or a prefetch made the page again")
	}

	app.CDN = &gorgon.CDN{TagHeader: "cache-tag"}
	s = build(t, app, nil)
	broken.Store(false)
	s.get(t, "/p/%C3%A4%20x")
	res = s.get(t, "/p/%C3%A4%20x")
	want(t, res, 200, "Age", "", "Cache-Tag", "all,route:/p/{id},path:/p/%C3%A4%20x,a%20b,%C3%BC")
	edge := res.Header.Get("CDN-Cache-Control")
	if !strings.HasPrefix(edge, "max-age=") || !strings.HasSuffix(edge, ", stale-while-revalidate=3600, stale-if-error=31536000") {
		t.Errorf("CDN-Cache-Control: %q", edge)
	}
	step(s, 120*time.Second)
	res = s.ask(t, "HEAD", "/p/%C3%A4%20x")
	if edge := res.Header.Get("CDN-Cache-Control"); !strings.HasPrefix(edge, "max-age=1, stale-while-revalidate=35") {
		t.Errorf("CDN-Cache-Control: %q", edge)
	}
	app.CDN.TagHeader = "Surrogate-Key"
	s = build(t, app, nil)
	want(t, s.get(t, "/p/1"), 200, "Surrogate-Key", "all route:/p/{id} path:/p/1 a%20b %C3%BC")
	want(t, s.get(t, "/nowhere"), 404, "Surrogate-Key", "", "CDN-Cache-Control", "", "Cache-Control", "private, no-store")
	want(t, s.get(t, "/p/1", "If-Match", `"x"`), 412, "Surrogate-Key", "", "CDN-Cache-Control", "")
}

func TestPurgedPageIsStale(t *testing.T) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, nil)
	s.get(t, "/")
	if _, err := s.cache.Purge(t.Context(), pages.Stale, pages.All); err != nil {
		t.Fatal(err)
	}
	want(t, s.ask(t, "HEAD", "/"), 200, "Cache-Status", "gorgon; hit; ttl=0; detail=stale")
}

func TestDegraded(t *testing.T) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, func(_ *serve.Config, c *cache.Config) {
		c.Store, c.NoStore = nil, "it cannot be opened"
	})
	want(t, s.get(t, "/"), 200, "Cache-Status", "gorgon; fwd=uri-miss; detail=degraded")
	want(t, s.get(t, "/"), 200, "Cache-Status", "gorgon; hit; detail=degraded")
}

func TestPageHeaders(t *testing.T) {
	s := build(t, gorgon.App{
		CDN: &gorgon.CDN{},
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/own", Load: where, View: view, Headers: func(state) http.Header {
				return http.Header{"cache-control": {"no-cache"}, "vary": {"Accept-Language"}, "Link": {"</x>; rel=preload"}}
			}},
			gorgon.Page[state]{Path: "/cookie", Load: where, View: view, Headers: func(state) http.Header {
				return http.Header{"Set-Cookie": {"a=b"}}
			}},
			gorgon.Page[state]{Path: "/moved", View: view, Load: func(context.Context, gorgon.Input) (state, error) {
				return state{}, gorgon.RedirectPermanently("/own")
			}},
			gorgon.Page[state]{Path: "/gone", View: view, Load: func(context.Context, gorgon.Input) (state, error) {
				return state{}, gorgon.Gone()
			}},
			page("/plain"),
		},
		Headers: http.Header{"referrer-policy": {""}, "X-Content-Type-Options": {"other"}, "X-Own": {"1", "2"}},
	}, nil)
	want(t, s.get(t, "/own"), 200, "Cache-Control", "no-cache", "Vary", "Accept-Encoding, Accept-Language", "CDN-Cache-Control", "", "Link", "</x>; rel=preload",
		"Referrer-Policy", "", "X-Content-Type-Options", "other", "X-Own", "1 | 2")
	want(t, s.get(t, "/cookie"), 500, "Set-Cookie", "", "Cache-Control", "private, no-store")
	for range 2 {
		want(t, s.get(t, "/moved", "If-None-Match", "*"), 308, "Location", "/own", "Cache-Control", public, "Content-Length", "0", "CDN-Cache-Control", "max-age=31536000")
		want(t, s.get(t, "/gone"), 410, "Cache-Control", "private, no-store")
	}
	want(t, s.get(t, "/plain"), 200, "CDN-Cache-Control", "max-age=31536000")
}

func TestManyAtOnce(t *testing.T) {
	s := build(t, gorgon.App{CDN: &gorgon.CDN{TagHeader: "Cache-Tag"}, Parts: []gorgon.Part{gorgon.Page[state]{
		Path: "/p/{id}", Incremental: true, RevalidateAfter: 5 * time.Second, View: view, Load: long,
	}}}, nil)
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			coding := []string{"", "gzip", "br", "zstd"}[i%4]
			for range 100 {
				res := s.get(t, "/p/1", "Accept-Encoding", coding)
				if res.StatusCode != 200 || res.Header.Get("Content-Encoding") != coding {
					t.Errorf("%s: %d %v", coding, res.StatusCode, res.Header)
				}
				s.now.Add(int64(20 * time.Millisecond))
			}
		})
	}
	work.Wait()
}
