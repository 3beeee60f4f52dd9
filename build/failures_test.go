// One cause is one paragraph, however many pages it affects.

package build_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
)

// failing builds an app of n pages each in two routes, whose states are made by make.
func failing(t *testing.T, n int, layout error, make func(in gorgon.Input) error) (*build.Failures, int) {
	t.Helper()
	var made atomic.Int32
	page := func(path string) gorgon.Page[string] {
		return gorgon.Page[string]{
			Path: path + "/{id}",
			Paths: func(context.Context, gorgon.Input) ([]string, error) {
				var all []string
				for i := range n {
					all = append(all, fmt.Sprintf("%s/item-%d", path, i))
				}
				return all, nil
			},
			Load: func(_ context.Context, in gorgon.Input) (string, error) {
				made.Add(1)
				return in.Path, make(in)
			},
			View: func(s string) gorgon.Component { return gorgon.Text(s) },
		}
	}
	app := gorgon.App{Name: "failing", Parts: []gorgon.Part{page("/a"), page("/b")}}
	if layout != nil {
		app.Layout = func(gorgon.Document) gorgon.Component {
			return gorgon.ComponentFunc(func(context.Context, io.Writer) error { return layout })
		}
	}
	_, err := build.Run(t.Context(), build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: filepath.Join(t.TempDir(), "s"), Jobs: 2})
	failures, ok := errors.AsType[*build.Failures](err)
	if !ok {
		t.Fatalf("got %v, want *build.Failures", err)
	}
	return failures, int(made.Load())
}

func TestFailuresAreGroupedByCause(t *testing.T) {
	never := errors.New("the database is away")
	for name, c := range map[string]struct {
		layout error
		make   func(in gorgon.Input) error
		lines  int
		want   []string
	}{
		"one mistake in the layout": {errors.New("there is no message greeting"), func(gorgon.Input) error { return nil }, 3,
			[]string{"80 pages: there is no message greeting", "\n  40 of /a/{id}: /a/item-0, /a/item-1, /a/item-2, and 37 more", "\n  40 of /b/{id}: "}},
		"a cause that names the page": {nil, func(in gorgon.Input) error {
			return fmt.Errorf("select %s: no row for %s", in.Path, in.PathValue("id"))
		}, 3,
			[]string{"80 pages: select /a/item-0: no row for item-0", "40 of /b/{id}"}},
		"a cause with numbers": {nil, func(in gorgon.Input) error { return fmt.Errorf("took %d ms", 3+7*len(in.Path)) }, 3, []string{"80 pages: took "}},
		"two causes": {nil, func(in gorgon.Input) error {
			if strings.HasSuffix(in.Path, "7") {
				return errors.New("odd one")
			}
			return never
		}, 6, []string{": the database is away\n", "8 pages: odd one\n"}},
		"one page": {nil, func(in gorgon.Input) error {
			if in.Path == "/b/item-3" {
				return never
			}
			return nil
		}, 1, []string{"page /b/item-3 (of /b/{id}): the database is away"}},
	} {
		failures, _ := failing(t, 40, c.layout, c.make)
		text := failures.Error()
		if got := strings.Count(text, "\n") + 1; got != c.lines {
			t.Errorf("%s: %d lines, want %d:\n%s", name, got, c.lines, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing:\n%s", name, want, text)
			}
		}
	}
}

// A build that fails everywhere for one cause ends early; one that fails for
// several causes, or not everywhere, tries every page and lists all failures in
// JSON.
func TestHopelessBuildsEndEarly(t *testing.T) {
	never := errors.New("the database is away")
	failures, made := failing(t, 500, nil, func(gorgon.Input) error { return never })
	if n := len(failures.Pages); n != 100 || failures.Untried != 900 || made > 200 {
		t.Errorf("%d failures, %d untried, %d tried", n, failures.Untried, made)
	}
	if text := failures.Error(); !strings.HasSuffix(text, "\nThe first 100 pages all failed for this cause, so the other 900 were not tried.") {
		t.Error(text)
	}
	for name, make := range map[string]func(in gorgon.Input) error{
		"two causes": func(in gorgon.Input) error {
			if in.Path == "/a/item-50" {
				return errors.New("other")
			}
			return never
		},
		"one page works": func(in gorgon.Input) error {
			if in.Path == "/a/item-50" {
				return nil
			}
			return never
		},
	} {
		failures, made := failing(t, 500, nil, make)
		if made != 1000 || failures.Untried != 0 {
			t.Errorf("%s: %d pages tried, %d untried", name, made, failures.Untried)
		}
		data, err := json.Marshal(failures.Pages)
		if err != nil || strings.Count(string(data), `"error":`) != len(failures.Pages) || !strings.Contains(string(data), `{"page":"/b/item-9","route":"/b/{id}","error":"the database is away"}`) {
			t.Errorf("%s: %v, %.300s", name, err, data)
		}
	}
}
