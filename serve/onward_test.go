// Redirects of forms that the browser runtime submits.

package serve_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

func TestRedirectsOfFormsCanBeReadByTheRuntime(t *testing.T) {
	handler := func(pattern string, f http.HandlerFunc, guards ...func(http.Handler) http.Handler) gorgon.Part {
		return gorgon.Handler{Pattern: pattern, Handler: f, Guards: guards}
	}
	to := func(status int, location string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			http.Redirect(w, r, location, status)
			_, _ = w.Write([]byte("see there"))
		}
	}
	away := func(http.Handler) http.Handler { return to(http.StatusFound, "/login") }
	var access lockedBuffer
	s := build(t, gorgon.App{Name: "test", Parts: []gorgon.Part{
		page("/"), handler("POST /own", func(w http.ResponseWriter, r *http.Request) { serve.Redirect(w, r, "/there?x=1#y") }),
		handler("POST /raw", to(http.StatusSeeOther, "https://other.example/")),
		handler("POST /kept", to(http.StatusTemporaryRedirect, "/raw")),
		handler("POST /nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }),
		handler("POST /closed", to(http.StatusOK, "/"), away),
		handler("GET /get", to(http.StatusSeeOther, "/raw")),
		handler("POST /body", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("body")) }),
	}}, func(c *serve.Config, _ *cache.Config) { c.AccessLog = slog.New(slog.NewJSONHandler(&access, nil)) })
	for _, c := range []struct {
		method, path    string
		status          int
		location, plain string // without the header the same location and that status
	}{
		{"POST", "/own", 204, "/there?x=1#y", "303"},
		{"POST", "/raw", 204, "https://other.example/", "303"},
		{"POST", "/kept", 307, "/raw", "307"},
		{"POST", "/nowhere", 302, "", "302"},
		{"POST", "/closed", 204, "/login", "302"},
		{"GET", "/get", 303, "/raw", "303"},
		{"POST", "/body", 200, "", "200"},
	} {
		res := s.ask(t, c.method, c.path, "Gorgon-Form", "1")
		body := text(t, res)
		if res.StatusCode != c.status || res.Header.Get("Location") != c.location {
			t.Errorf("%s: %s, to %q", c.path, res.Status, res.Header.Get("Location"))
		}
		if line := access.String(); c.status == 204 && !strings.Contains(line[strings.LastIndex(line, `"path"`):], `"status":`+c.plain) {
			t.Errorf("%s: the log does not say %s: %s", c.path, c.plain, line)
		}
		if c.status == 204 && (body != "" || res.Header.Get("Content-Type") != "") {
			t.Errorf("%s: %v with the body %q", c.path, res.Header, body)
		}
		if c.path == "/body" && body != "body" {
			t.Errorf("the body is %q", body)
		}
		if res = s.ask(t, c.method, c.path); !strings.HasPrefix(res.Status, c.plain) || res.Header.Get("Location") != c.location {
			t.Errorf("%s from a browser: %s, to %q", c.path, res.Status, res.Header.Get("Location"))
		}
	}
}
