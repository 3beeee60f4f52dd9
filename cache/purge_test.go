// Purges: by what, from where, and never undone.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

// kinds are the kinds of store, and none.
func kinds(t *testing.T) map[string]func() pages.Store {
	all := map[string]func() pages.Store{"none": func() pages.Store { return nil }}
	for name, shape := range shapesOfStore {
		all[name] = func() pages.Store { return shape(newStore(t)) }
	}
	return all
}

func TestPurge(t *testing.T) {
	subjects := map[string]bool{
		pages.PathSubject("/p/1"):        true,
		pages.TagSubject("t"):            true,
		pages.RouteSubject("/p/{id}"):    true,
		pages.All:                        true,
		pages.PathSubject("/p/2"):        false,
		pages.TagSubject("u"):            false,
		pages.RouteSubject("/elsewhere"): false,
	}
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		for subject, concerned := range subjects {
			t.Run(verb.String()+" "+subject, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					for name, kind := range kinds(t) {
						t.Log(name)
						var src source
						page := pageOf(&src, forEver)
						c := open(t, kind())
						want(t, c, page, "/p/1", 0, cache.Made)
						want(t, c, page, "/p/1", 0, cache.Fresh)
						time.Sleep(time.Second)
						src.version.Store(1)
						purge(t, c, verb, subject)
						time.Sleep(time.Nanosecond)
						_, found := c.Found(page, "/p/1", "", time.Now())
						switch {
						case !concerned:
							if !found && (name == "none" || name == "sequencer") {
								t.Error("a page was purged that is not concerned")
							}
							want(t, c, page, "/p/1", 0, cache.Fresh)
							wantCalls(t, &src, 1)
							continue
						case found:
							t.Error("a purged page was found fresh")
						case verb == pages.Stale:
							want(t, c, page, "/p/1", 0, cache.Stale)
							synctest.Wait()
							want(t, c, page, "/p/1", 1, cache.Fresh)
						default:
							want(t, c, page, "/p/1", 1, cache.Made)
						}
						want(t, c, page, "/p/1", 1, cache.Fresh)
						wantCalls(t, &src, 2)
					}
				})
			})
		}
	}
}

func TestPurgeRefuses(t *testing.T) {
	c := open(t, nil)
	for _, subjects := range [][]string{nil, {""}, {"nonsense"}, {"path:"}, {"all", "x:y"}} {
		if _, err := c.Purge(t.Context(), pages.Stale, subjects...); failure.Status(err) != 400 {
			t.Errorf("purge %q: %v", subjects, err)
		}
	}
	if _, err := c.Purge(t.Context(), 0, "all"); failure.Status(err) != 400 {
		t.Errorf("purge without a verb: %v", err)
	}
}

// Once a purge has returned, no other instance serves what it concerns as
// fresh, whatever the store can tell.
func TestPurgeElsewhere(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		for name, shape := range shapesOfStore {
			t.Run(verb.String()+" "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var src source
					page := pageOf(&src, forEver)
					s := newStore(t)
					kind := shape(s)
					a, b := open(t, kind), open(t, kind)
					want(t, a, page, "/p/1", 0, cache.Made)
					want(t, b, page, "/p/1", 0, cache.Fresh)
					for n := range int64(5) {
						time.Sleep(2 * time.Second)
						src.version.Store(n + 1)
						purge(t, a, verb, pages.TagSubject("t"))
						if _, ok := b.Found(page, "/p/1", "", time.Now()); ok {
							t.Fatal("found fresh after a purge")
						}
						if verb == pages.Stale {
							want(t, b, page, "/p/1", n, cache.Stale)
							synctest.Wait()
							want(t, b, page, "/p/1", n+1, cache.Fresh)
						} else {
							want(t, b, page, "/p/1", n+1, cache.Made)
						}
						a := get(t, a, page, "/p/1")
						if verb == pages.Expire && version(t, a) != n+1 {
							t.Fatal("the purging instance serves what it purged")
						}
					}
				})
			})
		}
	}
}

