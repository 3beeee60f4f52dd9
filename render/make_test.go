// Making a page: faults of its functions, the deadline, limits, headers.

package render_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/render"
)

func TestPanics(t *testing.T) {
	r := renderer()
	broken := component(func(context.Context, io.Writer) error { panic("oh no") })
	for name, page := range map[string]*gorgon.Definition{
		"generator": pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { panic("oh no") }
		}),
		"index": pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(_ context.Context, in gorgon.Input) (state, error) {
				_ = []string{"oh no"}[len(in.Path)]
				return state{}, nil
			}
		}),
		"view":         pageOf(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { panic("oh no") } }),
		"component":    pageOf(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return broken } }),
		"nil view":     pageOf(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return nil } }),
		"head":         pageOf(func(p *gorgon.Page[state]) { p.Head = func(state) gorgon.Head { panic("oh no") } }),
		"head's extra": pageOf(func(p *gorgon.Page[state]) { p.Head = func(state) gorgon.Head { return gorgon.Head{Extra: broken} } }),
		"tags":         pageOf(func(p *gorgon.Page[state]) { p.Tags = func(state) []string { panic("oh no") } }),
		"headers":      pageOf(func(p *gorgon.Page[state]) { p.Headers = func(state) http.Header { panic("oh no") } }),
		"exit": pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { runtime.Goexit(); return state{}, nil }
		}),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := makePage(t, r, page)
			wantFault(t, err, "/p/1")
			if e != nil || failure.Status(err) != 500 {
				t.Errorf("%v beside %v", e, err)
			}
			if f := failure.Of(err, "/p/1", ""); strings.Contains(f.Message, "oh no") || strings.Contains(f.Message, ".go:") {
				t.Errorf("a visitor sees %q", f.Message)
			}
		})
	}
	for name, r := range map[string]*render.Renderer{
		"layout":           renderer(layout(func(gorgon.Document) gorgon.Component { panic("oh no") })),
		"layout component": renderer(layout(func(gorgon.Document) gorgon.Component { return broken })),
		"nil layout":       renderer(layout(func(gorgon.Document) gorgon.Component { return nil })),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := makePage(t, r, pageOf())
			wantFault(t, err, "/p/1")
		})
	}
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(d time.Duration, heeds bool) *gorgon.Definition {
			return pageOf(func(p *gorgon.Page[state]) {
				p.Timeout = 5 * time.Second
				p.Load = func(ctx context.Context, _ gorgon.Input) (state, error) {
					if !heeds {
						time.Sleep(d)
						return state{"late"}, nil
					}
					select {
					case <-time.After(d):
					case <-ctx.Done():
						return state{}, ctx.Err()
					}
					return state{"hello"}, nil
				}
			})
		}
		r := renderer()
		mustMake(t, r, slow(4*time.Second, true))
		mustMake(t, r, slow(4*time.Second, false))
		for _, heeds := range []bool{true, false} {
			start := time.Now()
			_, err := makePage(t, r, slow(time.Minute, heeds))
			wantFault(t, err, "/p/1")
			if d := time.Since(start); d != 5*time.Second || failure.Status(err) != 504 {
				t.Errorf("after %v: %v", d, err)
			}
		}
		time.Sleep(time.Hour)
	})
}

// Loaders that hang keep their slots; when those are used up, the page answers
// 503, and others are still made.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		hung := pageOf(func(p *gorgon.Page[state]) {
			p.Timeout = time.Second
			p.Load = func(context.Context, gorgon.Input) (state, error) { <-end; return state{}, nil }
		})
		r := renderer(func(r *render.Renderer) { r.Limits.Width = 2 })
		for _, status := range []int{504, 504, 503, 503} {
			if _, err := makePage(t, r, hung); failure.Status(err) != status {
				t.Errorf("want %d: %v", status, err)
			}
		}
		mustMake(t, r, pageOf())
		close(end)
		synctest.Wait()
		mustMake(t, r, hung)
	})
}

func TestStateLimit(t *testing.T) {
	r := renderer(func(r *render.Renderer) { r.Limit = 1000 })
	page := func(n int) *gorgon.Definition {
		return pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { return state{strings.Repeat("x", n)}, nil }
			p.View = func(state) gorgon.Component { return gorgon.Text("short") }
		})
	}
	mustMake(t, r, page(900))
	_, err := makePage(t, r, page(1001))
	wantFault(t, err, "/p/1", "state", "1000")
}

