// What is begun when more is asked for than can be made.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
)

// narrow lets n loaders of a pattern run at once.
func narrow(n int) func(*cache.Config) {
	return func(c *cache.Config) { c.Renderer.Limits = admission.Limits{Width: n, Reserve: 1} }
}

// fill has the loaders hang until the end that it returns, with n of them
// under way.
func fill(t *testing.T, c *cache.Cache, src *source, page *gorgon.Definition, n int) (end func()) {
	t.Helper()
	ended := make(chan struct{})
	src.does(func(ctx context.Context, in gorgon.Input) error {
		if in.PathValue("id")[0] == 'h' {
			<-ended
		}
		return nil
	})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _, _ = c.Get(context.Background(), page, fmt.Sprint("/p/h", i), "", cache.Demand{}) })
	}
	synctest.Wait()
	time.Sleep(100 * time.Millisecond) // longer than work of which nothing is known
	return func() { close(ended); all.Wait() }
}

func TestRefusedIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.StaleFor = time.Hour })
		var log lines
		c := open(t, newStore(t), narrow(2), func(c *cache.Config) { c.Log = log.logger() })
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(3 * time.Hour) // it has expired: visitors wait for a new one
		end := fill(t, c, &src, page, 2)
		src.version.Store(1)
		began := time.Now()
		want(t, c, page, "/p/1", 0, cache.Stale) // which is better than nothing
		err := wantStatus(t, c, page, "/p/2", http.StatusServiceUnavailable)
		if _, ok := errors.AsType[*admission.Refused](err); !ok || time.Since(began) > 200*time.Millisecond {
			t.Errorf("%v, after %v", err, time.Since(began))
		}
		if why := c.Why(t.Context(), page, "/p/1", ""); why.Copies[0].Failures > 0 {
			t.Errorf("a refusal counts as a failure: %+v", why.Copies[0])
		}
		if gates := c.State().Gates; !slices.Equal(gates, []metrics.Gate{{Route: page.Path, Width: 2, Running: 2, Refused: 2}}) {
			t.Errorf("the gates are %+v", gates)
		}
		if s := c.State(); s.Refused != 2 || s.Running != 2 || s.Waiting != 0 {
			t.Errorf("the state is %+v", s)
		}
		end()
		want(t, c, page, "/p/1", 1, cache.Made)
		want(t, c, page, "/p/2", 1, cache.Made)
		if n := log.count("could not be made"); n > 0 {
			t.Errorf("%d lines say that a page could not be made", n)
		}
	})
}

// A flight that waits for its turn ends with the last request for its page,
// holds no lease, and blocks no other request.
func TestDroppedFlights(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.takes(time.Second)
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s, narrow(1))
		want(t, c, page, "/p/0", 0, cache.Made) // so that it is known what a loader takes
		go func() { _, _ = c.Get(context.Background(), page, "/p/1", "", cache.Demand{}) }()
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		leases := s.count("lease")
		first, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer leave()
		second, leave := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer leave()
		var all sync.WaitGroup
		for _, ctx := range []context.Context{first, second} {
			all.Go(func() {
				if _, err := c.Get(ctx, page, "/p/2", "", cache.Demand{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		time.Sleep(150 * time.Millisecond)
		if n := c.State().Waiting; n != 1 {
			t.Errorf("with one of two requests gone, %d flights wait", n)
		}
		all.Wait()
		synctest.Wait()
		if state := c.State(); state.Waiting != 0 || state.Dropped != 1 || s.count("lease") != leases {
			t.Errorf("with both gone: %+v, and %d leases", state, s.count("lease")-leases)
		}
		// One that comes now is a flight of its own, and goes on once begun.
		began := time.Now()
		ctx, leave := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer leave()
		_, _ = c.Get(ctx, page, "/p/2", "", cache.Demand{})
		want(t, c, page, "/p/2", 0, cache.Made)
		if took := time.Since(began); took != 1300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		wantCalls(t, &src, 3)
	})
}

// A request that waits for what another instance makes takes no slot for that.
func TestWaitingForAnotherInstanceTakesNoSlot(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		other, c := open(t, s), open(t, s, narrow(1))
		src.takes(5 * time.Second)
		go func() { _, _ = other.Get(context.Background(), page, "/p/1", "", cache.Demand{}) }()
		synctest.Wait()
		src.works()
		made := make(chan cache.Answer)
		go func() { made <- get(t, c, page, "/p/1") }()
		synctest.Wait()
		began := time.Now()
		want(t, c, page, "/p/2", 0, cache.Made)
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("another page took %v", took)
		}
		<-made
		wantCalls(t, &src, 2)
	})
}

// One page that is refreshed slowly takes the slots for that of its own
// pattern, and not of others.
func TestRefreshesOfPatternsAreApart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var slow, quick source
		slowly := pageOf(&slow, func(p *gorgon.Page[state]) { p.Path = "/slow/{id}" })
		quickly := pageOf(&quick)
		c := open(t, nil)
		for n := range 200 {
			want(t, c, slowly, fmt.Sprint("/slow/", n), 0, cache.Made)
		}
		want(t, c, quickly, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		slow.takes(20 * time.Second)
		for n := range 200 {
			want(t, c, slowly, fmt.Sprint("/slow/", n), 0, cache.Stale)
		}
		quick.version.Store(1)
		want(t, c, quickly, "/p/1", 0, cache.Stale)
		synctest.Wait()
		want(t, c, quickly, "/p/1", 1, cache.Fresh)
		if n := slow.calls.Load(); n != 200+64+16 {
			t.Errorf("%d refreshes run at once", n-200)
		}
	})
}

// An entry of another build is shown by the new view although every slot for
// loaders is taken.
func TestOldEntriesNeedNoLoader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		want(t, open(t, s), page, "/p/1", 0, cache.Made)
		c := open(t, s, build("b2"), narrow(2))
		end := fill(t, c, &src, page, 2)
		defer end()
		if a := get(t, c, page, "/p/1"); a.State != cache.Stale || a.Entry.Build != "b2" {
			t.Errorf("%s, of build %s", a.State, a.Entry.Build)
		}
	})
}

func TestLinesOfManyFailures(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		var log lines
		c := open(t, newStore(t), func(c *cache.Config) { c.Log = log.logger() })
		src.fails(errors.New("no data"))
		for n := range 1000 {
			wantStatus(t, c, page, fmt.Sprint("/p/", n), http.StatusInternalServerError)
		}
		if n := log.count("\n"); n != 1 || log.count("/p/0") == 0 || log.count("no data") == 0 {
			t.Errorf("%d lines at once", n)
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if n := log.count("\n"); n != 2 || log.count("count=999") != 1 {
			t.Errorf("%d lines after a minute", n)
		}
	})
}
