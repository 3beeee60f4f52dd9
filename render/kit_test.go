// What the tests share: a page to change, and a task for it.

package render_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type state struct{ Text string }

func text(s state) gorgon.Component { return gorgon.Text(s.Text) }

// pageOf is a page that shows "hello".
func pageOf(change ...func(*gorgon.Page[state])) *gorgon.Definition {
	p := gorgon.Page[state]{
		Path: "/p/{id}",
		Load: func(context.Context, gorgon.Input) (state, error) { return state{"hello"}, nil },
		View: text,
	}
	for _, c := range change {
		c(&p)
	}
	return p.Definition()
}

func renderer(change ...func(*render.Renderer)) *render.Renderer {
	r := &render.Renderer{Build: "b1", Effort: compress.None}
	for _, c := range change {
		c(r)
	}
	return r
}

func layout(l func(gorgon.Document) gorgon.Component) func(*render.Renderer) {
	return func(r *render.Renderer) { r.App.Layout = l }
}

func makePage(t *testing.T, r *render.Renderer, page *gorgon.Definition) (*pages.Entry, error) {
	t.Helper()
	return r.Make(t.Context(), render.Task{Page: page, Path: "/p/1"})
}

func mustMake(t *testing.T, r *render.Renderer, page *gorgon.Definition) *pages.Entry {
	t.Helper()
	e, err := makePage(t, r, page)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// wantFault expects an error that contains all of the given words.
func wantFault(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %.300s", w, err)
		}
	}
}

func component(f func(ctx context.Context, w io.Writer) error) gorgon.Component {
	return gorgon.ComponentFunc(f)
}

// endless writes without end, through whatever method a writer offers.
func endless(how func(w io.Writer, p []byte) error) gorgon.Component {
	return component(func(ctx context.Context, w io.Writer) error {
		p := []byte(strings.Repeat("x", 1<<10))
		for range 1 << 16 {
			if err := how(w, p); err != nil {
				return err
			}
		}
		return nil
	})
}
