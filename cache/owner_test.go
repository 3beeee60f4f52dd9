// Stores that belong to another.

package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// What another app or environment keeps in the store is not looked at, also if
// no app has claimed the store.
func TestEntriesOfAnother(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var blog, shop source
		blog.version.Store(1)
		shop.version.Store(2)
		theirs, ours := pageOf(&blog, forEver), pageOf(&shop, forEver)
		s := newStore(t)
		a := open(t, s, func(c *cache.Config) { c.Owner = "blog/" })
		b := open(t, s, func(c *cache.Config) { c.Owner = "shop/" })
		want(t, a, theirs, "/p/1", 1, cache.Made)
		want(t, b, ours, "/p/1", 2, cache.Made)
		blog.version.Store(3)
		shop.version.Store(4)
		want(t, open(t, s, func(c *cache.Config) { c.Owner = "shop/" }), ours, "/p/1", 2, cache.Fresh)
		// Entries of before stores had owners are everybody's.
		want(t, open(t, s), ours, "/p/1", 2, cache.Fresh)
		want(t, open(t, newStore(t)), ours, "/p/9", 4, cache.Made)
	})
}

// A store that was away at the start is claimed before anything is read from
// it or written to it, and one that turns out to be another's is left alone.
func TestStoreIsClaimedWhenItComesBack(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		for name, shape := range shapesOfStore {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				s := newStore(t)
				if foreign {
					if err := s.under.Claim(t.Context(), "blog/", false); err != nil {
						t.Fatal(err)
					}
				}
				var claimed atomic.Bool
				s.meddle(func(_ context.Context, op string, _ pages.Key) error {
					if !claimed.Load() && op != "claim" && op != "wait" {
						t.Errorf("%s: %s came before the store was claimed", name, op)
					}
					return errBroken
				})
				c := open(t, shape(s), func(c *cache.Config) {
					c.Owner = "shop/"
					c.Claim = func(ctx context.Context) error {
						err := s.Claim(ctx, "shop/", false)
						claimed.CompareAndSwap(false, err == nil)
						return err
					}
				})
				want(t, c, page, "/p/1", 0, cache.Made)
				if _, err := c.Purge(t.Context(), pages.Stale, pages.PathSubject("/p/9")); err == nil {
					t.Error("a purge reached a store that is away")
				}
				s.meddle(func(_ context.Context, op string, _ pages.Key) error {
					if !claimed.Load() && op != "claim" && op != "wait" {
						t.Errorf("%s: %s came before the store was claimed", name, op)
					}
					return nil
				})
				time.Sleep(5 * time.Second)
				degraded, why := c.Degraded()
				if degraded != foreign || foreign && why != (&pages.ForeignError{Owner: "blog/"}).Error() {
					t.Errorf("%s: it is degraded %v: %s", name, degraded, why)
				}
				a := get(t, c, page, "/p/2")
				if a.Stored == foreign {
					t.Errorf("%s: stored %v", name, a.Stored)
				}
				_, err := c.Purge(t.Context(), pages.Stale, pages.PathSubject("/p/9"))
				if foreign != errors.Is(err, pages.ErrForeign) {
					t.Errorf("%s: a purge gave %v", name, err)
				}
				if n := s.records(t); foreign && n > 0 {
					t.Errorf("%s: %d records were written to another's store", name, n)
				}
			})
		}
	}
}
