// Hearing of purges: how long a purge takes, what an instance asks, and what
// it knows after a break.

package cache_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// took is how long a purge takes to return.
func took(t *testing.T, c *cache.Cache) time.Duration {
	t.Helper()
	start := time.Now()
	purge(t, c, pages.Stale, pages.TagSubject("t"))
	return time.Since(start)
}

// A purge returns once those who live have acknowledged it. One who died
// without a word is waited for once, and no longer than it was trusted.
func TestPurgeWaitsForThoseWhoLive(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		a, b := open(t, acknowledged{s, s}), open(t, acknowledged{s, s})
		dead := false
		c := open(t, acknowledged{s, deaf{s, &dead}})
		for _, each := range []*cache.Cache{a, b, c} {
			get(t, each, page, "/p/1")
		}
		if d := took(t, a); d > 100*time.Millisecond {
			t.Errorf("with three who live it took %v", d)
		}
		get(t, c, page, "/p/1")
		dead = true
		if d := took(t, a); d < time.Second || d > pages.Trust*5/4 {
			t.Errorf("with one who died just now it took %v", d)
		}
		if d := took(t, a); d > 100*time.Millisecond {
			t.Errorf("who died long ago was waited for: %v", d)
		}
		b.Close()
		if d := took(t, a); d > 100*time.Millisecond {
			t.Errorf("who closed in order was waited for: %v", d)
		}
	})
}

// deaf is an acknowledger that one instance can no longer reach.
type deaf struct {
	*store
	dead *bool
}

func (d deaf) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	if *d.dead {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return d.store.Acknowledge(ctx, instance, sequence, ttl)
}

// With a store that cannot say who has heard, a purge takes as long as memory
// is trusted; with one that is known without a trip, no time.
func TestPurgeWithoutAcknowledgements(t *testing.T) {
	for name, longest := range map[string]time.Duration{"sequencer": 0, "plain": pages.Trust * 5 / 4, "forgetting": pages.Trust * 5 / 4} {
		inBubble(t, func(t *testing.T) {
			s := newStore(t)
			c := open(t, shapesOfStore[name](s))
			if d := took(t, c); d > longest || longest > 0 && d < pages.Trust {
				t.Errorf("%s: it took %v", name, d)
			}
		})
	}
}

// Who waits no longer is told, and the purge holds.
func TestPurgeIsGivenUpWaitingFor(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		c := open(t, plain{s})
		want(t, c, page, "/p/1", 0, cache.Made)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		epoch, err := c.Purge(ctx, pages.Stale, pages.TagSubject("t"))
		if epoch != 1 || err == nil || !strings.Contains(err.Error(), "some instances may not know") {
			t.Errorf("epoch %d, %v", epoch, err)
		}
		want(t, c, page, "/p/1", 0, cache.Stale)
	})
}

// An instance without visitors leaves its store alone, and the first visitor
// after that gets nothing that was purged meanwhile.
func TestIdleInstance(t *testing.T) {
	for name, shape := range shapesOfStore {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				s := newStore(t)
				c := open(t, shape(s))
				want(t, c, page, "/p/1", 0, cache.Made)
				time.Sleep(pages.Trust)
				before := s.total("wait")
				time.Sleep(time.Hour)
				if n := s.total("wait") - before; n > 1 {
					t.Errorf("%d calls in an hour without visitors", n)
				}
				src.version.Store(1)
				if _, err := s.under.Bump(t.Context(), pages.Expire, pages.TagSubject("t")); err != nil {
					t.Fatal(err)
				}
				want(t, c, page, "/p/1", 1, cache.Made)
			})
		})
	}
}

// A visited instance asks a few times a second at most, however many visit.
func TestBusyInstance(t *testing.T) {
	for name, shape := range shapesOfStore {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				s := newStore(t)
				c := open(t, shape(s))
				want(t, c, page, "/p/1", 0, cache.Made)
				time.Sleep(time.Second)
				before := s.total("")
				for range 10_000 {
					if _, ok := c.Found(page, "/p/1", "", time.Now()); !ok {
						t.Fatal("a hit needed the store")
					}
					time.Sleep(time.Millisecond)
				}
				if n := s.total("") - before; n > 25 {
					t.Errorf("%d calls in ten seconds", n)
				}
			})
		})
	}
}

