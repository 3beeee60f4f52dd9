// Tests of how several observers are called, and of bounded methods.

package metrics_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gorgon-go/gorgon/metrics"
)

// A listener records its calls, under its name.
type listener struct {
	name string
	told *[]string
}

type heard struct{ name string }

func (l listener) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	*l.told = append(*l.told, l.name+" begins")
	return context.WithValue(r.Context(), heard{l.name}, true), func(q metrics.Request) {
		*l.told = append(*l.told, l.name+" ends "+q.Route)
	}
}

func (l listener) Making(ctx, cause context.Context, route string) (context.Context, func(metrics.Making)) {
	*l.told = append(*l.told, l.name+" makes "+route)
	return context.WithValue(ctx, heard{l.name}, cause.Value(heard{"cause"})), func(m metrics.Making) {
		*l.told = append(*l.told, l.name+" "+m.Outcome)
	}
}

func TestJoin(t *testing.T) {
	if o := metrics.Join(); o != nil {
		t.Errorf("none are joined to %v, want nil", o)
	}
	var told []string
	a, b := listener{"a", &told}, listener{"b", &told}
	if o := metrics.Join(a); o != metrics.Observer(a) {
		t.Errorf("one is joined to %v", o)
	}
	both := metrics.Join(a, b)
	ctx, end := both.Request(httptest.NewRequest("GET", "/", nil))
	end(metrics.Request{Route: "/x"})
	cause := context.WithValue(context.Background(), heard{"cause"}, true)
	made, ended := both.Making(context.Background(), cause, "/y")
	ended(metrics.Making{Outcome: metrics.Missing})
	for _, name := range []string{"a", "b"} {
		if ctx.Value(heard{name}) != true || made.Value(heard{name}) != true {
			t.Errorf("the context of %s is lost", name)
		}
	}
	want := []string{"a begins", "b begins", "b ends /x", "a ends /x", "a makes /y", "b makes /y", "b missing", "a missing"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestMethod(t *testing.T) {
	for method, want := range map[string]string{"GET": "GET", "PATCH": "PATCH", "get": "OTHER", "BREW": "OTHER", "": "OTHER"} {
		if got := metrics.Method(method); got != want {
			t.Errorf("%q: %q, want %q", method, got, want)
		}
	}
}
