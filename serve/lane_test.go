// Tests of what the lane answers, beside that it is what net/http sends.

package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// What a purge has declared out of date the lane does not send, nor what has
// become stale, and its headers are those of the moment.
func TestLaneIsAsFreshAsThePage(t *testing.T) {
	var made atomic.Int64
	s := build(t, gorgon.App{Parts: []gorgon.Part{
		gorgon.Page[state]{Path: "/a", RevalidateAfter: time.Minute, View: view, Load: func(context.Context, gorgon.Input) (state, error) {
			return state{fmt.Sprint("made ", made.Add(1))}, nil
		}},
	}}, nil)
	lane := s.Lane()
	ask := func(want string) {
		t.Helper()
		head, body, ok := lane(&listen.Simple{Path: []byte("/a")})
		if ok != (want != "") || !strings.Contains(string(body), want) {
			t.Errorf("the lane has %v %q, want %q", ok, body, want)
		}
		if res := s.get(t, "/a"); ok && (!strings.Contains(string(head), "\r\nAge: "+res.Header.Get("Age")+"\r\n") || !strings.Contains(string(head), "\r\nCache-Status: "+res.Header.Get("Cache-Status")+"\r\n")) {
			t.Errorf("%q, and the handler sends %v", head, res.Header)
		}
	}
	ask("") // it is not in memory
	ask("made 1")
	s.now.Add(int64(20 * time.Second))
	ask("made 1")
	if _, err := s.cache.Purge(t.Context(), pages.Expire, pages.PathSubject("/a")); err != nil {
		t.Fatal(err)
	}
	ask("")
	ask("made 2")
	s.now.Add(int64(time.Minute))
	ask("")
}

// A visitor who knows of a purge is answered by net/http.
func TestLaneLeavesTokens(t *testing.T) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/a")}}, nil)
	s.get(t, "/a")
	for cookie, want := range map[string]bool{"": true, "a=b": true, "a=b; gorgon-token=7": false, "gorgon-token=7": false} {
		if _, _, ok := s.Lane()(&listen.Simple{Path: []byte("/a"), Cookie: []byte(cookie)}); ok != want {
			t.Errorf("%q: %v", cookie, ok)
		}
	}
}

// A dumper is an observer that writes down all that it is told.
type dumper struct {
	mu    sync.Mutex
	lines []string
}

func (d *dumper) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	var header bytes.Buffer
	_ = r.Header.Write(&header)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	begun := fmt.Sprintf("%s %s %s %s %s %q %v %s %s %s %v %v", r.Method, r.URL, r.RequestURI, r.Proto, r.Host, header.String(), r.ContentLength, listen.Client(r), listen.Scheme(r), listen.RequestID(r),
		local != nil, listen.WriteTimeout(r) > 0 && listen.Drained(r) != nil)
	return r.Context(), func(m metrics.Request) {
		m.Took = 0
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lines = append(d.lines, fmt.Sprintf("%s: %+v", begun, m))
	}
}

func (d *dumper) Making(ctx, _ context.Context, _ string) (context.Context, func(metrics.Making)) {
	return ctx, func(metrics.Making) {}
}

// The access log and the observer learn of the answers of the lane what they
// learn of those of net/http.
func TestLaneIsReported(t *testing.T) {
	told, log := &dumper{}, &lockedBuffer{}
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/a"), page("/b")}}, func(c *serve.Config, _ *cache.Config) {
		c.Observe, c.AccessLog = told, slog.New(slog.NewTextHandler(log, nil))
	})
	tag := s.get(t, "/a", "Accept-Encoding", "br").Header.Get("Etag")
	trusted, err := listen.ParseProxies("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	varying := regexp.MustCompile(`(time|duration)=\S+`)
	var seen [2]string
	for i := range seen {
		var quick atomic.Int64
		server := &listen.Server{Handler: s, TrustedProxies: trusted}
		if i == 1 {
			server.Lane = func(q *listen.Simple) (head, body []byte, ok bool) {
				if head, body, ok = s.Lane()(q); ok {
					quick.Add(1)
				}
				return head, body, ok
			}
		}
		url, stop := run(t, server)
		before, from := len(told.lines), len(log.String())
		c := client(t, "http/1.1")
		for _, more := range [][]string{{}, {}, {"Accept-Encoding", "br"}, {"Accept-Encoding", "br", "If-None-Match", tag}, {"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}} {
			for _, method := range []string{"GET", "HEAD"} {
				r, err := http.NewRequestWithContext(t.Context(), method, url+"/a", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = "a.example"
				r.Header.Set("Accept-Encoding", "gzip")
				r.Header.Set("X-Request-Id", "mine")
				for j := 0; j < len(more); j += 2 {
					r.Header.Set(more[j], more[j+1])
				}
				res, err := c.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if quick.Load() != int64(i*9) {
			t.Errorf("the lane answers %d of 10 requests", quick.Load())
		}
		seen[i] = strings.Join(told.lines[before:], "\n") + "\n" + varying.ReplaceAllString(log.String()[from:], "")
	}
	if seen[0] != seen[1] {
		t.Errorf("without the lane is told\n%s\nand with it\n%s", seen[0], seen[1])
	}
	if strings.Count(seen[1], "203.0.113.7") < 4 || !strings.Contains(seen[1], "id=mine") {
		t.Errorf("%s", seen[1])
	}
}

// Where code of the app has to know of each request, there is no lane.
func TestNoLane(t *testing.T) {
	app := func(more ...gorgon.Part) gorgon.App {
		return gorgon.App{Parts: append([]gorgon.Part{page("/a")}, more...)}
	}
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	withMiddleware := app()
	withMiddleware.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }}
	for name, c := range map[string]struct {
		app    gorgon.App
		change func(*serve.Config, *cache.Config)
		want   bool
	}{
		"pages":               {app(), nil, true},
		"a handler":           {app(gorgon.Handler{Pattern: "/b", Handler: handler}), nil, true},
		"a handler of any":    {app(gorgon.Handler{Pattern: "/{any}/x", Handler: handler}), nil, false},
		"middleware":          {withMiddleware, nil, false},
		"an access log":       {app(), func(c *serve.Config, _ *cache.Config) { c.AccessLog = slog.New(slog.NewTextHandler(io.Discard, nil)) }, true},
		"an observer":         {app(), func(c *serve.Config, _ *cache.Config) { c.Observe = &observer{} }, true},
		"a base path":         {app(), func(c *serve.Config, _ *cache.Config) { c.Base = "/docs" }, true},
		"the store is needed": {app(), func(c *serve.Config, _ *cache.Config) { c.RequireStore = true }, true},
	} {
		if got := build(t, c.app, c.change).Lane() != nil; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
