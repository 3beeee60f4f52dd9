// Once: however many ask at once, on however many instances, a page is made once.

package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

func TestFirstRequestsMakeOnce(t *testing.T) {
	for name, withStore := range map[string]bool{"store": true, "no store": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				src.takes(time.Second)
				page := pageOf(&src)
				var s pages.Store
				if withStore {
					s = newStore(t)
				}
				c := open(t, s)
				answers := make([]cache.Answer, 500)
				var all sync.WaitGroup
				for i := range answers {
					all.Go(func() { answers[i] = get(t, c, page, "/p/1") })
				}
				all.Wait()
				for _, a := range answers {
					if a.Entry != answers[0].Entry || a.State != cache.Made || a.Stored != withStore {
						t.Fatalf("one answer is %+v, another %+v", a, answers[0])
					}
				}
				wantCalls(t, &src, 1)
				want(t, c, page, "/p/1", 0, cache.Fresh)
			})
		})
	}
}

// A request that looked just before a flight ended, and joins just after,
// does not make the page a second time. Real threads, no store: the race is
// between the look into memory and the joining.
func TestLateJoinersMakeNothing(t *testing.T) {
	var src source
	page := pageOf(&src)
	c := open(t, nil)
	for n := range 300 {
		path := "/p/" + time.Duration(n).String()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { get(t, c, page, path) })
		}
		all.Wait()
	}
	if n := src.calls.Load(); n != 300 {
		t.Errorf("300 pages were made %d times", n)
	}
}

func TestRefreshesRaceOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, nil)
		want(t, c, page, "/p/1", 0, cache.Made)
		for n := range int64(50) {
			time.Sleep(surelyOld)
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() { get(t, c, page, "/p/1") })
			}
			all.Wait()
			wantCalls(t, &src, n+2)
		}
	})
}

func TestMakingOutlivesItsRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.takes(3 * time.Second)
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Get(ctx, page, "/p/1", "", cache.Demand{}); failure.Status(err) != 503 {
			t.Fatalf("a request that went away got %v", err)
		}
		time.Sleep(5 * time.Second)
		want(t, c, page, "/p/1", 0, cache.Fresh)
		wantCalls(t, &src, 1)
		if s.records(t) != 1 {
			t.Error("what was made is not in the store")
		}
	})
}

func TestInstancesMakeOnce(t *testing.T) {
	kinds := map[string]func(*store) pages.Store{
		"sequencer":  func(s *store) pages.Store { return s },
		"plain":      func(s *store) pages.Store { return plain{s} },
		"forgetting": func(s *store) pages.Store { return plain{forgetting{s}} },
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				src.takes(3 * time.Second)
				page := pageOf(&src)
				s := newStore(t)
				caches := []*cache.Cache{open(t, kind(s)), open(t, kind(s)), open(t, kind(s))}
				ask := func() {
					var all sync.WaitGroup
					for _, c := range caches {
						for range 20 {
							all.Go(func() { get(t, c, page, "/p/1") })
						}
					}
					all.Wait()
				}
				ask()
				wantCalls(t, &src, 1)

				// And so does a refresh; the others adopt it.
				time.Sleep(surelyOld)
				src.version.Store(1)
				ask()
				time.Sleep(4 * time.Second)
				wantCalls(t, &src, 2)
				ask()
				time.Sleep(time.Second)
				for _, c := range caches {
					want(t, c, page, "/p/1", 1, cache.Fresh)
				}
				wantCalls(t, &src, 2)

				// And a purge that visitors wait for, where that takes a moment.
				src.takes(300 * time.Millisecond)
				src.version.Store(2)
				purge(t, caches[0], pages.Expire, pages.All)
				time.Sleep(2 * time.Second)
				ask()
				for _, c := range caches {
					want(t, c, page, "/p/1", 2, cache.Fresh)
				}
				wantCalls(t, &src, 3)
			})
		})
	}
}

// Where the holder of the lease fails, the others try one after another, each
// with a lease of its own: never two at once.
func TestWaitersForALeaseTakeTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var mu sync.Mutex
		running, most := 0, 0
		src.does(func(context.Context, gorgon.Input) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return errors.New("no data")
		})
		page := pageOf(&src)
		s := newStore(t)
		calls := 0
		s.meddle(func(context.Context, string, pages.Key) error {
			mu.Lock()
			calls++
			d := time.Duration(calls%7) * 5 * time.Millisecond
			mu.Unlock()
			time.Sleep(d)
			return nil
		})
		var all sync.WaitGroup
		for range 5 {
			c := open(t, s)
			all.Go(func() { wantStatus(t, c, page, "/p/1", 500) })
		}
		all.Wait()
		if most != 1 {
			t.Errorf("%d instances made one page at once", most)
		}
		wantCalls(t, &src, 5)
	})
}

