// What is made of a value is never fresher than it.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A nest is a page that shows a value of a cache, over a source.
type nest struct {
	*cache.Cache
	src   source
	rates gorgon.Cache[pair, rate]
	page  *gorgon.Definition
	s     *store
}

// nested opens one. A note takes the place of the one that values are noted by.
func nested(t *testing.T, note cache.Note, change func(*gorgon.Page[state])) *nest {
	return nestedIn(t, shapesOfStore["sequencer"], note, change)
}

func nestedIn(t *testing.T, kind func(full) pages.Store, note cache.Note, change func(*gorgon.Page[state])) *nest {
	n := &nest{s: newStore(t)}
	n.rates = ratesOf(&n.src, func(c *gorgon.Cache[pair, rate]) { c.StaleFor = 2 * time.Hour })
	p := gorgon.Page[state]{Path: "/p/{id}", Incremental: true, View: view, Load: func(ctx context.Context, _ gorgon.Input) (state, error) {
		r, err := n.rates.Get(ctx, euro)
		return state{Version: r.Version}, err
	}}
	if change != nil {
		change(&p)
	}
	n.page, n.Cache = p.Definition(), open(t, kind(n.s), with(n.rates))
	if note != nil {
		n.Plant("rates", note)
	}
	return n
}

// version is what the page shows, "" if it cannot be made.
func (n *nest) version(t *testing.T) (int64, cache.State) {
	a, err := n.Get(t.Context(), n.page, "/p/1", "", cache.Demand{})
	if err != nil {
		t.Fatal(err)
	}
	return version(t, a), a.State
}

// A valueLaw says what is wrong; "" for nothing.
type valueLaw func(t *testing.T, note cache.Note) string

// A purge of a value, by any of its names, puts the page out of date that was
// made of it.
func purgeReachesPage(t *testing.T, note cache.Note) string {
	for _, subject := range []string{"t", "from-EUR", "cache:rates"} {
		n := nested(t, note, nil)
		n.version(t)
		n.src.version.Store(1)
		purge(t, n.Cache, pages.Stale, pages.TagSubject(subject))
		n.version(t)
		settle()
		if v, s := n.version(t); v != 1 || s != cache.Fresh {
			return fmt.Sprintf("after a purge of %s the page has version %d, %s", subject, v, s)
		}
	}
	return ""
}

// A page that was made of a value which could not be made again after a purge is
// out of date itself.
func purgedBeforeThePage(t *testing.T, note cache.Note) string {
	n := nested(t, note, nil)
	wantRate(t, n.Cache, n.rates, euro, 0)
	n.src.version.Store(1)
	n.src.fails(errors.New("no answer"))
	purge(t, n.Cache, pages.Stale, pages.TagSubject("t"))
	if v, _ := n.version(t); v != 0 {
		return "the page cannot be made of the value that there is"
	}
	n.src.works()
	time.Sleep(10 * time.Second) // the value has rested
	n.version(t)
	settle()
	if v, _ := n.version(t); v != 1 {
		return "the page is fresh that was made of a value which had been purged"
	}
	return ""
}

// A page without an interval is fresh no longer than the value, and has its end.
func timesOfTheValue(t *testing.T, note cache.Note) string {
	n := nested(t, note, nil)
	wantRate(t, n.Cache, n.rates, euro, 0)
	time.Sleep(time.Minute)
	n.version(t)
	n.src.version.Store(1)
	time.Sleep(surelyOld)
	n.version(t)
	settle()
	if v, s := n.version(t); v != 1 || s != cache.Fresh {
		return fmt.Sprintf("after the interval of the value the page has version %d, %s", v, s)
	}
	n.src.version.Store(2)
	time.Sleep(surelyOld + 2*time.Hour)
	if v, _ := n.version(t); v != 2 {
		return "the page is served after the end of the value"
	}
	return ""
}

