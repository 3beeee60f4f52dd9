// A cache, and what is made of its values.

package site

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Value is what the cache keeps.
type Value struct{ Data string }

// values are a cache, a handler that answers with a value's data, and a page that
// shows them. Loads are noted as makings of the handler's path.
func values(levers Levers) []gorgon.Part {
	cache := gorgon.Cache[string, Value]{
		Name: "values", Timeout: 3 * time.Second, Tags: func(Value) []string { return []string{"all-values"} },
		Load: func(ctx context.Context, key string) (Value, error) {
			data, err := levers.Work(ctx, "/values/"+key)
			return Value{data}, err
		},
	}
	handle := func(w http.ResponseWriter, r *http.Request) {
		v, err := cache.Get(r.Context(), r.PathValue("key"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, v.Data)
	}
	load := func(ctx context.Context, in gorgon.Input) (State, error) {
		v, err := cache.Get(ctx, in.PathValue("key"))
		return State{Path: in.Path, Data: v.Data, Text: text(in.Path)}, err
	}
	return []gorgon.Part{
		cache,
		gorgon.Handler{Pattern: "GET /values/{key}", Handler: http.HandlerFunc(handle)},
		gorgon.Page[State]{Path: "/shown/{key}", Load: load, Incremental: true, View: view},
	}
}
