// The life of an entry: stale, refreshed, failing, expired; its jitter.

package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

func TestStaleIsServedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(stillFresh)
		want(t, c, page, "/p/1", 0, cache.Fresh)
		time.Sleep(surelyOld - stillFresh)
		src.version.Store(1)
		src.takes(2 * time.Second)
		start := time.Now()
		for range 10 {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					before := time.Now()
					want(t, c, page, "/p/1", 0, cache.Stale)
					if time.Since(before) != 0 {
						t.Error("a stale page was waited for")
					}
				})
			}
			all.Wait()
			time.Sleep(199 * time.Millisecond)
		}
		time.Sleep(time.Until(start.Add(2100 * time.Millisecond)))
		want(t, c, page, "/p/1", 1, cache.Fresh)
		wantCalls(t, &src, 2)
	})
}

func TestPassiveReadsRefreshNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		passive := func(s cache.State) {
			t.Helper()
			a, err := c.Get(t.Context(), page, "/p/1", "", cache.Demand{Passive: true})
			if err != nil || a.State != s {
				t.Fatalf("a passive read is %s, %v; want %s", a.State, err, s)
			}
		}
		passive(cache.Made)
		passive(cache.Fresh)
		time.Sleep(surelyOld)
		passive(cache.Stale)
		wantCalls(t, &src, 1)
		purge(t, c, pages.Stale, pages.All)
		passive(cache.Stale)
		wantCalls(t, &src, 1)
		// What may not be served is made, passive or not.
		purge(t, c, pages.Expire, pages.All)
		passive(cache.Made)
		wantCalls(t, &src, 2)
	})
}

func TestFailingRefreshBacksOff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		var log lines
		c := open(t, newStore(t), func(c *cache.Config) { c.Log = log.logger() })
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.fails(errors.New("no data"))
		due := 3 * time.Second
		for n := 1; n <= 10; n++ {
			want(t, c, page, "/p/1", 0, cache.Stale)
			wantCalls(t, &src, int64(n+1))
			why := c.Why(t.Context(), page, "/p/1", "").Copies[0]
			if why.Failures != n || !strings.Contains(why.Failure, "no data") {
				t.Fatalf("after %d failures Why says %+v", n, why)
			}
			wait := time.Until(why.RetryAt)
			if low, high := due*9/10, due*11/10; wait < low || wait > high {
				t.Fatalf("failure %d is followed by %v, want %v to %v", n, wait, low, high)
			}
			time.Sleep(wait - 1)
			for range 20 {
				want(t, c, page, "/p/1", 0, cache.Stale)
			}
			wantCalls(t, &src, int64(n+1))
			time.Sleep(time.Nanosecond)
			due = min(due*2, 5*time.Minute)
		}
		if n := log.count("could not be made"); n < 2 || n > 8 { // four of them come within the first minute
			t.Errorf("10 failures gave %d lines, want one at once and one for each minute with others", n)
		}
		src.works()
		src.version.Store(1)
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		a := want(t, c, page, "/p/1", 1, cache.Fresh)
		if a.Entry.Failures != 0 || a.Entry.Failure != "" || !a.Entry.RetryAt.IsZero() {
			t.Errorf("success leaves %+v", a.Entry)
		}
		// The next failure counts from one again.
		src.fails(errors.New("no data"))
		time.Sleep(surelyOld)
		want(t, c, page, "/p/1", 1, cache.Stale)
		synctest.Wait()
		if n := c.Why(t.Context(), page, "/p/1", "").Copies[0].Failures; n != 1 {
			t.Errorf("the first failure after a success is number %d", n)
		}
	})
}

func TestBackOffOutlivesTheProcess(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.fails(errors.New("no data"))
		var wait time.Duration
		for n := 1; n <= 6; n++ {
			want(t, c, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
			wait = time.Until(c.Why(t.Context(), page, "/p/1", "").Copies[0].RetryAt)
			if n < 6 {
				time.Sleep(wait)
			}
		}
		c.Close()
		c = open(t, s)
		want(t, c, page, "/p/1", 0, cache.Stale)
		wantCalls(t, &src, 7)
		if n := c.Why(t.Context(), page, "/p/1", "").Copies[0].Failures; n != 6 {
			t.Errorf("6 failures became %d", n)
		}
		time.Sleep(wait)
		want(t, c, page, "/p/1", 0, cache.Stale)
		wantCalls(t, &src, 8)
	})
}

