// The error view, for code that is not the framework's.

package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
)

func TestFail(t *testing.T) {
	forbid := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "members only"})
		})
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, gorgon.NotFound()) })
	middle := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Stop") != "" {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnavailable})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	view := func(string) gorgon.Component { return gorgon.Text("secret") }
	s := build(t, gorgon.App{
		Name:  "test",
		Error: func(f gorgon.Failure) gorgon.Component { return gorgon.Text("view of " + f.Title + " " + f.Message) },
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/secret", View: view, Guards: []func(http.Handler) http.Handler{forbid}},
			gorgon.Handler{Pattern: "/api/", Handler: handler},
		},
		Middleware: []func(http.Handler) http.Handler{middle},
	}, nil)
	for _, c := range []struct {
		path, stop, want string
		status           int
	}{
		{"/secret", "", "view of Forbidden members only", 403},
		{"/api/x", "", "view of Not Found", 404},
		{"/secret", "yes", "view of Service Unavailable", 503},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Header.Set("Stop", c.stop)
		if c.stop == "" {
			r.Header.Del("Stop")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %d %v %s", c.path, w.Code, w.Header(), w.Body)
		}
	}
	w := httptest.NewRecorder()
	serve.Fail(w, httptest.NewRequest("GET", "/", nil), gorgon.NotFound())
	if w.Code != 404 {
		t.Errorf("outside of an app: %d", w.Code)
	}
}
