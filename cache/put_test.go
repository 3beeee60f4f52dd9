// Putting and forgetting values.

package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// put puts a version, after what meanwhile does.
func put(t *testing.T, c *cache.Cache, rates gorgon.Cache[pair, rate], version int64, meanwhile func()) error {
	t.Helper()
	r, err := rates.Put(c.Context(t.Context()), euro, func(context.Context) (rate, error) {
		if meanwhile != nil {
			meanwhile()
		}
		return rate{Pair: euro, Version: version}, nil
	})
	if err == nil && r.Version != version {
		t.Errorf("Put returns version %d, want %d", r.Version, version)
	}
	return err
}

func mustPut(t *testing.T, c *cache.Cache, rates gorgon.Cache[pair, rate], version int64, meanwhile func()) {
	t.Helper()
	if err := put(t, c, rates, version, meanwhile); err != nil {
		t.Fatal(err)
	}
}

// What was put on one instance is what all get, once Put has returned.
func TestPut(t *testing.T) {
	for shape, kind := range shapesOfStore {
		t.Run(shape, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				rates, s := ratesOf(&src), newStore(t)
				a, b := open(t, kind(s), with(rates)), open(t, kind(s), with(rates))
				mustPut(t, a, rates, 1, nil)
				wantRate(t, b, rates, euro, 1)
				wantRate(t, a, rates, euro, 1)
				mustPut(t, b, rates, 2, nil)
				wantRate(t, b, rates, euro, 2)
				wantRate(t, a, rates, euro, 1) // stale, and found in the store meanwhile
				settle()
				wantRate(t, a, rates, euro, 2)
				wantCalls(t, &src, 0)
			})
		})
	}
}

// A Put that began before a purge loses, whichever instance made that.
func TestPutBeforeAPurge(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.version.Store(7)
		rates, s := ratesOf(&src), newStore(t)
		a, b := open(t, s, with(rates)), open(t, s, with(rates))
		for _, by := range []*cache.Cache{a, b} {
			mustPut(t, a, rates, 1, func() { purge(t, by, pages.Expire, pages.TagSubject("t")) })
			wantRate(t, b, rates, euro, 7)
			wantRate(t, a, rates, euro, 7)
		}
	})
}

// A load that began before a Put does not take its place, whether it has the
// lease or goes on without one.
func TestPutBesideALoad(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, noLease := range []bool{false, true} {
			var src source
			rates, s := ratesOf(&src), newStore(t)
			a, b := open(t, s, with(rates)), open(t, s, with(rates))
			src.takes(3 * time.Second)
			if noLease {
				s.fail(errBroken, "lease")
			}
			var all sync.WaitGroup
			all.Go(func() { _, _ = rates.Get(b.Context(t.Context()), euro) })
			synctest.Wait()
			time.Sleep(time.Second)
			mustPut(t, a, rates, 1, nil)
			all.Wait()
			s.meddle(nil)
			time.Sleep(10 * time.Second)
			for range 2 {
				_, _ = rates.Get(b.Context(t.Context()), euro)
				time.Sleep(10 * time.Second)
			}
			wantRate(t, a, rates, euro, 1)
			if !noLease {
				wantRate(t, b, rates, euro, 1)
			}
		}
	})
}

// A Put that fails leaves the value to be loaded, for those too who wait.
func TestPutFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates, s := ratesOf(&src), newStore(t)
		c := open(t, s, with(rates))
		broken := errors.New("no value")
		failing := func(ctx context.Context) (rate, error) {
			time.Sleep(time.Second)
			return rate{}, broken
		}
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := rates.Put(c.Context(t.Context()), euro, failing); !errors.Is(err, broken) {
				t.Errorf("Put: %v", err)
			}
		})
		synctest.Wait()
		wantRate(t, c, rates, euro, 0)
		all.Wait()
		src.version.Store(1)
		if _, err := rates.Put(c.Context(t.Context()), euro, failing); !errors.Is(err, broken) {
			t.Errorf("Put: %v", err)
		}
		wantRate(t, c, rates, euro, 0)
		settle()
		wantRate(t, c, rates, euro, 1)
	})
}

// Puts of one key at once are made one after another.
func TestPutsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates, s := ratesOf(&src), newStore(t)
		a, b := open(t, s, with(rates)), open(t, s, with(rates))
		var all sync.WaitGroup
		for n := range int64(20) {
			all.Go(func() { mustPut(t, []*cache.Cache{a, b}[n%2], rates, n, func() { time.Sleep(10 * time.Millisecond) }) })
		}
		all.Wait()
		var last [2]rate
		for range 2 { // the first may be stale
			for i, c := range []*cache.Cache{a, b} {
				var err error
				if last[i], err = rates.Get(c.Context(t.Context()), euro); err != nil {
					t.Fatal(err)
				}
			}
			settle()
		}
		if last[0].Version != last[1].Version {
			t.Errorf("one instance has version %d, the other %d", last[0].Version, last[1].Version)
		}
		wantCalls(t, &src, 0)
	})
}

// A closed cache puts nothing, and says so.
func TestPutAfterClose(t *testing.T) {
	var src source
	rates := ratesOf(&src)
	c := open(t, nil, with(rates))
	c.Close()
	if err := put(t, c, rates, 1, nil); err == nil {
		t.Error("it was put")
	}
}

// What is forgotten is loaded again by every instance; what was made of it is
// stale.
func TestForget(t *testing.T) {
	for shape, kind := range shapesOfStore {
		t.Run(shape, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := nestedIn(t, kind, nil, nil)
				b := open(t, kind(n.s), with(n.rates))
				n.version(t)
				wantRate(t, b, n.rates, euro, 0)
				n.src.version.Store(1)
				if err := n.rates.Forget(n.Context(t.Context()), euro); err != nil {
					t.Fatal(err)
				}
				wantRate(t, b, n.rates, euro, 1)
				if v, s := n.version(t); v != 0 || s != cache.Stale {
					t.Errorf("the page has version %d, %s", v, s)
				}
				settle()
				if v, s := n.version(t); v != 1 || s != cache.Fresh {
					t.Errorf("then the page has version %d, %s", v, s)
				}
			})
		})
	}
}
