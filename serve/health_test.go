// Tests of health: who is told what, and when it is 503.

package serve_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

func TestHealth(t *testing.T) {
	down := errors.New("/app/shop.seed: 3 of 9 files are not checked yet")
	noStore := func(c *cache.Config) { c.Store, c.NoStore = nil, "postgres://db.internal: connection refused" }
	for _, c := range []struct {
		name    string
		started error
		noStore bool
		require bool
		path    string
		status  int
		body    string
	}{
		{"alive", nil, false, false, "/livez", 200, "alive\n"},
		{"alive though nothing else works", down, true, true, "/livez", 200, "alive\n"},
		{"started", nil, true, true, "/startupz", 200, "started\n"},
		{"starting", down, false, false, "/startupz", 503, "not started: starting\n"},
		{"ready", nil, false, false, "/readyz", 200, "ready\n"},
		{"ready before it has started", down, false, false, "/readyz", 503, "not ready: starting\n"},
		{"degraded", nil, true, false, "/readyz", 200, "ready, degraded: the store cannot be used\n"},
		{"without a store it needs", nil, true, true, "/readyz", 503, "not ready: the store cannot be used\n"},
		{"without anything", down, true, true, "/readyz", 503, "not ready: starting, the store cannot be used\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			middleware := func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
			}
			s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}, Middleware: []func(http.Handler) http.Handler{middleware}}, func(config *serve.Config, kept *cache.Config) {
				config.Base = "/docs"
				config.RequireStore = c.require
				config.Started = func() error { return c.started }
				config.Details = serve.WithKey("secret")
				if c.noStore {
					noStore(kept)
				}
			})
			res := s.get(t, c.path)
			want(t, res, c.status, "Cache-Control", "private, no-store", "Content-Type", "text/plain; charset=utf-8")
			if got := text(t, res); got != c.body {
				t.Errorf("it says %q, want %q", got, c.body)
			}
			if got := text(t, s.ask(t, "HEAD", c.path)); got != "" {
				t.Errorf("HEAD has a body: %q", got)
			}
			want(t, s.ask(t, "POST", c.path), http.StatusTeapot)

			res = s.get(t, c.path, "Authorization", "Bearer secret")
			want(t, res, c.status, "Cache-Control", "private, no-store", "Content-Type", "application/json")
			var detail struct {
				OK     bool
				Says   string
				App    string
				Build  string
				Checks []struct{ Name, Reason string }
			}
			if err := json.Unmarshal([]byte(text(t, res)), &detail); err != nil {
				t.Fatal(err)
			}
			if detail.OK != (c.status == 200) || detail.Says+"\n" != c.body || detail.App != "test" || detail.Build != "b1" {
				t.Errorf("details: %+v", detail)
			}
			reasons := ""
			for _, check := range detail.Checks {
				reasons += check.Reason
			}
			if (c.path == "/readyz" && c.noStore) != strings.Contains(reasons, "db.internal") ||
				(c.path != "/livez" && c.started != nil) != strings.Contains(reasons, "shop.seed") {
				t.Errorf("reasons: %q", reasons)
			}
		})
	}
}

func TestDetailsAreForThoseWithTheKey(t *testing.T) {
	for _, c := range []struct {
		key    string
		header []string
		told   bool
	}{
		{"secret", []string{"Authorization", "Bearer secret"}, true},
		{"secret", nil, false},
		{"secret", []string{"Authorization", "Bearer secre"}, false},
		{"secret", []string{"Authorization", "Bearer secrets"}, false},
		{"secret", []string{"Authorization", "Basic secret"}, false},
		{"secret", []string{"Authorization", "secret"}, false},
		{"", nil, false},
		{"", []string{"Authorization", "Bearer "}, false},
		{"", []string{"Authorization", ""}, false},
	} {
		s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, func(config *serve.Config, _ *cache.Config) {
			config.Details = serve.WithKey(c.key)
		})
		if told := s.get(t, "/readyz", c.header...).Header.Get("Content-Type") == "application/json"; told != c.told {
			t.Errorf("key %q, %q: told is %v", c.key, c.header, told)
		}
	}
}
