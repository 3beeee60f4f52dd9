package roster_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/roster"
)

// site is instances over one store, in virtual time.
type site struct {
	*testing.T
	store pages.Store
	all   sync.WaitGroup
}

func (s *site) run(store pages.Store, name string) (stop context.CancelFunc) {
	ctx, stop := context.WithCancel(s.Context())
	s.all.Go(func() { roster.Keep(ctx, store, operate.Instance{Name: name}) })
	synctest.Wait()
	return stop
}

func (s *site) names() (names []string) {
	s.Helper()
	list, err := roster.List(s.Context(), s.store)
	if err != nil {
		s.Fatal(err)
	}
	for _, i := range list {
		names = append(names, i.Name)
	}
	return names
}

func (s *site) want(names ...string) {
	s.Helper()
	if got := s.names(); !slices.Equal(got, names) {
		s.Errorf("after %v: %q are listed, want %q", time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), got, names)
	}
}

func over(t *testing.T, do func(s *site)) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{T: t, store: mem.Open(mem.Options{})}
		do(s)
		s.all.Wait()
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// deadly is the store of an instance that is killed: from then on it does nothing.
type deadly struct {
	pages.Store
	dead atomic.Bool
}

func (d *deadly) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	if d.dead.Load() {
		return pages.Lease{}, context.Canceled
	}
	return d.Store.Lease(ctx, key, claim, ttl)
}

func (d *deadly) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	if d.dead.Load() {
		return context.Canceled
	}
	return d.Store.Delete(ctx, key, fence)
}

// Who runs is listed for as long as it runs; who ends is off the list at once, and
// who is killed three minutes later.
func TestRunningInstancesAreListed(t *testing.T) {
	over(t, func(s *site) {
		killed := &deadly{Store: s.store}
		a, b, c := s.run(s.store, "a"), s.run(killed, "b"), s.run(s.store, "c")
		s.want("a", "b", "c")
		time.Sleep(time.Hour)
		s.want("a", "b", "c")
		a()
		synctest.Wait()
		s.want("b", "c")
		killed.dead.Store(true)
		b()
		time.Sleep(2 * time.Minute)
		s.want("b", "c")
		time.Sleep(2 * time.Minute)
		s.want("c")
		a = s.run(s.store, "d")
		s.want("c", "d")
		a()
		c()
	})
}

// Each place is that of one instance: with more instances than places, as many as
// there are places are listed, each once, and one that found none gets the next that
// is free.
func TestPlacesAreOfOneInstance(t *testing.T) {
	over(t, func(s *site) {
		var stops []context.CancelFunc
		for n := range roster.Places + 3 {
			stops = append(stops, s.run(s.store, fmt.Sprintf("%02d", n)))
		}
		for range 10 {
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := s.names(); len(got) != roster.Places || len(slices.Compact(got)) != roster.Places {
				t.Fatalf("%d instances: %d are listed: %q", len(stops), len(got), got)
			}
		}
		for _, stop := range stops[:roster.Places] {
			stop()
		}
		time.Sleep(2 * time.Minute)
		if got := s.names(); len(got) != 3 {
			t.Errorf("3 instances are left, and %d are listed: %q", len(got), got)
		}
		for _, stop := range stops {
			stop()
		}
	})
}

// A place that another took while an instance was stopped for long stays the other's.
func TestStoppedInstancesTakeNoPlaceAway(t *testing.T) {
	over(t, func(s *site) {
		stopped := &deadly{Store: s.store}
		a := s.run(stopped, "a")
		stopped.dead.Store(true)
		time.Sleep(5 * time.Minute)
		b := s.run(s.store, "b")
		s.want("b")
		stopped.dead.Store(false)
		time.Sleep(time.Minute + time.Second)
		s.want("a", "b")
		a()
		b()
	})
}
