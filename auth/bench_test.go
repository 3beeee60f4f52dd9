// What a session costs a request.

package auth_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/render"
)

// BenchmarkLookup is a handler with the guard, one that asks who it is, and the
// bare one, each with a session that is in memory: the difference is what a
// session adds to a request.
func BenchmarkLookup(b *testing.B) {
	counted := &counting{Store: mem.NewSessions()}
	people := auth.New(auth.Options{Store: counted, Log: slog.New(slog.DiscardHandler)})
	kept, err := cache.New(cache.Config{Renderer: &render.Renderer{}, Store: mem.Open(mem.Options{}), NoSweep: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	people.Serve(ctx, kept.Coherence())
	defer func() {
		stop()
		_ = kept.Close()
	}()
	r := httptest.NewRequest(http.MethodGet, "http://club.test/members", nil)
	cookie, err := people.Issue(r, "ada")
	if err != nil {
		b.Fatal(err)
	}
	r.AddCookie(cookie)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = r.Header["Cookie"] })
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{
		{"bare", bare},
		{"who", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if who, err := people.WhoAsks(r); err != nil || who.User != "ada" {
				b.Fatal(who, err)
			}
		})},
		{"guard", people.SignedIn(bare)},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				c.handler.ServeHTTP(w, r)
			}
			if w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		})
	}
	if counted.gets > 1 {
		b.Errorf("the store was asked %d times", counted.gets)
	}
}
