package serve_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
)

// A batch of jobs is run for who may ask for it, and for no other; where more is
// due the answer says that it can be asked for at once.
func TestTick(t *testing.T) {
	app := gorgon.App{Name: "a", Parts: []gorgon.Part{gorgon.Handler{Pattern: "GET /x", Handler: http.NotFoundHandler()}}}
	runs := 0
	batch, fault := metrics.Batch{Next: -1}, error(nil)
	h, err := serve.New(serve.Config{
		App: app, Renderer: &render.Renderer{App: app}, MayTick: serve.WithKey("key"),
		Tick: func(context.Context) (metrics.Batch, error) { runs++; return batch, fault },
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, key string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/_gorgon/tick", nil)
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, key := range []string{"", "other", "key "} {
		if w := ask("POST", key); w.Code != 403 || runs != 0 {
			t.Errorf("with the key %q: %d, %d batches", key, w.Code, runs)
		}
	}
	if w := ask("GET", "key"); w.Code != 405 || runs != 0 {
		t.Errorf("GET: %d, %d batches", w.Code, runs)
	}
	if w := ask("POST", "key"); w.Code != 200 || runs != 1 || w.Header().Get("Retry-After") != "" || w.Body.String() != `{"ran":0,"failed":0,"due":0,"next":-1}` ||
		!strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("%d %v %s, %d batches", w.Code, w.Header(), w.Body, runs)
	}
	batch.Due = 2
	if w := ask("POST", "key"); w.Code != 200 || w.Header().Get("Retry-After") != "0" {
		t.Errorf("more is due: %d %v", w.Code, w.Header())
	}
	fault = errors.New("the database at 10.0.0.1 is away")
	if w := ask("POST", "key"); w.Code != 503 || strings.Contains(w.Body.String(), "10.0.0.1") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
