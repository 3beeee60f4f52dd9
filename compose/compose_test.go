// Composed pages: of which parts, for how long, and what stays unchanged.

package compose_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/render"
)

type state struct{ Text string }

func view(s state) gorgon.Component { return gorgon.HTML("<p>" + html.EscapeString(s.Text) + "</p>") }

func sequence(parts ...gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// A table is a composer with its parts.
type table struct {
	*compose.Composer
	cache *cache.Cache
	store pages.Store
	now   atomic.Int64
	page  *gorgon.Definition
}

func laid(t *testing.T, view func(state) gorgon.Component, change func(*gorgon.App, *gorgon.Page[state]), fragments ...gorgon.Part) *table {
	t.Helper()
	b := &table{store: mem.Open(mem.Options{})}
	b.now.Store(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, b.now.Load()) }
	page := gorgon.Page[state]{Path: "/", View: view}
	app := gorgon.App{Name: "test", Parts: fragments}
	if change != nil {
		change(&app, &page)
	}
	app.Parts = append(app.Parts, page)
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	b.page = app.Definitions()[0]
	r := &render.Renderer{App: app, Build: "b", Now: now}
	var err error
	if b.cache, err = cache.New(cache.Config{Renderer: r, Store: b.store, Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.cache.Close(); _ = b.store.Close() })
	if b.Composer, err = compose.New(compose.Config{Cache: b.cache, Renderer: r}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *table) get(t *testing.T) compose.Answer {
	t.Helper()
	a, err := b.Get(t.Context(), &compose.Ask{Page: b.page, Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// counted is a fragment that shows how often it was made for its props.
func counted(name string, made *atomic.Int64) gorgon.Fragment[int, state] {
	return gorgon.Fragment[int, state]{Name: name, View: view, Tags: func(state) []string { return []string{name} },
		Load: func(_ context.Context, _ gorgon.Input, n int) (state, error) {
			return state{fmt.Sprintf("%s %d version %d", name, n, made.Add(1))}, nil
		}}
}

func TestTheSamePartsAreTheSameWhole(t *testing.T) {
	var made atomic.Int64
	f := counted("one", &made)
	b := laid(t, func(state) gorgon.Component { return sequence(f.Use(1), f.Use(2), f.Use(1)) }, nil, f)
	ask := &compose.Ask{Page: b.page, Path: "/"}
	if _, ok := b.Found(ask, time.Unix(0, b.now.Load())); ok {
		t.Error("it is found before it was made")
	}
	first := b.get(t)
	if second := b.get(t); second.Entry != first.Entry || made.Load() != 2 {
		t.Errorf("the same parts were composed twice, or made %d times", made.Load())
	}
	if found, ok := b.Found(ask, time.Unix(0, b.now.Load())); !ok || found.Entry != first.Entry {
		t.Error("it is not found in memory")
	}
	if _, err := b.cache.Purge(t.Context(), pages.Stale, pages.TagSubject("one")); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Found(ask, time.Unix(0, b.now.Load())); ok {
		t.Error("it is found as fresh after a part of it was purged")
	}
}

// stored lists all records of a store as bytes.
func stored(t *testing.T, s pages.Store) map[pages.Key][]byte {
	t.Helper()
	records := map[pages.Key][]byte{}
	var keys []pages.Key
	err := s.(pagestest.Lister).List(t.Context(), func(i pages.Info) bool { keys = append(keys, i.Key); return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		record, err := s.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		records[key] = record.Data
	}
	return records
}

func TestChangingOneFragmentChangesNothingElse(t *testing.T) {
	var ones, twos atomic.Int64
	one, two := counted("one", &ones), counted("two", &twos)
	b := laid(t, func(state) gorgon.Component { return sequence(one.Use(1), two.Use(1)) }, nil, one, two)
	first := b.get(t)
	before := stored(t, b.store)
	if len(before) != 3 {
		t.Fatalf("%d records are stored", len(before))
	}
	if _, err := b.cache.Purge(t.Context(), pages.Expire, pages.TagSubject("one")); err != nil {
		t.Fatal(err)
	}
	after := b.get(t)
	if string(after.Entry.HTML) == string(first.Entry.HTML) || after.Entry.ETag == first.Entry.ETag {
		t.Error("the page did not change")
	}
	changed := 0
	for key, data := range stored(t, b.store) {
		if !bytes.Equal(before[key], data) {
			changed++
			if !strings.Contains(key.Route, "/one/") {
				t.Errorf("%s changed", key)
			}
		}
	}
	if changed != 1 || twos.Load() != 1 {
		t.Errorf("%d records changed, and the other fragment was made %d times", changed, twos.Load())
	}
}

func TestAFragmentMadeAgainThatSaysTheSameKeepsTheVersion(t *testing.T) {
	made := 0
	f := gorgon.Fragment[int, state]{Name: "same", View: view, Load: func(context.Context, gorgon.Input, int) (state, error) {
		made++
		return state{"the same"}, nil
	}}
	b := laid(t, func(state) gorgon.Component { return f.Use(1) }, nil, f)
	first := b.get(t)
	b.now.Add(int64(time.Hour))
	if _, err := b.cache.Purge(t.Context(), pages.Expire, pages.RouteSubject("/_gorgon/fragment/same/{props...}")); err != nil {
		t.Fatal(err)
	}
	after := b.get(t)
	if made != 2 || after.Entry.ETag != first.Entry.ETag || !after.Entry.ModifiedAt.Equal(first.Entry.ModifiedAt) {
		t.Errorf("made %d times: %s at %s, then %s at %s", made, first.Entry.ETag, first.Entry.ModifiedAt, after.Entry.ETag, after.Entry.ModifiedAt)
	}
}

func TestTimesAreThoseOfTheFirstPartToEnd(t *testing.T) {
	f := gorgon.Fragment[int, state]{Name: "short", View: view, RevalidateAfter: time.Minute, StaleFor: time.Hour, Tags: func(state) []string { return []string{"b", "a"} },
		Load: func(context.Context, gorgon.Input, int) (state, error) { return state{"x"}, nil }}
	b := laid(t, func(state) gorgon.Component { return f.Use(1) }, func(_ *gorgon.App, p *gorgon.Page[state]) {
		p.Load = func(context.Context, gorgon.Input) (state, error) { return state{}, nil }
		p.RevalidateAfter = time.Hour
		p.Tags = func(state) []string { return []string{"page", "a"} }
	}, f)
	e := b.get(t).Entry
	now := time.Unix(0, b.now.Load())
	if left := e.FreshUntil.Sub(now); left > 2*time.Minute || left <= 0 {
		t.Errorf("it is fresh for %s", left)
	}
	if left := e.StaleUntil.Sub(now); left > 2*time.Hour || left <= 0 {
		t.Errorf("it may be served for %s", left)
	}
	if got := strings.Join(e.Tags, " "); got != `a b page path:/_gorgon/fragment/short/1 route:/_gorgon/fragment/short/{props...}` {
		t.Errorf("its tags are %q", got)
	}
}

func TestAFragmentWithinItself(t *testing.T) {
	var endless gorgon.Fragment[int, state]
	use := func(n int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return endless.Use(n).Render(ctx, w) })
	}
	for name, next := range map[string]func(int) int{"the same": func(n int) int { return n }, "ever further": func(n int) int { return n + 1 }} {
		for kind, live := range map[string]bool{"kept": false, "for every request": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				endless = gorgon.Fragment[int, state]{Name: "endless", View: func(s state) gorgon.Component {
					n := 0
					fmt.Sscan(s.Text, &n)
					return sequence(gorgon.HTML("<i>"+s.Text+"</i>"), use(next(n)))
				}}
				if live {
					endless.LoadRequest = func(_ context.Context, _ gorgon.Input, n int, _ *http.Request) (state, error) {
						return state{fmt.Sprint(n)}, nil
					}
				} else {
					endless.Load = func(_ context.Context, _ gorgon.Input, n int) (state, error) { return state{fmt.Sprint(n)}, nil }
				}
				b := laid(t, func(state) gorgon.Component { return sequence(use(0), gorgon.HTML("<b>end</b>")) }, func(_ *gorgon.App, p *gorgon.Page[state]) {
					p.AllowRequestTime = live
				}, endless)
				req, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
				if err != nil {
					t.Fatal(err)
				}
				failed := 0
				a, err := b.Get(t.Context(), &compose.Ask{Page: b.page, Path: "/", Request: req, Failed: func(_ *gorgon.Definition, err error) gorgon.Failure {
					failed++
					return failure.Of(err, "/", "")
				}})
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				if a.Requested != nil {
					if err := a.Requested.WriteTo(t.Context(), &out); err != nil {
						t.Fatal(err)
					}
				} else {
					out.Write(a.Entry.HTML)
				}
				if failed == 0 || !strings.Contains(out.String(), "<b>end</b>") || strings.Count(out.String(), "<i>") > 40 {
					t.Errorf("%d failures in %.300s", failed, out.String())
				}
			})
		}
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	fails := true
	f := gorgon.Fragment[int, state]{Name: "shy", View: view, Load: func(context.Context, gorgon.Input, int) (state, error) {
		if fails {
			return state{}, errors.New("not now")
		}
		return state{"here"}, nil
	}}
	b := laid(t, func(state) gorgon.Component { return f.Use(1) }, nil, f)
	if a := b.get(t); !a.Broken || a.Entry.ETag != "" || !strings.Contains(string(a.Entry.HTML), "<h1>") {
		t.Errorf("broken %v, %s", a.Broken, a.Entry.HTML)
	}
	if _, ok := b.Found(&compose.Ask{Page: b.page, Path: "/"}, time.Unix(0, b.now.Load())); ok {
		t.Error("a page with an error in it is stored")
	}
	fails = false
	if a := b.get(t); a.Broken || !strings.Contains(string(a.Entry.HTML), "<p>here</p>") {
		t.Errorf("broken %v, %s", a.Broken, a.Entry.HTML)
	}
}

func TestKeptWholesAreBounded(t *testing.T) {
	b := laid(t, func(state) gorgon.Component { return gorgon.HTML(strings.Repeat("x", 10_000)) }, func(a *gorgon.App, p *gorgon.Page[state]) {
		a.Navigation = &gorgon.Navigation{}
		p.Path, p.Incremental = "/{id}", true
		p.Load = func(context.Context, gorgon.Input) (state, error) { return state{}, nil }
	})
	small, err := compose.New(compose.Config{Cache: b.cache, Renderer: &render.Renderer{Build: "b"}, Bytes: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for n := range 100 {
		if _, err := small.Get(t.Context(), &compose.Ask{Page: b.page, Path: fmt.Sprintf("/%d", n), Form: compose.Payload}); err != nil {
			t.Fatal(err)
		}
	}
	small.CleanUp()
	for n := range 100 {
		if _, ok := small.Found(&compose.Ask{Page: b.page, Path: fmt.Sprintf("/%d", n), Form: compose.Payload}, time.Unix(0, b.now.Load())); ok {
			found++
		}
	}
	if found == 0 || found > 9 {
		t.Errorf("%d payloads of 10 KB are kept in 100 KB", found)
	}
}