func TestValueLaws(t *testing.T) {
	for name, l := range map[string]struct {
		valueLaw
		bugs map[string]cache.Note
	}{
		"a purge reaches the page": {purgeReachesPage, map[string]cache.Note{
			"nested cache with its own tags": func(reads *dataflow.Reads, c string, e *pages.Entry, epoch uint64, stale bool) {
				reads.Value(epoch, stale, nil, e.Doubts)
			},
			"only the tag of the cache": func(reads *dataflow.Reads, c string, e *pages.Entry, epoch uint64, stale bool) {
				reads.Value(epoch, stale, []string{viewctx.CacheTag(c)}, e.Doubts)
			},
		}},
		"what was purged before the page": {purgedBeforeThePage, map[string]cache.Note{
			"nested cache with its own epoch": func(reads *dataflow.Reads, c string, e *pages.Entry, _ uint64, _ bool) {
				reads.Value(1<<50, false, e.Tags, e.Doubts)
			},
		}},
		"the times of the value": {timesOfTheValue, map[string]cache.Note{
			"nested cache with its own times": func(reads *dataflow.Reads, c string, e *pages.Entry, epoch uint64, stale bool) {
				reads.Value(epoch, stale, e.Tags, e.Doubts)
			},
			"without the end": func(reads *dataflow.Reads, c string, e *pages.Entry, epoch uint64, stale bool) {
				reads.Value(epoch, stale, e.Tags, e.Doubts)
				reads.Limit(dataflow.Limits{ReadAt: e.MadeAt, FreshUntil: e.FreshUntil})
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				if text := l.valueLaw(t, nil); text != "" {
					t.Error(text)
				}
				if text := l.valueLaw(t, render.NoteValue); text != "" {
					t.Error(text)
				}
				for bug, note := range l.bugs {
					if l.valueLaw(t, note) == "" {
						t.Errorf("the law does not find the bug: %s", bug)
					}
				}
			})
		})
	}
}

// A page that was made with one value is written over by one that was made with
// another, however old that one is.
func TestOldValueInANewPage(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		key := euro
		var n *nest
		n = nested(t, nil, func(p *gorgon.Page[state]) {
			p.Load = func(ctx context.Context, _ gorgon.Input) (state, error) {
				r, err := n.rates.Get(ctx, key)
				return state{Version: r.Version}, err
			}
			p.Tags = func(state) []string { return []string{"page"} }
		})
		old := pair{"GBP", "USD"}
		wantRate(t, n.Cache, n.rates, old, 0)
		for range 3 {
			purge(t, n.Cache, pages.Stale, pages.TagSubject("from-EUR"))
		}
		n.src.version.Store(1)
		n.version(t)
		key = old
		purge(t, n.Cache, pages.Expire, pages.TagSubject("page"))
		if v, _ := n.version(t); v != 0 {
			t.Fatalf("the page has version %d", v)
		}
		if v, s := n.version(t); v != 0 || s != cache.Fresh {
			t.Errorf("then version %d, %s", v, s)
		}
		if e := n.s.entry(t, pages.Key{Route: n.page.Path, Path: "/p/1"}); e == nil || e.ETag == "" {
			t.Error("the store does not have it")
		}
	})
}

// ShouldRevalidate does not make a page fresh whose value is stale.
func TestShouldRevalidateAndValues(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := nested(t, nil, func(p *gorgon.Page[state]) {
			p.RevalidateAfter = 10 * time.Minute
			p.ShouldRevalidate = func(context.Context, gorgon.Input, state, time.Time) (bool, error) { return false, nil }
		})
		n.version(t)
		n.src.version.Store(1)
		for range 14 {
			time.Sleep(5 * time.Minute)
			n.version(t)
			settle()
		}
		if v, _ := n.version(t); v != 1 {
			t.Errorf("the page has version %d after the interval of its value", v)
		}
	})
}