func TestHTMLLimit(t *testing.T) {
	r := renderer(func(r *render.Renderer) { r.Limit = 100 << 10 })
	ways := map[string]func(w io.Writer, p []byte) error{
		"Write":  func(w io.Writer, p []byte) error { _, err := w.Write(p); return err },
		"string": func(w io.Writer, p []byte) error { s := string(p); _, err := io.WriteString(w, s); return err },
		"copy": func(w io.Writer, p []byte) error {
			_, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(p)})
			return err
		},
		"buffered": func(w io.Writer, p []byte) error {
			b := bufio.NewWriter(w)
			if _, err := b.ReadFrom(struct{ io.Reader }{bytes.NewReader(p)}); err != nil {
				return err
			}
			return b.Flush()
		},
		"bytes": func(w io.Writer, p []byte) error {
			if b, ok := w.(io.ByteWriter); ok {
				return b.WriteByte('x')
			}
			_, err := w.Write(p)
			return err
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			for where, err := range map[string]error{
				"view": second(makePage(t, r, pageOf(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return endless(way) } }))),
				"head": second(makePage(t, r, pageOf(func(p *gorgon.Page[state]) {
					p.Head = func(state) gorgon.Head { return gorgon.Head{Extra: endless(way)} }
				}))),
				"layout": second(makePage(t, renderer(func(r *render.Renderer) {
					r.Limit = 100 << 10
					r.App.Layout = func(gorgon.Document) gorgon.Component { return endless(way) }
				}), pageOf())),
			} {
				wantFault(t, err, "/p/1", "too large")
				if failure.Kind(err) != gorgon.KindTooLarge || failure.Status(err) != 500 {
					t.Errorf("%s: %v", where, err)
				}
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestHeaders(t *testing.T) {
	page := func(h http.Header) *gorgon.Definition {
		return pageOf(func(p *gorgon.Page[state]) { p.Headers = func(state) http.Header { return h } })
	}
	e := mustMake(t, renderer(), page(http.Header{"x-mine": {"1", "2\t3"}, "content-type": {"text/plain"}, "Vary": {"Accept"}}))
	if got := e.Header; got.Get("Content-Type") != "text/plain" || len(got["X-Mine"]) != 2 || got.Get("Vary") != "Accept" {
		t.Errorf("headers %v", got)
	}
	for name, h := range map[string]http.Header{
		"cookie":         {"Set-Cookie": {"a=b"}},
		"cookie, lower":  {"set-cookie": {"a=b"}},
		"line":           {"X-Mine": {"a\r\nSet-Cookie: a=b"}},
		"newline":        {"X-Mine": {"a\nb"}},
		"nul":            {"X-Mine": {"a\x00b"}},
		"delete":         {"X-Mine": {"a\x7fb"}},
		"second value":   {"X-Mine": {"a", "b\r"}},
		"name with line": {"X-A\r\nX-B": {"a"}},
		"name with :":    {"X-A: b": {"a"}},
		"cookie, spaced": {"Set-Cookie ": {"a"}},
		"empty name":     {"": {"a"}},
		"length":         {"content-length": {"3"}},
		"encoding":       {"Content-Encoding": {"gzip"}},
		"transfer":       {"Transfer-Encoding": {"chunked"}},
		"etag":           {"ETag": {`"a"`}},
		"status":         {"Cache-Status": {"hit"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := makePage(t, renderer(), page(h))
			wantFault(t, err, "/p/1", "Headers")
			if strings.HasPrefix(name, "cookie") && name != "cookie, spaced" {
				wantFault(t, err, "LoadRequest") // the hint
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("the error contains the injection: %q", err)
			}
		})
	}
}

// A loader's own errors keep kind, status and message, and get the name of the
// page.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{gorgon.NotFound(), 404}, {gorgon.Gone(), 410}, {errors.New("no data"), 500},
		{&gorgon.Error{Kind: gorgon.KindUnavailable, Message: "back at noon"}, 503},
		{&gorgon.Error{Kind: gorgon.KindInvalid, Status: 451, Message: "not here"}, 451},
		{context.DeadlineExceeded, 504},
	} {
		_, err := makePage(t, renderer(), pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { return state{}, c.err }
		}))
		wantFault(t, err, "/p/1")
		if failure.Status(err) != c.status || !errors.Is(err, c.err) || failure.Kind(err) != failure.Kind(c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
		if got, want := failure.Of(err, "", "").Message, failure.Of(c.err, "", "").Message; got != want {
			t.Errorf("the message %q became %q", want, got)
		}
	}
}