// What was purged while a page was being made is not in it: its own waiters
// get it, marked stale, and no request gets it as fresh.
func TestPurgeDuringMaking(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		for _, elsewhere := range []bool{false, true} {
			inBubble(t, func(t *testing.T) {
				for name, kind := range kinds(t) {
					if elsewhere && name == "none" {
						continue
					}
					t.Log(verb, name, elsewhere)
					var src source
					src.takes(4 * time.Second)
					page := pageOf(&src, forEver)
					s := kind()
					c := open(t, s)
					by := c
					if elsewhere {
						by = open(t, s)
					}
					early := make(chan struct{})
					go func() {
						defer close(early)
						start := time.Now()
						want(t, c, page, "/p/1", 0, cache.Stale)
						if time.Since(start) != 4*time.Second {
							t.Errorf("an early visitor waited %v", time.Since(start))
						}
					}()
					time.Sleep(time.Second)
					src.version.Store(1)
					purge(t, by, verb, pages.TagSubject("t"))
					time.Sleep(time.Second + 1)
					a := get(t, c, page, "/p/1") // joins
					if v := version(t, a); verb == pages.Expire && v != 1 || v == 0 && a.State != cache.Stale {
						t.Errorf("after the purge came version %d, %s", v, a.State)
					}
					<-early
					get(t, c, page, "/p/1")
					time.Sleep(5 * time.Second)
					want(t, c, page, "/p/1", 1, cache.Fresh)
					wantCalls(t, &src, 2)
					c.Close()
				}
			})
		}
	}
}

// A page that is purged faster than it can be made is still answered, with
// what its maker knew, and goes on getting newer.
func TestPurgeStorm(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		t.Run(verb.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				src.takes(3 * time.Second)
				page := pageOf(&src, forEver)
				c := open(t, newStore(t))
				ctx, stop := context.WithCancel(t.Context())
				stopped := make(chan struct{})
				go func() {
					defer close(stopped)
					for ctx.Err() == nil {
						src.version.Add(1)
						purge(t, c, verb, pages.TagSubject("t"))
						time.Sleep(time.Second)
					}
				}()
				for range 20 {
					before := src.version.Load()
					a := get(t, c, page, "/p/1")
					if v := version(t, a); v < before-8 || verb == pages.Expire && v < before {
						t.Fatalf("asked at version %d, got %d", before, v)
					}
					time.Sleep(700 * time.Millisecond)
				}
				stop()
				<-stopped
			})
		})
	}
}

// A purge counts for a page of the seed by its time: one up to five minutes
// before the page was built still makes it stale.
func TestSeedAndPurges(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		for before, purged := range map[time.Duration]bool{
			6 * time.Minute: false, 5*time.Minute + time.Second: false, 5*time.Minute - time.Second: true,
			time.Second: true, -time.Second: true, -time.Hour: true,
		} {
			inBubble(t, func(t *testing.T) {
				for _, forgets := range []bool{false, true} {
					var src source
					page := pageOf(&src, forEver)
					s := newStore(t)
					bump := func() {
						if _, err := s.under.Bump(t.Context(), verb, pages.TagSubject("t")); err != nil {
							t.Fatal(err)
						}
					}
					if before > 0 {
						bump()
						time.Sleep(before)
					}
					sd := seedOf(t, page, "/p/1")
					if before < 0 {
						time.Sleep(-before)
						bump()
					}
					src.version.Store(1)
					var kind pages.Store = s
					if forgets {
						kind = plain{forgetting{s}}
					}
					c := open(t, kind, seeded(sd))
					switch {
					case !purged:
						want(t, c, page, "/p/1", 0, cache.Fresh)
					case verb == pages.Stale:
						want(t, c, page, "/p/1", 0, cache.Stale)
						synctest.Wait()
						want(t, c, page, "/p/1", 1, cache.Fresh)
					default:
						want(t, c, page, "/p/1", 1, cache.Made)
					}
				}
			})
		}
	}
}

// The very first purge counts for a page of the seed whose refresh failed, or
// that needed none, before there was any.
func TestFirstPurgeOfASeed(t *testing.T) {
	for _, fails := range []bool{true, false} {
		inBubble(t, func(t *testing.T) {
			var src source
			var o oracle
			page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
			sd := seedOf(t, page, "/p/1")
			s := newStore(t)
			c := open(t, s, seeded(sd))
			time.Sleep(surelyOld)
			if fault := errors.New("who knows"); fails {
				o.err.Store(&fault)
			}
			want(t, c, page, "/p/1", 0, cache.Stale)
			o.wantAsked(t, 1)
			if s.records(t) != 1 {
				t.Fatal("nothing is kept of the answer")
			}
			src.version.Store(1)
			purge(t, c, pages.Expire, pages.PathSubject("/p/1"))
			want(t, open(t, s, seeded(sd)), page, "/p/1", 1, cache.Made)
			want(t, c, page, "/p/1", 1, cache.Fresh)
		})
	}
}