// An entry that another instance made costs one call.
func TestFirstHitIsOneCall(t *testing.T) {
	for name, shape := range shapesOfStore {
		inBubble(t, func(t *testing.T) {
			var src source
			page := pageOf(&src, forEver)
			s := newStore(t)
			a, b := open(t, shape(s)), open(t, shape(s))
			want(t, a, page, "/p/1", 0, cache.Made)
			want(t, b, page, "/p/2", 0, cache.Made)
			before := s.total("")
			want(t, b, page, "/p/1", 0, cache.Fresh)
			if n := s.total("") - before; n != 1 {
				t.Errorf("%s: %d calls", name, n)
			}
		})
	}
}

// After a break that was too long for the store's list of purges, entries are
// asked about in batches before they count as fresh.
func TestBreakTooLongForTheList(t *testing.T) {
	const paths = 1200
	for name, shape := range shapesOfStore {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				s := newStore(t)
				s.under.Close()
				s.under = mem.Open(mem.Options{Changes: 10})
				c := open(t, shape(s))
				for n := range paths {
					want(t, c, page, fmt.Sprint("/p/", n), 0, cache.Made)
				}
				s.fail(errBroken, "changes", "acknowledge", "wait")
				time.Sleep(5 * time.Second)
				src.version.Store(1)
				for n := range 50 {
					if _, err := s.under.Bump(t.Context(), pages.Expire, pages.PathSubject(fmt.Sprint("/p/", n))); err != nil {
						t.Fatal(err)
					}
				}
				s.meddle(nil)
				time.Sleep(2 * time.Second)
				before := s.count("epochs")
				s.meddle(func(_ context.Context, op string, _ pages.Key) error {
					if op == "epochs" {
						time.Sleep(50 * time.Millisecond)
					}
					return nil
				})
				var all sync.WaitGroup
				for n := range paths {
					all.Go(func() {
						a := get(t, c, page, fmt.Sprint("/p/", n))
						if v := version(t, a); (v == 1) != (n < 50) {
							t.Errorf("/p/%d is version %d, %s", n, v, a.State)
						}
					})
				}
				all.Wait()
				if n := s.count("epochs") - before; name != "forgetting" && (n == 0 || n > 5) {
					t.Errorf("%d calls for %d entries", n, paths)
				}
				wantCalls(t, &src, paths+50)
			})
		})
	}
}

// During an outage everything in memory is served at once, and two seconds
// after it every purge is known again.
func TestOutageOfAMinute(t *testing.T) {
	for name, shape := range shapesOfStore {
		for how, fault := range map[string]func(context.Context, string, pages.Key) error{
			"refusing": func(context.Context, string, pages.Key) error { return errBroken }, "hanging": hang,
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var src source
					page := pageOf(&src, forEver)
					s := newStore(t)
					c := open(t, shape(s))
					want(t, c, page, "/p/1", 0, cache.Made)
					s.meddle(fault)
					waited := 0
					for range 600 {
						start := time.Now()
						if get(t, c, page, "/p/1"); time.Since(start) > 0 {
							waited++
						}
						time.Sleep(100 * time.Millisecond)
					}
					if waited > 1 {
						t.Errorf("%d visitors waited", waited)
					}
					src.version.Store(1)
					if _, err := s.under.Bump(t.Context(), pages.Expire, pages.TagSubject("t")); err != nil {
						t.Fatal(err)
					}
					s.meddle(nil)
					// A probe that hung when the store came back still hangs.
					time.Sleep(2 * time.Second)
					want(t, c, page, "/p/1", 1, cache.Made)
					time.Sleep(4 * time.Second)
					if degraded, why := c.Degraded(); degraded {
						t.Errorf("still degraded: %s", why)
					}
				})
			})
		}
	}
}