// Waiting for another instance's lease is bounded by the page's own Timeout,
// however long the lease says that it lasts, as one does where a clock was set.
func TestHolderDies(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		const ttl = 10 * time.Hour
		if _, err := s.under.Lease(t.Context(), pages.Key{Route: page.Path, Path: "/p/1"}, "a killed one", ttl); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		want(t, c, page, "/p/1", 0, cache.Made)
		if d := time.Since(start); d < page.Timeout || d > page.Timeout+time.Second {
			t.Errorf("waited %v for a holder who has %v for it", d, page.Timeout)
		}
		// Only the page concerned waits.
		start = time.Now()
		want(t, c, page, "/p/2", 0, cache.Made)
		if d := time.Since(start); d > time.Second {
			t.Errorf("another page waited %v", d)
		}
	})
}

// Over a page that was there, visitors wait only a moment for the lease of
// another, which then cannot overwrite what was made without it.
func TestHolderDiesOverAnExpiredPage(t *testing.T) {
	for name, shape := range shapesOfStore {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				s := newStore(t)
				c, other := open(t, shape(s)), open(t, shape(s))
				want(t, c, page, "/p/1", 0, cache.Made)
				want(t, other, page, "/p/1", 0, cache.Fresh)
				src.version.Store(1)
				purge(t, c, pages.Expire, pages.All)
				key := pages.Key{Route: page.Path, Path: "/p/1"}
				synctest.Wait() // until the lease of the first making is given back
				held, err := s.under.Lease(t.Context(), key, "a killed one", time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range []*cache.Cache{c, other} {
					start := time.Now()
					if v := version(t, get(t, c, page, "/p/1")); v != 1 || time.Since(start) > time.Second {
						t.Errorf("version %d after %v", v, time.Since(start))
					}
				}
				wantCalls(t, &src, 2) // the second takes what the first made
				if e := s.entry(t, key); version(t, cache.Answer{Entry: e}) != 1 {
					t.Error("it was not stored")
				}
				if err := s.under.Put(t.Context(), pages.Record{Key: key, Epoch: 1}, pages.Fence{Epoch: 1, Token: held.Token}); !errors.Is(err, pages.ErrFenced) {
					t.Errorf("who was not waited for wrote: %v", err)
				}
			})
		})
	}
}

// lossy loses the answers to leases that were granted, as often as it is told.
type lossy struct {
	*store
	answers *atomic.Int64
}

func (l lossy) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	lease, err := l.store.Lease(ctx, key, claim, ttl)
	if err == nil && key.Path != "" && l.answers.Add(-1) >= 0 {
		return pages.Lease{}, errBroken
	}
	return lease, err
}

// A lease whose answer was lost blocks no instance: the page is made, and the
// lease is given back when the store answers again.
func TestLostAnswerToALease(t *testing.T) {
	for _, verb := range []pages.Verb{0, pages.Stale, pages.Expire} { // 0: there is no page yet
		inBubble(t, func(t *testing.T) {
			var src source
			page := pageOf(&src, forEver)
			s, answers := newStore(t), new(atomic.Int64)
			c, other := open(t, lossy{s, answers}), open(t, s)
			if verb != 0 {
				want(t, c, page, "/p/1", 0, cache.Made)
				want(t, other, page, "/p/1", 0, cache.Fresh)
				src.version.Store(1)
				purge(t, c, verb, pages.All)
			}
			answers.Store(1)
			start := time.Now()
			get(t, c, page, "/p/1")
			time.Sleep(2 * time.Second)
			get(t, other, page, "/p/1")
			if d := time.Since(start); d > 3*time.Second {
				t.Errorf("visitors waited %v", d)
			}
			time.Sleep(time.Second)
			for _, c := range []*cache.Cache{c, other} {
				want(t, c, page, "/p/1", src.version.Load(), cache.Fresh)
			}
			if _, err := s.under.Lease(t.Context(), pages.Key{Route: page.Path, Path: "/p/1"}, "the next", time.Second); err != nil {
				t.Errorf("the lease was not given back: %v", err)
			}
		})
	}
}

// A write that fails gives the lease back all the same.
func TestFailedWriteKeepsNoLease(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c, other := open(t, s), open(t, s)
		s.fail(errBroken, "put")
		want(t, c, page, "/p/1", 0, cache.Made)
		s.fail(nil)
		start := time.Now()
		want(t, other, page, "/p/1", 0, cache.Made)
		if d := time.Since(start); d > time.Second {
			t.Errorf("another instance waited %v", d)
		}
	})
}

// A refresh that another instance does is left to it.
func TestRefreshElsewhereIsNotAwaited(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		a, b := open(t, s), open(t, s)
		want(t, a, page, "/p/1", 0, cache.Made)
		want(t, b, page, "/p/1", 0, cache.Fresh)
		time.Sleep(surelyOld)
		src.takes(5 * time.Second)
		src.version.Store(1)
		want(t, a, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		start := time.Now()
		for range 100 {
			want(t, b, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
		}
		if time.Since(start) != 0 {
			t.Error("a stale page was waited for")
		}
		time.Sleep(6 * time.Second)
		want(t, a, page, "/p/1", 1, cache.Fresh)
		want(t, b, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		want(t, b, page, "/p/1", 1, cache.Fresh)
		wantCalls(t, &src, 2)
	})
}