// One instance's failure keeps the others from trying too.
func TestBackOffIsShared(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		a, b := open(t, s), open(t, s)
		want(t, a, page, "/p/1", 0, cache.Made)
		want(t, b, page, "/p/1", 0, cache.Fresh)
		time.Sleep(surelyOld)
		src.fails(errors.New("no data"))
		want(t, a, page, "/p/1", 0, cache.Stale)
		wantCalls(t, &src, 2)
		for range 3 {
			want(t, b, page, "/p/1", 0, cache.Stale)
			wantCalls(t, &src, 2)
		}
	})
}

// What was purged is tried again at once, back-off or not: the purge may be
// about the very fault. After that the back-off holds again.
func TestPurgeEndsBackOff(t *testing.T) {
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		t.Run(verb.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src)
				c := open(t, newStore(t))
				want(t, c, page, "/p/1", 0, cache.Made)
				time.Sleep(surelyOld)
				src.fails(errors.New("no data"))
				want(t, c, page, "/p/1", 0, cache.Stale)
				wantCalls(t, &src, 2)
				purge(t, c, verb, pages.All)
				for range 5 {
					want(t, c, page, "/p/1", 0, cache.Stale)
					wantCalls(t, &src, 3)
				}
				src.works()
				src.version.Store(1)
				purge(t, c, verb, pages.All)
				if verb == pages.Stale {
					want(t, c, page, "/p/1", 0, cache.Stale)
					synctest.Wait()
					want(t, c, page, "/p/1", 1, cache.Fresh)
				} else {
					want(t, c, page, "/p/1", 1, cache.Made)
				}
			})
		})
	}
}

func TestFirstMakingFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		var log lines
		c := open(t, newStore(t), func(c *cache.Config) { c.Log = log.logger() })
		src.fails(errors.New("no data"))
		for range 100 {
			wantStatus(t, c, page, "/p/1", 500)
		}
		if n := log.count("could not be made"); n != 1 {
			t.Errorf("%d lines of one page in one window", n)
		}
		src.works()
		want(t, c, page, "/p/1", 0, cache.Made)
	})
}

func TestExpiredWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.StaleFor = time.Hour })
		c := open(t, newStore(t))
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(2*time.Hour + 7*time.Minute)
		src.version.Store(1)
		src.takes(2 * time.Second)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				start := time.Now()
				want(t, c, page, "/p/1", 1, cache.Made)
				if d := time.Since(start); d != 2*time.Second {
					t.Errorf("waited %v", d)
				}
			})
		}
		all.Wait()
		wantCalls(t, &src, 2)
	})
}

// A page that takes longer to make than it may be kept is still an answer.
func TestSlowerThanItsLife(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.takes(5 * time.Second)
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.RevalidateAfter, p.StaleFor = time.Second, time.Second })
		c := open(t, newStore(t))
		for n := range int64(3) {
			want(t, c, page, "/p/1", 0, cache.Made)
			wantCalls(t, &src, n+1)
			time.Sleep(time.Second)
		}
	})
}

func TestErrorFor(t *testing.T) {
	for name, staleFor := range map[string]time.Duration{"expired": time.Minute, "stale": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, func(p *gorgon.Page[state]) { p.StaleFor, p.ErrorFor = staleFor, 2*time.Hour })
				c := open(t, newStore(t))
				want(t, c, page, "/p/1", 0, cache.Made)
				time.Sleep(surelyOld + time.Minute)
				src.fails(errors.New("no data"))
				for range 10 {
					want(t, c, page, "/p/1", 0, cache.Stale)
					time.Sleep(10 * time.Minute)
				}
				time.Sleep(22 * time.Minute)
				wantStatus(t, c, page, "/p/1", 500) // tried, and failed
				before := src.calls.Load()
				wantStatus(t, c, page, "/p/1", 503) // and not tried again at once
				wantCalls(t, &src, before)
				if why := c.Why(t.Context(), page, "/p/1", ""); why.Phase != "expired" || !strings.Contains(why.Because, "ErrorFor") || !strings.Contains(why.Next, "503") {
					t.Errorf("Why says %q because %q, and next %q", why.Phase, why.Because, why.Next)
				}
				time.Sleep(6 * time.Minute)
				src.works()
				src.version.Store(1)
				want(t, c, page, "/p/1", 1, cache.Made)
			})
		})
	}
}

