// Seed against store, and entries of another build.

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
	"github.com/gorgon-go/gorgon/pages"
)

func TestNewerOfSeedAndStore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		old := seedOf(t, page, "/p/1")
		time.Sleep(time.Hour)
		src.version.Store(1)
		c := open(t, s)
		want(t, c, page, "/p/1", 1, cache.Made)
		time.Sleep(time.Hour)
		src.version.Store(2)
		recent := seedOf(t, page, "/p/1")
		src.version.Store(3)
		want(t, open(t, s, seeded(old)), page, "/p/1", 1, cache.Fresh)
		want(t, open(t, s, seeded(recent)), page, "/p/1", 2, cache.Fresh)
		wantCalls(t, &src, 3)
	})
}

func TestSeedIsReadWithoutTheStore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver)
		s := newStore(t)
		s.meddle(hang)
		c := open(t, s, seeded(seedOf(t, page, "/p/1")))
		want(t, c, page, "/p/1", 0, cache.Fresh)
		wantCalls(t, &src, 1)
	})
}

// A page of the seed that cannot be read is made again, also where the page
// is not incremental.
func TestCorruptSeed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, forEver, func(p *gorgon.Page[state]) {
			p.Incremental, p.Paths = false, func(context.Context, gorgon.Input) ([]string, error) { return nil, nil }
		})
		key := pages.Key{Route: page.Path, Path: "/p/1"}
		for _, s := range []pages.Store{nil, newStore(t)} {
			c := open(t, s, seeded(seed{key: fmt.Errorf("page 7: %w", pages.ErrCorrupt)}))
			want(t, c, page, "/p/1", 0, cache.Made)
			want(t, c, page, "/p/1", 0, cache.Fresh)
			wantStatus(t, c, page, "/p/2", 404)
		}
	})
}

// After a deploy a page is rendered from its state by the new view, served at
// once as stale, and regenerated in the background.
func TestAfterADeploy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		s := newStore(t)
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.StaleFor = time.Hour })
		c := open(t, s)
		first := want(t, c, page, "/p/1", 0, cache.Made)
		c.Close()
		time.Sleep(time.Minute)
		src.version.Store(1)
		src.takes(time.Second)

		next := pageOf(&src, func(p *gorgon.Page[state]) {
			p.StaleFor = time.Hour
			p.View = func(s state) gorgon.Component { return gorgon.Text(fmt.Sprintf("version %d, in red", s.Version)) }
		})
		c = open(t, s, build("b2"))
		start := time.Now()
		a := want(t, c, next, "/p/1", 0, cache.Stale)
		if time.Since(start) != 0 {
			t.Error("it was waited for")
		}
		if got := string(a.Entry.Main.Of(a.Entry.HTML)); got != "version 0, in red" || a.Entry.Build != "b2" {
			t.Errorf("%q of build %s", got, a.Entry.Build)
		}
		if !a.Entry.MadeAt.Equal(first.Entry.MadeAt) || !a.Entry.ModifiedAt.After(first.Entry.ModifiedAt) || a.Entry.ETag == first.Entry.ETag {
			t.Errorf("made %v, modified %v; the old one %v, %v", a.Entry.MadeAt, a.Entry.ModifiedAt, first.Entry.MadeAt, first.Entry.ModifiedAt)
		}
		time.Sleep(2 * time.Second)
		want(t, c, next, "/p/1", 1, cache.Fresh)
		wantCalls(t, &src, 2)
	})
}

// Also a page whose interval was re-armed for longer than it may be stale.
func TestRearmedBeforeADeploy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		s := newStore(t)
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate, p.StaleFor = o.ask, time.Hour })
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		for range 5 {
			time.Sleep(surelyOld)
			want(t, c, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
		}
		src.version.Store(1)
		c = open(t, s, build("b2"))
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		want(t, c, page, "/p/1", 1, cache.Fresh)
	})
}

// A refresh that fails leaves it stale, also after a restart, and backing off.
func TestRefreshFailsAfterADeploy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		s := newStore(t)
		page := pageOf(&src, forEver)
		want(t, open(t, s), page, "/p/1", 0, cache.Made)
		src.version.Store(1)
		src.fails(errors.New("no data"))
		want(t, open(t, s, build("b2")), page, "/p/1", 0, cache.Stale)
		wantCalls(t, &src, 2)
		for _, b := range []string{"b2", "b3"} {
			want(t, open(t, s, build(b)), page, "/p/1", 0, cache.Stale)
			wantCalls(t, &src, 2)
		}
		time.Sleep(4 * time.Second)
		src.works()
		c := open(t, s, build("b2"))
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		want(t, c, page, "/p/1", 1, cache.Fresh)
	})
}

// A state that the new code does not understand is made again.
func TestUndecodableState(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		s := newStore(t)
		want(t, open(t, s), pageOf(&src, forEver), "/p/1", 0, cache.Made)
		type other struct{ Version string }
		page := gorgon.Page[other]{
			Path: "/p/{id}", Incremental: true,
			Load: func(context.Context, gorgon.Input) (other, error) { return other{"one"}, nil },
			View: func(o other) gorgon.Component { return gorgon.Text(o.Version) },
		}.Definition()
		a := get(t, open(t, s, build("b2")), page, "/p/1")
		if got := string(a.Entry.Main.Of(a.Entry.HTML)); got != "one" || a.State != cache.Made {
			t.Errorf("%q, %s", got, a.State)
		}
	})
}

// A redirect and a page that is gone outlive a deploy too.
func TestAnswersWithoutStateAfterADeploy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		s := newStore(t)
		page := pageOf(&src, forEver)
		src.fails(gorgon.RedirectPermanently("/p/2"))
		if a := get(t, open(t, s), page, "/p/1"); a.Entry.Status != 308 || a.State != cache.Made {
			t.Fatalf("%d, %s", a.Entry.Status, a.State)
		}
		synctest.Wait() // the lease is returned after the answer; while it is held, a refresh is left to its holder
		c := open(t, s, build("b2"))
		if a := get(t, c, page, "/p/1"); a.Entry.Status != 308 || a.State != cache.Stale || a.Entry.Header.Get("Location") != "/p/2" {
			t.Errorf("%d, %s, %q", a.Entry.Status, a.State, a.Entry.Header)
		}
		synctest.Wait()
		wantCalls(t, &src, 2)
		if a := get(t, c, page, "/p/1"); a.State != cache.Fresh {
			t.Errorf("after the refresh it is %s", a.State)
		}
	})
}
