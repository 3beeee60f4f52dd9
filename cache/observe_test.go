// Tests of what an observer learns about the generation of pages.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
)

type (
	causeKey struct{} // what the request's context holds
	markKey  struct{} // what the observer put into the generator's
)

// An observer writes down what it is told.
type observer struct {
	mu   sync.Mutex
	told []metrics.Making
}

func (o *observer) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	return r.Context(), func(metrics.Request) {}
}

func (o *observer) Making(ctx, cause context.Context, _ string) (context.Context, func(metrics.Making)) {
	return context.WithValue(ctx, markKey{}, cause.Value(causeKey{})), func(m metrics.Making) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.told = append(o.told, m)
	}
}

// one is the only making told since it was asked last.
func (o *observer) one(t *testing.T) metrics.Making {
	t.Helper()
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.told) != 1 {
		t.Fatalf("saw %d makings, want 1: %v", len(o.told), o.told)
	}
	m := o.told[0]
	o.told = nil
	return m
}

func TestMakingsAreTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var mark, leak any
		note := func(then error) {
			src.does(func(ctx context.Context, _ gorgon.Input) error {
				mark, leak = ctx.Value(markKey{}), ctx.Value(causeKey{})
				time.Sleep(2 * time.Second)
				return then
			})
		}
		again := true
		page := pageOf(&src, func(p *gorgon.Page[state]) {
			p.Timeout = 5 * time.Second
			p.ShouldRevalidate = func(context.Context, gorgon.Input, state, time.Time) (bool, error) { return again, nil }
		})
		o := &observer{}
		c := open(t, newStore(t), func(c *cache.Config) { c.Observe = o })
		ask := func(path string) error {
			_, err := c.Get(context.WithValue(t.Context(), causeKey{}, "the request"), page, path, "", cache.Demand{})
			return err
		}
		check := func(outcome string, err error) {
			t.Helper()
			m := o.one(t)
			if m.Route != "/p/{id}" || m.Outcome != outcome || !errors.Is(m.Err, err) || err == nil && m.Err != nil {
				t.Errorf("told %+v, want %s of /p/{id} with error %v", m, outcome, err)
			}
		}

		note(nil)
		if err := ask("/p/1"); err != nil {
			t.Fatal(err)
		}
		if m := o.one(t); m.Outcome != metrics.Made || m.Took != 2*time.Second || m.Route != "/p/{id}" {
			t.Errorf("told %+v, want made in 2s", m)
		}
		if mark != "the request" || leak != nil {
			t.Errorf("the generator sees %v by the observer, and %v of the request; want the request, and nothing", mark, leak)
		}
		if err := ask("/p/1"); err != nil { // a hit
			t.Fatal(err)
		}

		time.Sleep(surelyOld)
		again = false
		_ = ask("/p/1")
		check(metrics.Unchanged, nil)

		time.Sleep(surelyOld)
		again = true
		broken := errors.New("broken")
		note(broken)
		_ = ask("/p/1")
		time.Sleep(3 * time.Second)
		check(metrics.Failed, broken)

		note(gorgon.NotFound())
		_ = ask("/p/2")
		check(metrics.Missing, nil)

		src.takes(time.Minute)
		_ = ask("/p/3")
		if m := o.one(t); m.Outcome != metrics.Timeout || m.Err == nil || m.Took != 5*time.Second {
			t.Errorf("told %+v, want a timeout after 5s", m)
		}
	})
}

func TestAMakingThatTheEndInterrupts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.takes(time.Minute)
		page := pageOf(&src)
		o := &observer{}
		c := open(t, nil, func(c *cache.Config) { c.Observe = o })
		go func() { _, _ = c.Get(t.Context(), page, "/p/1", "", cache.Demand{}) }()
		synctest.Wait()
		c.Close()
		if m := o.one(t); m.Outcome != metrics.Stopped || m.Err != nil {
			t.Errorf("told %+v, want stopped", m)
		}
	})
}

func TestState(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		if got := c.State(); !reflect.DeepEqual(got, metrics.State{MemoryBound: 256 << 20}) {
			t.Errorf("an empty cache is %+v", got)
		}
		want(t, c, page, "/p/1", 0, cache.Made)
		synctest.Wait() // the memory tier weighs in the background
		if got := c.State(); got.MemoryEntries != 1 || got.MemoryBytes <= 0 || got.Degraded {
			t.Errorf("with one page it is %+v", got)
		}
		src.does(func(context.Context, gorgon.Input) error { // another instance makes a later one meanwhile
			return s.under.Put(t.Context(), pages.Record{Key: pages.Key{Route: page.Path, Path: "/p/2"}, Epoch: 1}, pages.Fence{Epoch: 1})
		})
		get(t, c, page, "/p/2")
		if got := c.State(); got.StoreRefused != 1 {
			t.Errorf("after a refused write it is %+v", got)
		}
		for range 3 {
			purge(t, c, pages.Stale, "tag:one", "tag:two")
		}
		if got := c.State(); got.Purged != 6 {
			t.Errorf("after six subjects were purged it is %+v", got)
		}
		src.works()
		for range 2 { // a second fault once the first is over is counted
			before := c.State().StoreFaults
			s.fail(errBroken, "get")
			get(t, c, page, fmt.Sprintf("/p/broken-%d", before))
			if got := c.State(); !got.Degraded || got.StoreFaults != before+1 {
				t.Errorf("with a broken store it is %+v, after %d faults", got, before)
			}
			s.fail(nil)
			time.Sleep(time.Minute)
			if got := c.State(); got.Degraded || got.StoreFaults != before+1 {
				t.Errorf("with the store repaired it is %+v", got)
			}
		}
	})
}