// A store that hangs holds up neither the start nor, for long, a visitor
// whose page was made; and what waits to be written is bounded.
func TestSlowWrites(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		c := open(t, acknowledged{s, s})
		var mu sync.Mutex
		writing, most := 0, 0
		s.meddle(func(ctx context.Context, op string, _ pages.Key) error {
			if op != "put" {
				return nil
			}
			mu.Lock()
			writing++
			most = max(most, writing)
			mu.Unlock()
			defer func() { mu.Lock(); writing--; mu.Unlock() }()
			select {
			case <-time.After(4 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() {
				start := time.Now()
				a := want(t, c, page, fmt.Sprint("/p/", n), 0, cache.Made)
				if d := time.Since(start); d > time.Second || a.Stored {
					t.Errorf("a visitor waited %v, stored %v", d, a.Stored)
				}
			})
		}
		all.Wait()
		if most > 200 || most < 50 {
			t.Errorf("%d records were on their way at once", most)
		}
		// Who comes while a page is still on its way gets it, and a purge
		// meanwhile is not lost.
		want(t, c, page, "/p/1", 0, cache.Fresh)
		src.version.Store(1)
		purge(t, c, pages.Expire, pages.PathSubject("/p/1"))
		want(t, c, page, "/p/1", 1, cache.Made)
		time.Sleep(10 * time.Second)
		if n := s.records(t); n < 50 || n > 200 {
			t.Errorf("%d records were stored", n)
		}
		want(t, c, page, "/p/1", 1, cache.Fresh)
	})
	inBubble(t, func(t *testing.T) {
		s := newStore(t)
		s.meddle(hang)
		start := time.Now()
		c := open(t, s)
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("starting took %v", d)
		}
		if degraded, _ := c.Degraded(); !degraded {
			t.Error("it does not say so")
		}
	})
}

// A token is never answered with what was purged by then, on any instance that
// can ask the store. Where it cannot be asked a token causes no work.
func TestTokens(t *testing.T) {
	for name, shape := range shapesOfStore {
		for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
			for _, reachable := range []bool{true, false} {
				t.Run(fmt.Sprint(name, " ", verb, " ", reachable), func(t *testing.T) {
					inBubble(t, func(t *testing.T) {
						var src source
						page := pageOf(&src, forEver)
						s := newStore(t)
						c := open(t, shape(s))
						want(t, c, page, "/p/1", 0, cache.Made)
						if !reachable {
							s.fail(errBroken, "get", "put", "delete", "lease", "release", "epochs", "changes", "acknowledge", "wait")
							time.Sleep(10 * time.Second)
						}
						src.version.Store(1)
						token, err := s.under.Bump(t.Context(), verb, pages.TagSubject("t"))
						if err != nil {
							t.Fatal(err)
						}
						ask := func(token uint64) (cache.Answer, error) {
							return c.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: token})
						}
						if !reachable {
							// It cannot be told from one that was made up: the page as it
							// is, or as the purge had it made meanwhile.
							for range 3 {
								a, err := ask(token)
								if err != nil || version(t, a) > 1 || !a.Degraded {
									t.Fatalf("version %d, degraded %v, %v", version(t, a), a.Degraded, err)
								}
							}
							if n := src.calls.Load(); n > 2 { // for the purge, not for the token
								t.Errorf("the generator ran %d times", n)
							}
							s.meddle(nil)
							time.Sleep(5 * time.Second)
						}
						for range 3 {
							a, err := ask(token)
							if err != nil || version(t, a) != 1 {
								t.Fatalf("version %d, %v", version(t, a), err)
							}
						}
						// A purge after that counts as ever: no token makes an
						// entry look newer than it is.
						if _, err := ask(1<<53 - 1); err != nil {
							t.Fatal(err)
						}
						src.version.Store(2)
						purge(t, c, pages.Expire, pages.TagSubject("t"))
						want(t, c, page, "/p/1", 2, cache.Made)
						calls := src.calls.Load()
						for range 20 {
							if a, err := ask(1<<53 - 1); err != nil || version(t, a) != 2 {
								t.Fatal(a, err)
							}
						}
						wantCalls(t, &src, calls)
						// Who has a token gets an error rather than what is old.
						src.version.Store(3)
						src.fails(&gorgon.Error{Kind: gorgon.KindUnavailable})
						token = purge(t, c, pages.Stale, pages.TagSubject("t"))
						if _, err := ask(token); failure.Status(err) != 503 {
							t.Errorf("the error is %v", err)
						}
						want(t, c, page, "/p/1", 2, cache.Stale)
					})
				})
			}
		}
	}
}

// total is how many calls were made but for those of one kind.
func (s *store) total(but string) int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for op, calls := range s.calls {
		if op != but {
			n += calls
		}
	}
	return n
}