// The last good page answers also where memory does not hold it.
func TestFailingRefreshWithoutMemory(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t), func(c *cache.Config) { c.Bytes = 1 })
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.does(func(context.Context, gorgon.Input) error {
			time.Sleep(time.Second)
			return errors.New("no data")
		})
		want(t, c, page, "/p/1", 0, cache.Stale)
		want(t, c, page, "/p/1", 0, cache.Stale) // joins the refresh
		want(t, c, page, "/p/1", 0, cache.Stale)
	})
}

func TestJitter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		a, b := open(t, nil), open(t, nil)
		spread := map[time.Duration]bool{}
		for n := range 200 {
			path := fmt.Sprintf("/p/%d", n)
			x, y := get(t, a, page, path).Entry, get(t, b, page, path).Entry
			left := x.FreshUntil.Sub(x.MadeAt)
			if left < 54*time.Minute || left > 66*time.Minute {
				t.Fatalf("an interval of an hour became %v", left)
			}
			if !x.FreshUntil.Equal(y.FreshUntil) {
				t.Fatalf("two instances disagree: %v and %v", x.FreshUntil, y.FreshUntil)
			}
			spread[left.Truncate(time.Minute)] = true
		}
		if len(spread) < 10 {
			t.Errorf("200 pages fall due in %d minutes", len(spread))
		}
	})
}

func TestEarlyCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		first := want(t, c, page, "/p/1", 0, cache.Made).Entry
		time.Sleep(surelyOld)
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		second := want(t, c, page, "/p/1", 0, cache.Fresh).Entry
		if second.ETag != first.ETag || !second.ModifiedAt.Equal(first.ModifiedAt) || !second.MadeAt.After(first.MadeAt) || !second.FreshUntil.After(first.FreshUntil) || !bytes.Equal(second.HTML, first.HTML) {
			t.Errorf("the same page again became %+v, was %+v", second, first)
		}
		time.Sleep(surelyOld)
		src.version.Store(1)
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		third := want(t, c, page, "/p/1", 1, cache.Fresh).Entry
		if third.ETag == first.ETag || !third.ModifiedAt.After(first.ModifiedAt) {
			t.Errorf("another page has ETag %s of %v", third.ETag, third.ModifiedAt)
		}
	})
}

// A duration that means never ends never, and overflows nothing.
func TestNever(t *testing.T) {
	for name, rule := range map[string]func(*gorgon.Page[state]){
		"an interval": func(p *gorgon.Page[state]) { p.RevalidateAfter = math.MaxInt64 },
		"a fallback": func(p *gorgon.Page[state]) {
			p.RevalidateAfter, p.StaleFor, p.ErrorFor = math.MaxInt64, math.MaxInt64, math.MaxInt64
		},
		"short after": func(p *gorgon.Page[state]) { p.RevalidateAfter, p.StaleFor, p.ErrorFor = math.MaxInt64, 1, 1 },
		"a deadline":  func(p *gorgon.Page[state]) { p.RevalidateAfter, p.Timeout = 250*365*24*time.Hour, math.MaxInt64 },
		"long after": func(p *gorgon.Page[state]) {
			p.RevalidateAfter, p.StaleFor, p.ErrorFor = 24*time.Hour, math.MaxInt64, math.MaxInt64
		},
		"an oracle":    func(p *gorgon.Page[state]) { no(p); p.RevalidateAfter, p.Timeout = math.MaxInt64, math.MaxInt64 },
		"two together": func(p *gorgon.Page[state]) { p.RevalidateAfter, p.StaleFor = 90*365*24*time.Hour, 90*365*24*time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, rule)
				s := newStore(t)
				c := open(t, s)
				want(t, c, page, "/p/1", 0, cache.Made)
				for range 3 {
					want(t, c, page, "/p/1", 0, cache.Fresh)
					time.Sleep(time.Hour)
				}
				want(t, open(t, s), page, "/p/1", 0, cache.Fresh)
				wantCalls(t, &src, 1)
				if r := c.Why(t.Context(), page, "/p/1", ""); r.Phase != "fresh" {
					t.Errorf("it is %s: %s", r.Phase, r.Because)
				}
				// And it can be made again.
				src.version.Store(1)
				purge(t, c, pages.Expire, pages.All)
				want(t, c, page, "/p/1", 1, cache.Made)
			})
		})
	}
}
