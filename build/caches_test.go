// Values of caches while an app is built.

package build_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
)

// A build loads each value once, and its pages depend on the values.
func TestBuildWithCaches(t *testing.T) {
	var loads, puts atomic.Int64
	rates := gorgon.Cache[string, int64]{
		Name: "rates", RevalidateAfter: time.Hour, StaleFor: time.Hour, Tags: func(int64) []string { return []string{"rates"} },
		Load: func(_ context.Context, key string) (int64, error) {
			if key == "none" {
				return 0, errors.New("no answer")
			}
			return loads.Add(1), nil
		},
	}
	shown := "EUR"
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{rates, gorgon.Page[int64]{
		Path: "/{id}", View: func(n int64) gorgon.Component { return gorgon.Text(fmt.Sprint("load ", n)) },
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/a", "/b", "/c", "/d"}, nil },
		Load:  func(ctx context.Context, _ gorgon.Input) (int64, error) { return rates.Get(ctx, shown) },
	}}}
	out := filepath.Join(t.TempDir(), "shop.seed")
	run := func(app gorgon.App) error {
		_, err := build.Run(t.Context(), build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out, Time: time.Unix(1000, 0)})
		return err
	}
	if err := run(app); err != nil {
		t.Fatal(err)
	}
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Entry(pages.Key{Route: "/{id}", Path: "/c"})
	if err != nil {
		t.Fatal(err)
	}
	until := e.FreshUntil.Sub(e.MadeAt)
	if loads.Load() != 1 || !slices.Contains(e.Tags, "rates") || !slices.Contains(e.Tags, "cache:rates") || until < 50*time.Minute || until > 70*time.Minute || e.StaleUntil.IsZero() {
		t.Errorf("%d loads, tags %q, fresh for %v and served until %v", loads.Load(), e.Tags, until, e.StaleUntil)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	shown = "none"
	if err := run(app); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("a value that cannot be loaded: %v", err)
	}

	app.Parts[1] = gorgon.Page[int64]{Path: "/", View: func(n int64) gorgon.Component { return gorgon.Text("") }, Load: func(ctx context.Context, _ gorgon.Input) (int64, error) {
		before, err := rates.Get(ctx, "GBP")
		if err != nil {
			return 0, err
		}
		put, err := rates.Put(ctx, "GBP", func(context.Context) (int64, error) { return 100 + puts.Add(1), nil })
		got, _ := rates.Get(ctx, "GBP")
		if err != nil || put != 101 || got != 101 {
			return 0, fmt.Errorf("put %d, got %d, %w", put, got, err)
		}
		if err := rates.Forget(ctx, "GBP"); err != nil {
			return 0, err
		}
		if again, _ := rates.Get(ctx, "GBP"); again != before+1 {
			return 0, fmt.Errorf("after Forget: %d, before: %d", again, before)
		}
		return 0, nil
	}}
	if err := run(app); err != nil {
		t.Error(err)
	}
}
