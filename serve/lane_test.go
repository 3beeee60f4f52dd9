// Tests of what the lane answers, beside that it is what net/http sends.

package serve_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
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

// Where code of the app or a report has to know of each request, there is no
// lane.
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
		"an access log":       {app(), func(c *serve.Config, _ *cache.Config) { c.AccessLog = slog.New(slog.NewTextHandler(io.Discard, nil)) }, false},
		"an observer":         {app(), func(c *serve.Config, _ *cache.Config) { c.Observe = &observer{} }, false},
		"a base path":         {app(), func(c *serve.Config, _ *cache.Config) { c.Base = "/docs" }, true},
		"the store is needed": {app(), func(c *serve.Config, _ *cache.Config) { c.RequireStore = true }, true},
	} {
		if got := build(t, c.app, c.change).Lane() != nil; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