// The same HTML keeps validator, time and variants; different HTML gets its
// own.
func TestEarlyCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		words := strings.Repeat("hello ", 200)
		page := pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { return state{words}, nil }
		})
		task := render.Task{Page: page, Path: "/p/1"}
		first, err := renderer().Make(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		first.Gzip = []byte("the old variant")
		time.Sleep(time.Hour)
		task.Old = first
		second, err := renderer().Make(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		if second.ETag != first.ETag || second.ModifiedAt != first.ModifiedAt || string(second.Gzip) != "the old variant" || !second.MadeAt.After(first.MadeAt) {
			t.Errorf("the same page: %+v", second)
		}
		task.Old, words = second, words+"!"
		third, err := renderer().Make(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		if third.ETag == first.ETag || third.ModifiedAt != third.MadeAt || third.Gzip != nil {
			t.Errorf("another page: %+v", third)
		}
	})
}

func TestTwins(t *testing.T) {
	page := pageOf(func(p *gorgon.Page[state]) {
		p.View = func(state) gorgon.Component { return gorgon.Text(strings.Repeat("hello ", 500)) }
	})
	e := mustMake(t, renderer(func(r *render.Renderer) { r.Effort = compress.Fast }), page)
	if e.Gzip == nil || e.Brotli == nil || e.Zstd == nil || len(e.Gzip) >= len(e.HTML) {
		t.Errorf("variants of %d bytes have %d, %d and %d", len(e.HTML), len(e.Gzip), len(e.Brotli), len(e.Zstd))
	}
}

// Again renders the state again and leaves the times unchanged, except the time
// of modification if the view shows something else.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := pageOf(func(p *gorgon.Page[state]) { p.Incremental, p.RevalidateAfter, p.StaleFor = true, time.Hour, time.Hour })
		old := mustMake(t, renderer(), page)
		old.FreshUntil, old.StaleUntil = old.FreshUntil.Add(5*time.Hour), old.StaleUntil.Add(5*time.Hour)
		old.Failures, old.RetryAt, old.Failure, old.Epoch = 3, old.MadeAt.Add(time.Minute), "no data", 7
		time.Sleep(time.Minute)
		next := renderer(func(r *render.Renderer) { r.Build = "b2" })
		same, err := next.Again(t.Context(), page, old)
		if err != nil {
			t.Fatal(err)
		}
		if same.Build != "b2" || same.ETag != old.ETag || same.ModifiedAt != old.ModifiedAt {
			t.Errorf("the same view: %+v", same)
		}
		red := pageOf(func(p *gorgon.Page[state]) {
			p.Load = nil
			p.View = func(s state) gorgon.Component { return gorgon.Text(s.Text + ", in red") }
		})
		other, err := next.Again(t.Context(), red, old)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(other.Main.Of(other.HTML)); got != "hello, in red" || other.ETag == old.ETag || other.ModifiedAt != time.Now() {
			t.Errorf("another view: %q, %+v", got, other)
		}
		for _, e := range []struct{ got, want any }{
			{other.MadeAt, old.MadeAt}, {other.FreshUntil, old.FreshUntil}, {other.StaleUntil, old.StaleUntil}, {other.ErrorUntil, old.ErrorUntil},
			{other.Failures, old.Failures}, {other.RetryAt, old.RetryAt}, {other.Failure, old.Failure}, {other.Epoch, old.Epoch},
		} {
			if e.got != e.want {
				t.Errorf("%v became %v", e.want, e.got)
			}
		}
		old.State = []byte(`{"Text": 7}`)
		_, err = next.Again(t.Context(), page, old)
		wantFault(t, err, "/p/1", "b1", "does not decode")
	})
}

// A state that cannot be decoded is regenerated; faults of the page are errors.
func TestShouldRevalidate(t *testing.T) {
	page := func(answer func() (bool, error)) *gorgon.Definition {
		return pageOf(func(p *gorgon.Page[state]) {
			p.ShouldRevalidate = func(_ context.Context, in gorgon.Input, s state, made time.Time) (bool, error) {
				if in.PathValue("id") != "1" || s.Text != "hello" || made.IsZero() {
					t.Errorf("asked about %v, %v, %v", in, s, made)
				}
				return answer()
			}
		})
	}
	no := func() (bool, error) { return false, nil }
	e := mustMake(t, renderer(), page(no))
	if yes, err := renderer().ShouldRevalidate(t.Context(), render.Task{Page: page(no), Path: e.Key.Path, Old: e}); yes || err != nil {
		t.Errorf("%v, %v", yes, err)
	}
	_, err := renderer().ShouldRevalidate(t.Context(), render.Task{Page: page(func() (bool, error) { panic("oh no") }), Path: e.Key.Path, Old: e})
	wantFault(t, err, "/p/1", "oh no")
	e.State = []byte("[]")
	if yes, err := renderer().ShouldRevalidate(t.Context(), render.Task{Page: page(no), Path: e.Key.Path, Old: e}); !yes || err != nil {
		t.Errorf("%v, %v", yes, err)
	}
}
