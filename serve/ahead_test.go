// What browsers fetch ahead of a click.

package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
)

// A page that could not be shown from what is fetched ahead is neither made nor
// asked for at its guard, and the answer tells nothing of it.
func TestNothingIsFetchedAheadThatCannotBeUsed(t *testing.T) {
	var made, asked atomic.Int64
	live := gorgon.Fragment[struct{}, state]{Name: "live", View: view,
		LoadRequest: func(context.Context, gorgon.Input, struct{}, *http.Request) (state, error) {
			made.Add(1)
			return state{}, nil
		}}
	a := gorgon.App{
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			live,
			gorgon.Handler{Pattern: "GET /feed", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "feed") })},
			gorgon.Page[state]{Path: "/kept", Load: where, View: view},
			gorgon.Page[state]{Path: "/each", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
				made.Add(1)
				return state{}, nil
			}},
			gorgon.Page[state]{Path: "/parts", AllowRequestTime: true, Load: where, View: func(state) gorgon.Component { return live.Use(struct{}{}) }},
			gorgon.Page[state]{Path: "/guarded", Load: where, View: view, Guards: []func(http.Handler) http.Handler{func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusForbidden) })
			}}},
		},
	}
	s := build(t, a, nil)
	for path, want := range map[string]int{"kept": 200, "each": 204, "parts": 204, "guarded": 204, "nowhere": 204, "feed": 204} {
		res := s.get(t, "/_gorgon/page/"+path+".json", "Purpose", "prefetch")
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if want == 204 && res.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: Cache-Control %s", path, res.Header.Get("Cache-Control"))
		}
	}
	if made.Load() != 0 || asked.Load() != 0 {
		t.Errorf("for requests ahead %d things were made and %d guards asked", made.Load(), asked.Load())
	}
	want(t, s.get(t, "/_gorgon/page/each.json"), 200)
	want(t, s.get(t, "/_gorgon/page/parts.json"), 200)
	want(t, s.get(t, "/_gorgon/page/guarded.json"), 403)
	want(t, s.get(t, "/_gorgon/page/nowhere.json"), 404)
}
