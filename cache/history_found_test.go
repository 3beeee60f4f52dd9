// What random histories found, each reduced to a few steps.

package cache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// beside is another instance's way to the same store.
func (s *store) beside() *store { return &store{under: s.under, calls: map[string]int{}} }

// isDown is a store that cannot be reached at all.
func isDown(context.Context, string, pages.Key) error { return errBroken }

// no is a page's answer that it need not be made again.
func no(p *gorgon.Page[state]) {
	p.ShouldRevalidate = func(context.Context, gorgon.Input, state, time.Time) (bool, error) { return false, nil }
}

func wantToken(t *testing.T, c *cache.Cache, page *gorgon.Definition, token uint64, v int64) {
	t.Helper()
	a, err := c.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if got := version(t, a); got != v {
		t.Errorf("token %d is answered with version %d, %s; want %d", token, got, a.State, v)
	}
}

// With a store that lists no purges, an instance may know of one and not what
// it was of. If the store is lost then, the page has to be made.
func TestTokenOfPurgeNotAskedAbout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		a, b := open(t, plain{s.beside()}), open(t, plain{s})
		want(t, b, page, "/p/1", 0, cache.Made)
		src.version.Store(1)
		epoch := purge(t, a, pages.Stale, pages.All)
		want(t, b, page, "/p/2", 1, cache.Made) // b hears that something was purged
		s.meddle(isDown)
		wantToken(t, b, page, epoch, 1)
	})
}

// A token that cannot be read of is not answered with an old page because the
// page says that it need not be made again.
func TestTokenIsNotForTheOracle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, no)
		s := newStore(t)
		other := s.beside()
		a, b := open(t, acknowledged{other, other, other}), open(t, acknowledged{s, s, s})
		want(t, b, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		s.meddle(isDown)
		src.version.Store(1)
		wantToken(t, b, page, purge(t, a, pages.Stale, pages.All), 1)
	})
}

// A page that was purged while it was about to be asked stays purged, also if
// it says that it need not be made again.
func TestPurgeBeforeTheOracle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, no)
		s := newStore(t)
		c := open(t, plain{s})
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld + 100*time.Millisecond) // not when c would listen anyway
		s.meddle(func(_ context.Context, op string, _ pages.Key) error {
			if op == "lease" {
				time.Sleep(1500 * time.Millisecond)
			}
			return nil
		})
		want(t, c, page, "/p/1", 0, cache.Stale) // the refresh waits for its lease
		synctest.Wait()
		src.version.Store(1)
		if _, err := s.under.Bump(t.Context(), pages.Expire, pages.All); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // c hears of it first, and has the lease then
		if a := get(t, c, page, "/p/1"); version(t, a) != 1 {
			t.Errorf("after a purge: version %d, %s", version(t, a), a.State)
		}
	})
}

// Who came while purges could not be read is told so, although the store came
// back before the answer: it may be of before a purge.
func TestDegradedWhileItWasMade(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.takes(3 * time.Second)
		page := pageOf(&src, forEver)
		s := newStore(t)
		c := open(t, s)
		var all sync.WaitGroup
		all.Go(func() { get(t, c, page, "/p/1") })
		time.Sleep(time.Second)
		src.version.Store(1)
		s.meddle(isDown)
		if _, err := s.under.Bump(t.Context(), pages.Expire, pages.All); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if a := get(t, c, page, "/p/1"); version(t, a) != 1 && !a.Degraded {
				t.Errorf("version %d, %s, and not degraded", version(t, a), a.State)
			}
		})
		synctest.Wait()
		s.meddle(nil)
		all.Wait()
	})
}

// Who joins the making of a page that then fails is answered with the old one
// only if it is known what was purged of that: where memory has let go of it,
// nobody may have asked.
func TestTokenOfJoinedRenewal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		a := open(t, plain{s.beside()})
		b := open(t, plain{s}, func(c *cache.Config) { c.Bytes = 1 })
		want(t, a, page, "/p/1", 0, cache.Made)
		epoch := purge(t, a, pages.Stale, pages.All)
		src.does(func(context.Context, gorgon.Input) error {
			time.Sleep(10 * time.Second)
			return errBroken
		})
		var asked atomic.Int64
		s.meddle(func(_ context.Context, op string, _ pages.Key) error {
			if op == "epochs" && asked.Add(1) == 2 { // not whether anything was purged, but whether this page was
				return errBroken
			}
			return nil
		})
		var work sync.WaitGroup
		for range 2 {
			work.Go(func() {
				if a, err := b.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: epoch}); err == nil {
					t.Errorf("token %d is answered with version %d, made before the purge", epoch, version(t, a))
				}
			})
			time.Sleep(4 * time.Second)
			s.meddle(nil)
		}
		work.Wait()
	})
}
