// What does not exist: remembered for a while, in constant memory, never stored.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

func TestMissingIsRemembered(t *testing.T) {
	for status, answer := range map[int]error{404: gorgon.NotFound(), 410: gorgon.Gone()} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src)
				s := newStore(t)
				c := open(t, s)
				src.fails(answer)
				wantStatus(t, c, page, "/p/1", status)
				time.Sleep(59 * time.Second)
				wantStatus(t, c, page, "/p/1", status)
				wantCalls(t, &src, 1)
				time.Sleep(time.Second)
				wantStatus(t, c, page, "/p/1", status)
				wantCalls(t, &src, 2)
				if n := s.records(t); n != 0 {
					t.Errorf("%d records of a page that does not exist", n)
				}
				src.works()
				time.Sleep(time.Minute)
				want(t, c, page, "/p/1", 0, cache.Made)
			})
		})
	}
}

func TestPurgeForgetsMissing(t *testing.T) {
	for _, subject := range []string{pages.PathSubject("/p/1"), pages.RouteSubject("/p/{id}"), pages.All} {
		for _, elsewhere := range []bool{false, true} {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src)
				s := newStore(t)
				c := open(t, s)
				by := c
				if elsewhere {
					by = open(t, s)
				}
				src.fails(gorgon.NotFound())
				wantStatus(t, c, page, "/p/1", 404)
				src.works()
				purge(t, by, pages.Stale, subject)
				want(t, c, page, "/p/1", 0, cache.Made)
			})
		}
	}
}

// A generator that looked before a purge may say no more that a page is missing.
func TestPurgeOvertakesMissing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		for _, s := range []pages.Store{nil, newStore(t)} {
			c := open(t, s)
			var missing atomic.Bool
			missing.Store(true)
			src.does(func(context.Context, gorgon.Input) error {
				was := missing.Load()
				time.Sleep(2 * time.Second)
				if was {
					return gorgon.NotFound()
				}
				return nil
			})
			early := make(chan struct{})
			go func() {
				defer close(early)
				wantStatus(t, c, page, "/p/1", 404)
			}()
			time.Sleep(time.Second)
			missing.Store(false)
			purge(t, c, pages.Expire, pages.PathSubject("/p/1"))
			get(t, c, page, "/p/1") // joins the flight that does not know
			<-early
			get(t, c, page, "/p/1")
		}
	})
}

// A page that existed and does no more leaves the store and memory.
func TestBecomesMissing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.fails(gorgon.NotFound())
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		wantStatus(t, c, page, "/p/1", 404)
		if n := s.records(t); n != 0 {
			t.Errorf("%d records remain", n)
		}
		time.Sleep(2 * time.Minute)
		wantStatus(t, c, page, "/p/1", 404)
	})
}

// Also where the store cannot delete it, for as long as this instance lives.
func TestBecomesMissingInAFailingStore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.fails(gorgon.NotFound())
		s.fail(errBroken, "put", "delete")
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		for range 5 {
			wantStatus(t, c, page, "/p/1", 404)
			time.Sleep(70 * time.Second)
		}
	})
}

// A page of the seed that turned missing stays so, though the seed has it.
func TestSeedTurnsMissing(t *testing.T) {
	for name, withStore := range map[string]bool{"store": true, "no store": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src)
				sd := seedOf(t, page, "/p/1")
				var s pages.Store
				if withStore {
					s = newStore(t)
				}
				c := open(t, s, seeded(sd))
				want(t, c, page, "/p/1", 0, cache.Fresh)
				time.Sleep(surelyOld)
				src.fails(gorgon.Gone())
				want(t, c, page, "/p/1", 0, cache.Stale)
				synctest.Wait()
				for range 5 {
					wantStatus(t, c, page, "/p/1", 410)
					time.Sleep(35 * time.Second)
				}
				purge(t, c, pages.Stale, pages.All)
				wantStatus(t, c, page, "/p/1", 410)
				if withStore {
					c.Close()
					c = open(t, s, seeded(sd))
					wantStatus(t, c, page, "/p/1", 410)
				}
				// A failure does not bring it back either.
				time.Sleep(2 * time.Minute)
				src.fails(errors.New("no data"))
				wantStatus(t, c, page, "/p/1", 500)
				wantStatus(t, c, page, "/p/1", 503)
				time.Sleep(time.Minute)
				src.works()
				src.version.Store(1)
				want(t, c, page, "/p/1", 1, cache.Made)
				time.Sleep(time.Minute)
				want(t, c, page, "/p/1", 1, cache.Fresh)
			})
		})
	}
}

// What neither the build listed nor may be made on request is missing, at no cost.
func TestUnlisted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, func(p *gorgon.Page[state]) {
			p.Incremental, p.Paths = false, func(context.Context, gorgon.Input) ([]string, error) { return nil, nil }
		})
		s := newStore(t)
		c := open(t, s, seeded(seedOf(t, page, "/p/1")))
		want(t, c, page, "/p/1", 0, cache.Fresh)
		gets := s.count("get")
		wantStatus(t, c, page, "/p/2", 404)
		wantCalls(t, &src, 1)
		if s.count("get") != gets {
			t.Error("the store was asked for a page that cannot be")
		}
	})
}

func TestMillionUnknownPaths(t *testing.T) {
	var src source
	page := pageOf(&src)
	c := open(t, nil)
	want(t, c, page, "/p/hot", 0, cache.Made)
	src.fails(gorgon.NotFound())
	n := 1_000_000
	if testing.Short() || raceEnabled {
		n = 40_000
	}
	unknown(t, c, page, 0, n/10)
	before := heap()
	unknown(t, c, page, n/10, n)
	if grown := int64(heap()) - int64(before); grown > 2<<20 {
		t.Errorf("%d unknown paths took %d bytes", n, grown)
	}
	if a, ok := c.Found(page, "/p/hot", "", time.Now()); !ok || version(t, a) != 0 {
		t.Error("the hot page was pushed out of memory")
	}
	if got := src.calls.Load() - 1; got != int64(n) {
		t.Errorf("%d paths were asked of the generator %d times", n, got)
	}
}

func TestUnknownPathsLeaveNoRecords(t *testing.T) {
	var src source
	page := pageOf(&src)
	s := newStore(t)
	c := open(t, s)
	src.fails(gorgon.NotFound())
	unknown(t, c, page, 0, 5000)
	if n := s.records(t); n != 0 {
		t.Errorf("5000 unknown paths left %d records", n)
	}
}

func unknown(t *testing.T, c *cache.Cache, page *gorgon.Definition, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if _, err := c.Get(t.Context(), page, fmt.Sprint("/p/", i), "", cache.Demand{}); failure.Status(err) != 404 {
			t.Fatal(err)
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