// A page of another build keeps what it depends on through values.
func TestValuesOfAPageOfAnotherBuild(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := nested(t, nil, nil)
		n.version(t)
		again, err := renderer("b2").Again(t.Context(), n.page, get(t, n.Cache, n.page, "/p/1").Entry)
		if err != nil {
			t.Fatal(err)
		}
		before := get(t, n.Cache, n.page, "/p/1").Entry
		if fmt.Sprint(again.Tags) != fmt.Sprint(before.Tags) || again.Limits != before.Limits || !again.Limits.Uses() {
			t.Errorf("tags %q and limits %v, before %q and %v", again.Tags, again.Limits, before.Tags, before.Limits)
		}
	})
}

// A page that was made of there being no value is made again when there may be
// one.
func TestPageOfNoValue(t *testing.T) {
	for name, found := range map[string]func(t *testing.T, n *nest){
		"a purge of the cache": func(t *testing.T, n *nest) { purge(t, n.Cache, pages.Stale, pages.TagSubject("cache:rates")) },
		"its time":             func(t *testing.T, n *nest) { time.Sleep(2 * time.Minute) },
		"a put": func(t *testing.T, n *nest) {
			_, err := n.rates.Put(n.Context(t.Context()), euro, func(context.Context) (rate, error) { return rate{Pair: euro, Version: 1}, nil })
			if err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := nested(t, nil, func(p *gorgon.Page[state]) {
					load := p.Load
					p.Load = func(ctx context.Context, in gorgon.Input) (state, error) {
						st, err := load(ctx, in)
						if failure.Kind(err) == gorgon.KindNotFound {
							return state{Version: -1}, nil
						}
						return st, err
					}
				})
				n.src.fails(gorgon.NotFound())
				if v, _ := n.version(t); v != -1 {
					t.Fatalf("version %d of no value", v)
				}
				n.src.works()
				n.src.version.Store(1)
				found(t, n)
				n.version(t)
				settle()
				if v, s := n.version(t); v != 1 || s != cache.Fresh {
					t.Errorf("version %d, %s", v, s)
				}
			})
		})
	}
}

// What was committed with a context is known to the gets with it.
func TestOwnCommits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := nested(t, nil, nil)
		wantRate(t, n.Cache, n.rates, euro, 0)
		n.src.version.Store(1)
		commits := new(dataflow.Commits)
		ctx := dataflow.WithCommits(n.Context(t.Context()), commits)
		if r, err := n.rates.Get(ctx, euro); err != nil || r.Version != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		commits.Add(func(context.Context) uint64 { return purge(t, n.Cache, pages.Stale, pages.TagSubject("t")) })
		for range 2 {
			if r, err := n.rates.Get(ctx, euro); err != nil || r.Version != 1 {
				t.Fatalf("after its own commit: %+v, %v", r, err)
			}
		}
	})
}

// A value that was loaded with another one depends on it, and so does the page.
func TestValueOfAValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates := ratesOf(&src)
		sums := gorgon.Cache[string, int64]{Name: "sums", Load: func(ctx context.Context, _ string) (int64, error) {
			r, err := rates.Get(ctx, euro)
			return r.Version, err
		}}
		page := gorgon.Page[state]{Path: "/p/{id}", Incremental: true, View: view, Load: func(ctx context.Context, _ gorgon.Input) (state, error) {
			n, err := sums.Get(ctx, "all")
			return state{Version: n}, err
		}}.Definition()
		c := open(t, newStore(t), with(rates, sums))
		want(t, c, page, "/p/1", 0, cache.Made)
		src.version.Store(1)
		purge(t, c, pages.Stale, pages.TagSubject("from-EUR"))
		want(t, c, page, "/p/1", 0, cache.Stale)
		settle()
		want(t, c, page, "/p/1", 1, cache.Fresh)
		src.version.Store(2)
		time.Sleep(surelyOld)
		want(t, c, page, "/p/1", 1, cache.Stale)
		settle()
		want(t, c, page, "/p/1", 2, cache.Fresh)
		wantCalls(t, &src, 3)
	})
}
