// ShouldRevalidate: when a page is asked, how often, and what its answers do.

package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// An oracle answers ShouldRevalidate.
type oracle struct {
	asked  atomic.Int64
	at     atomic.Int64 // how many are asked now
	most   atomic.Int64
	answer atomic.Bool
	err    atomic.Pointer[error]
	takes  atomic.Int64
}

func (o *oracle) ask(context.Context, gorgon.Input, state, time.Time) (bool, error) {
	o.asked.Add(1)
	o.most.Store(max(o.most.Load(), o.at.Add(1)))
	defer o.at.Add(-1)
	time.Sleep(time.Duration(o.takes.Load()))
	if err := o.err.Load(); err != nil {
		return false, *err
	}
	return o.answer.Load(), nil
}

func (o *oracle) wantAsked(t *testing.T, n int64) {
	t.Helper()
	synctest.Wait()
	if got := o.asked.Load(); got != n {
		t.Fatalf("the page was asked %d times, want %d", got, n)
	}
}

func TestAskedAfterTheInterval(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate, p.StaleFor = o.ask, time.Hour })
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		src.version.Store(1)
		for n := range int64(4) { // a "no" re-arms the interval, and the bounds that follow it
			time.Sleep(stillFresh)
			want(t, c, page, "/p/1", 0, cache.Fresh)
			o.wantAsked(t, n)
			time.Sleep(surelyOld - stillFresh)
			want(t, c, page, "/p/1", 0, cache.Stale)
			o.wantAsked(t, n+1)
			want(t, c, page, "/p/1", 0, cache.Fresh)
		}
		wantCalls(t, &src, 1)
		// Also for an instance that reads it from the store.
		want(t, open(t, s), page, "/p/1", 0, cache.Fresh)
		time.Sleep(surelyOld)
		o.answer.Store(true)
		want(t, c, page, "/p/1", 0, cache.Stale)
		o.wantAsked(t, 5)
		want(t, c, page, "/p/1", 1, cache.Fresh)
		wantCalls(t, &src, 2)
	})
}

func TestAskedWithoutAnInterval(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		page := pageOf(&src, forEver, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
		c := open(t, newStore(t))
		want(t, c, page, "/p/1", 0, cache.Made)
		src.version.Store(1)
		for n := range int64(5) {
			want(t, c, page, "/p/1", 0, cache.Stale)
			o.wantAsked(t, n+1)
		}
		// One answer at a time, and no request waits for it.
		o.takes.Store(int64(time.Second))
		start := time.Now()
		for range 50 {
			want(t, c, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
		}
		if time.Since(start) != 0 {
			t.Error("a visitor waited for the answer")
		}
		time.Sleep(2 * time.Second)
		o.wantAsked(t, 6)
		if o.most.Load() != 1 {
			t.Error("the page was asked twice at once")
		}
		wantCalls(t, &src, 1)
		o.answer.Store(true)
		want(t, c, page, "/p/1", 0, cache.Stale)
		time.Sleep(2 * time.Second)
		wantCalls(t, &src, 2)
		want(t, c, page, "/p/1", 1, cache.Stale)
	})
}

func TestAskingFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		page := pageOf(&src, forEver, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
		c := open(t, newStore(t))
		want(t, c, page, "/p/1", 0, cache.Made)
		fault := errors.New("who knows")
		o.err.Store(&fault)
		for range 3 {
			want(t, c, page, "/p/1", 0, cache.Stale)
			o.wantAsked(t, 1)
		}
		time.Sleep(4 * time.Second)
		o.err.Store(nil)
		want(t, c, page, "/p/1", 0, cache.Stale)
		o.wantAsked(t, 2)
		if n := c.Why(t.Context(), page, "/p/1", "").Copies[0].Failures; n != 0 {
			t.Errorf("an answer leaves %d failures", n)
		}
	})
}

// A purge is not the page's to deny, also not one that comes while it is asked.
func TestPurgeIsNotAskedAbout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
		for name, kind := range map[string]func(*store) pages.Store{
			"sequencer":  func(s *store) pages.Store { return s },
			"plain":      func(s *store) pages.Store { return plain{s} },
			"forgetting": func(s *store) pages.Store { return plain{forgetting{s}} },
		} {
			s := newStore(t)
			c := open(t, kind(s))
			src.version.Store(0)
			want(t, c, page, "/p/1", 0, cache.Made)
			src.version.Store(1)
			purge(t, c, pages.Stale, pages.TagSubject("t"))
			want(t, c, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
			want(t, c, page, "/p/1", 1, cache.Fresh)
			if o.asked.Load() != 0 {
				t.Fatalf("%s: the page was asked about a purge", name)
			}

			time.Sleep(surelyOld)
			o.takes.Store(int64(time.Second))
			want(t, c, page, "/p/1", 1, cache.Stale)
			time.Sleep(time.Second / 2)
			src.version.Store(2)
			if _, err := s.under.Bump(t.Context(), pages.Expire, pages.All); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			if a := get(t, c, page, "/p/1"); version(t, a) != 2 {
				t.Fatalf("%s: a purge was denied", name)
			}
			o.takes.Store(0)
			o.asked.Store(0)
			c.Close()
		}
	})
}
