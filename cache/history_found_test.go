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

// A token of a store that cannot be asked causes no work: what is there is
// served, and the answer says that it may be of before the purge.
func TestTokenWhileTheStoreIsAway(t *testing.T) {
	for name, test := range map[string]struct {
		shape func(*store) pages.Store
		rule  func(*gorgon.Page[state])
		hears bool // that something was purged, and not what
		old   bool // the page's interval has passed
	}{
		"a store that forgets its purges":          {shape: func(s *store) pages.Store { return plain{forgetting{s}} }, rule: forEver, hears: true},
		"a page that need not be made again":       {shape: func(s *store) pages.Store { return acknowledged{s, s} }, rule: no, old: true},
		"a page that lasts until it is purged":     {shape: func(s *store) pages.Store { return acknowledged{s, s} }, rule: forEver},
		"a store that tells its sequence for free": {shape: func(s *store) pages.Store { return s }, rule: forEver},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, test.rule)
				s := newStore(t)
				a, b := open(t, test.shape(s.beside())), open(t, test.shape(s))
				want(t, b, page, "/p/1", 0, cache.Made)
				if test.old {
					time.Sleep(surelyOld)
				}
				src.version.Store(1)
				var epoch uint64
				if test.hears {
					epoch = purge(t, a, pages.Stale, pages.All)
					want(t, b, page, "/p/2", 1, cache.Made)
				}
				s.meddle(isDown)
				if !test.hears {
					epoch = purge(t, a, pages.Stale, pages.All)
				}
				calls := src.calls.Load()
				for _, token := range []uint64{epoch, 1<<53 - 1} {
					for range 20 {
						answer, err := b.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: token, Passive: true})
						if err != nil || version(t, answer) != 0 || !answer.Degraded {
							t.Fatalf("token %d is answered with version %d, %s, degraded %v, %v", token, version(t, answer), answer.State, answer.Degraded, err)
						}
					}
				}
				wantCalls(t, &src, calls)
			})
		})
	}
}

// A token that no purge can have given causes no work either, also where the
// page is out of date.
func TestTokenOfNoPurge(t *testing.T) {
	for name, shape := range shapesOfStore {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src, forEver)
				c := open(t, shape(newStore(t)))
				want(t, c, page, "/p/1", 0, cache.Made)
				purge(t, c, pages.Stale, pages.All)
				for range 50 {
					a, err := c.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: 1<<53 - 1, Passive: true})
					if err != nil || a.State != cache.Stale || a.Degraded {
						t.Fatalf("it is answered as %s, degraded %v, %v", a.State, a.Degraded, err)
					}
				}
				wantCalls(t, &src, 1)
			})
		})
	}
}

// A page that was purged while it was about to be asked stays purged, also if
// it says that it need not be made again.
func TestPurgeBeforeTheOracle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, no)
		s := newStore(t)
		c := open(t, plain{forgetting{s}})
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
// only if it is known what was purged of that, or says that it is degraded.
func TestTokenOfJoinedRenewal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		a := open(t, plain{forgetting{s.beside()}})
		b := open(t, plain{forgetting{s}}, func(c *cache.Config) { c.Bytes = 1 })
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
				if a, err := b.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: epoch}); err == nil && !a.Degraded {
					t.Errorf("token %d is answered with version %d, made before the purge", epoch, version(t, a))
				}
			})
			time.Sleep(4 * time.Second)
			s.meddle(nil)
		}
		work.Wait()
	})
}

// Who joins a refresh that finds what another instance made a while ago is not
// answered with that if its token names a later purge.
func TestTokenOfJoinedRefresh(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		a := open(t, plain{forgetting{s.beside()}})
		b := open(t, plain{forgetting{s}})
		want(t, a, page, "/p/1", 0, cache.Made)
		want(t, b, page, "/p/1", 0, cache.Fresh)
		purge(t, a, pages.Stale, pages.All)
		src.version.Store(1)
		if answer, _ := a.Get(t.Context(), page, "/p/1", "", cache.Demand{}); answer.Work != nil {
			<-answer.Work
		}
		want(t, a, page, "/p/1", 1, cache.Fresh)
		epoch := purge(t, a, pages.Stale, pages.All)
		src.version.Store(2)
		src.does(func(context.Context, gorgon.Input) error {
			time.Sleep(20 * time.Second)
			return nil
		})
		going, err := a.Get(t.Context(), page, "/p/1", "", cache.Demand{}) // has the lease now
		if err != nil || going.Work == nil {
			t.Fatal("it is not made again: ", err)
		}
		s.meddle(func(_ context.Context, op string, _ pages.Key) error {
			if op == "lease" {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		})
		want(t, b, page, "/p/1", 0, cache.Stale) // and begins a refresh, which asks for the lease
		answer, err := b.Get(t.Context(), page, "/p/1", "", cache.Demand{Token: epoch})
		if err != nil || answer.Entry.Epoch < epoch {
			t.Errorf("token %d is answered with version %d of epoch %d, made before the purge: %v", epoch, version(t, answer), answer.Entry.Epoch, err)
		}
		<-going.Work
	})
}
