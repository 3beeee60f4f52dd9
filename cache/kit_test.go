// What the tests share: a page whose source of data has versions, and caches.

package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type state struct {
	Version int64
	Body    string
}

// A source is the data that the page shows. What it makes carries the version
// that was current when the making began.
type source struct {
	version atomic.Int64
	calls   atomic.Int64
	last    atomic.Value                                              // the path asked for last
	hook    atomic.Pointer[func(context.Context, gorgon.Input) error] // runs after the version was read
}

func (s *source) state(ctx context.Context, in gorgon.Input) (state, error) {
	s.calls.Add(1)
	s.last.Store(in.Path)
	st := state{Version: s.version.Load()}
	if hook := s.hook.Load(); hook != nil {
		if err := (*hook)(ctx, in); err != nil {
			return state{}, err
		}
	}
	return st, nil
}

func (s *source) does(hook func(context.Context, gorgon.Input) error) { s.hook.Store(&hook) }
func (s *source) fails(err error) {
	s.does(func(context.Context, gorgon.Input) error { return err })
}
func (s *source) takes(d time.Duration) {
	s.does(func(ctx context.Context, _ gorgon.Input) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}
func (s *source) works() { s.hook.Store(nil) }

func view(s state) gorgon.Component {
	return gorgon.Text(fmt.Sprintf("version %d%s", s.Version, s.Body))
}

// pageOf is an incremental page of a source, with an interval of an hour.
func pageOf(s *source, change ...func(*gorgon.Page[state])) *gorgon.Definition {
	p := gorgon.Page[state]{
		Path: "/p/{id}", Load: s.state, Incremental: true, RevalidateAfter: time.Hour, View: view,
		Tags: func(state) []string { return []string{"t"} },
	}
	for _, c := range change {
		c(&p)
	}
	return p.Definition()
}

// forEver takes the interval away.
func forEver(p *gorgon.Page[state]) { p.RevalidateAfter = 0 }

const (
	stillFresh = 53 * time.Minute // of an hour, whatever the jitter
	surelyOld  = 67 * time.Minute
)

// A lines is a log that can be asked how often it says something.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func renderer(build string) *render.Renderer {
	return &render.Renderer{Build: build, Effort: compress.None}
}

// open opens a cache of build b1, which the end of the test closes.
func open(t *testing.T, s pages.Store, change ...func(*cache.Config)) *cache.Cache {
	t.Helper()
	config := cache.Config{Renderer: renderer("b1"), Store: s, Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&config)
	}
	c, err := cache.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func build(name string) func(*cache.Config) {
	return func(c *cache.Config) { c.Renderer = renderer(name) }
}

// A seed is a map of entries, or of errors.
type seed map[pages.Key]any

func (s seed) Entry(key pages.Key) (*pages.Entry, error) {
	switch v := s[key].(type) {
	case *pages.Entry:
		return v, nil
	case error:
		return nil, v
	}
	return nil, pages.ErrNotFound
}

// seedOf is what a build of b1 makes now of some paths.
func seedOf(t *testing.T, page *gorgon.Definition, paths ...string) seed {
	t.Helper()
	s := seed{}
	for _, path := range paths {
		e, err := renderer("b1").Make(t.Context(), render.Task{Page: page, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		s[e.Key] = e
	}
	return s
}

func seeded(s seed) func(*cache.Config) { return func(c *cache.Config) { c.Seed = s } }

// get asks and fails the test if there is no answer.
func get(t *testing.T, c *cache.Cache, page *gorgon.Definition, path string) cache.Answer {
	t.Helper()
	a, err := c.Get(t.Context(), page, path, "", cache.Demand{})
	if err != nil {
		t.Fatalf("get %s: %v", path, err)
	}
	return a
}

// version is that of the data in an answer.
func version(t *testing.T, a cache.Answer) int64 {
	t.Helper()
	var v int64
	if _, err := fmt.Sscanf(string(a.Entry.Main.Of(a.Entry.HTML)), "version %d", &v); err != nil {
		t.Fatalf("no version in %q: %v", a.Entry.HTML, err)
	}
	return v
}

// want asks and compares version and state.
func want(t *testing.T, c *cache.Cache, page *gorgon.Definition, path string, v int64, s cache.State) cache.Answer {
	t.Helper()
	a := get(t, c, page, path)
	if got := version(t, a); got != v || a.State != s {
		t.Fatalf("%s is version %d, %s; want version %d, %s", path, got, a.State, v, s)
	}
	return a
}

// wantStatus asks and expects an error with a status.
func wantStatus(t *testing.T, c *cache.Cache, page *gorgon.Definition, path string, status int) error {
	t.Helper()
	a, err := c.Get(t.Context(), page, path, "", cache.Demand{})
	if err == nil {
		t.Fatalf("%s is version %d, %s; want %d", path, version(t, a), a.State, status)
	}
	if got := failure.Status(err); got != status {
		t.Fatalf("%s fails with %d, want %d: %v", path, got, status, err)
	}
	return err
}

func purge(t *testing.T, c *cache.Cache, v pages.Verb, subjects ...string) uint64 {
	t.Helper()
	epoch, err := c.Purge(t.Context(), v, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

// wantCalls settles what runs behind and compares how often the source was asked.
func wantCalls(t *testing.T, s *source, n int64) {
	t.Helper()
	synctest.Wait()
	if got := s.calls.Load(); got != n {
		t.Fatalf("the generator ran %d times, want %d", got, n)
	}
}

// inBubble runs a test under a fake clock, some way after its zero.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Hour) }) // the last: generators that were left behind end
		time.Sleep(24 * time.Hour)
		test(t)
	})
}