// Purges that the store could not record hold here, and the error says so.
func TestPurgeWithoutTheStore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(time.Second)
		s.fail(errBroken, "bump")
		src.version.Store(1)
		if _, err := c.Purge(t.Context(), pages.Expire, pages.All); failure.Status(err) != 503 || !errors.Is(err, errBroken) {
			t.Fatalf("the error is %v", err)
		}
		time.Sleep(time.Nanosecond)
		want(t, c, page, "/p/1", 1, cache.Made)
		want(t, c, page, "/p/1", 1, cache.Fresh)
	})
}

// A purge that the store has taken holds here also while it cannot be read,
// and elsewhere nothing is served as fresh that may have been purged.
func TestPurgeWhileReadsFail(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		inBubble(t, func(t *testing.T) {
			var src source
			page := pageOf(&src, forEver)
			s := newStore(t)
			c, other := open(t, s), open(t, s)
			want(t, c, page, "/p/1", 0, cache.Made)
			want(t, other, page, "/p/1", 0, cache.Fresh)
			s.fail(errBroken, "get", "changes", "epochs")
			for _, c := range []*cache.Cache{c, other} {
				_, _ = c.Get(t.Context(), page, "/p/2", "", cache.Demand{}) // opens the breaker
			}
			src.version.Store(1)
			purge(t, c, verb, pages.PathSubject("/p/1"))
			for _, c := range []*cache.Cache{c, other} {
				if a := get(t, c, page, "/p/1"); version(t, a) == 0 && a.State != cache.Stale {
					t.Errorf("served version 0, %s, after the purge", a.State)
				}
				synctest.Wait()
				if a := get(t, c, page, "/p/1"); version(t, a) != 1 {
					t.Errorf("served version %d after the refresh", version(t, a))
				}
			}
			wantCalls(t, &src, 5) // two of /p/2
			for range 10 {
				get(t, other, page, "/p/1")
			}
			wantCalls(t, &src, 5)
		})
	}
}

// Watching a store whose purges cannot be read does not spin.
func TestWatchDoesNotSpin(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStore(t)
		open(t, plain{s})
		s.fail(errBroken, "changes")
		if _, err := s.under.Bump(t.Context(), pages.Stale, pages.All); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := s.count("wait"); n > 100 {
			t.Errorf("waited %d times in a minute", n)
		}
	})
}

func TestCDNIsTold(t *testing.T) {
	var told []string
	c := open(t, nil, func(c *cache.Config) {
		c.CDN = func(_ context.Context, subjects []string) error {
			told = append(told, subjects...)
			return errBroken
		}
	})
	if _, err := c.Purge(t.Context(), pages.Stale, "tag:a", "path:/b"); !errors.Is(err, errBroken) {
		t.Errorf("the CDN's fault is lost: %v", err)
	}
	if len(told) != 2 || told[0] != "tag:a" || told[1] != "path:/b" {
		t.Errorf("the CDN was told %q", told)
	}
}

// Nonces take a bounded part of memory: more than can be remembered are refused.
func TestNoncesAreBounded(t *testing.T) {
	clock := time.Now()
	c := open(t, nil, func(config *cache.Config) { config.Now = func() time.Time { return clock } })
	purge := func(i int) error {
		_, err := c.PurgeOnce(t.Context(), fmt.Sprint("nonce ", i), time.Hour, pages.Stale, pages.All)
		return err
	}
	const most = 1 << 14
	for i := range most {
		if err := purge(i); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := purge(most); failure.Status(err) != 503 {
		t.Errorf("one more: %v", err)
	}
	if err := purge(0); failure.Status(err) != 409 {
		t.Errorf("one again: %v", err)
	}
	clock = clock.Add(2 * time.Hour)
	if err := purge(most); err != nil {
		t.Errorf("after the window: %v", err)
	}
}
