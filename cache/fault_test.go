// When something is missing: the store, the generator, memory.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

func TestStoreFaults(t *testing.T) {
	slow := func(d time.Duration) func(context.Context, string, pages.Key) error {
		return func(ctx context.Context, _ string, _ pages.Key) error {
			select {
			case <-time.After(d):
				return errBroken
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	only := func(ops ...string) func(context.Context, string, pages.Key) error {
		return func(_ context.Context, op string, _ pages.Key) error {
			for _, o := range ops {
				if o == op {
					return errBroken
				}
			}
			return nil
		}
	}
	readOnly := func(_ context.Context, op string, _ pages.Key) error {
		switch op {
		case "put", "delete", "lease", "release", "bump":
			return pages.ErrReadOnly
		}
		return nil
	}
	faults := map[string]func(context.Context, string, pages.Key) error{
		"get": only("get"), "purges": only("epochs", "changes", "acknowledge"), "put": only("put"), "lease": only("lease"), "release": only("release"),
		"everything": only("get", "put", "delete", "lease", "release", "epochs", "changes", "acknowledge", "wait", "bump"),
		"read-only":  readOnly, "slow": slow(time.Second), "hanging": hang,
	}
	for name, fault := range faults {
		for shape, kind := range shapesOfStore {
			if name == "purges" && shape == "sequencer" {
				continue // it is not asked while there are none
			}
			t.Run(name+" "+shape, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var src source
					page := pageOf(&src)
					s := newStore(t)
					var log lines
					c := open(t, kind(s), func(c *cache.Config) { c.Log = log.logger() })
					want(t, c, page, "/p/before", 0, cache.Made)
					s.meddle(fault)
					start := time.Now()
					for n := range 150 {
						path := fmt.Sprintf("/p/%d", n)
						before := time.Now()
						a := get(t, c, page, path)
						if d := time.Since(before); d > 12*time.Second {
							t.Fatalf("a visitor waited %v", d)
						}
						if a.State != cache.Made {
							t.Fatalf("%s is %s", path, a.State)
						}
						if again := get(t, c, page, path); again.Entry != a.Entry {
							t.Fatal("what was made is not in memory")
						}
						if _, ok := c.Found(page, "/p/before", "", time.Now()); !ok {
							t.Fatal("what was in memory is not")
						}
						time.Sleep(time.Second)
					}
					minutes := int(time.Since(start)/time.Minute) + 1
					degraded, reason := c.Degraded()
					if !degraded || reason == "" || !get(t, c, page, "/p/1").Degraded {
						t.Errorf("degraded is %v, %q", degraded, reason)
					}
					if n := log.count("level=WARN"); n == 0 || n > minutes {
						t.Errorf("%d warnings in %d minutes", n, minutes)
					}
					if n := log.count("\n"); n > 9*minutes {
						t.Errorf("%d lines in %d minutes", n, minutes)
					}
					// It heals by itself, without a visitor.
					s.meddle(nil)
					time.Sleep(time.Minute)
					if degraded, reason := c.Degraded(); degraded {
						t.Errorf("still degraded a minute after: %s", reason)
					}
					if log.count("answers again") == 0 {
						t.Error("the log does not say that the store answers again")
					}
					if a := get(t, c, page, "/p/after"); !a.Stored || a.Degraded {
						t.Errorf("after healing: %+v", a)
					}
				})
			})
		}
	}
}

// However many ask at once, a store that hangs costs one of them its patience
// each time that the breaker lets one through.
func TestHangingStoreUnderLoad(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		s.meddle(hang)
		load := func(round int) (waited int) {
			var mu sync.Mutex
			var all sync.WaitGroup
			for n := range 100 {
				all.Go(func() {
					start := time.Now()
					get(t, c, page, fmt.Sprintf("/p/%d-%d", round, n))
					if time.Since(start) > 0 {
						mu.Lock()
						waited++
						mu.Unlock()
					}
				})
			}
			all.Wait()
			return waited
		}
		load(0)
		for round := range 20 {
			time.Sleep(7 * time.Second)
			if waited := load(round + 1); waited > 3 {
				t.Errorf("%d of 100 visitors waited for a store that hangs", waited)
			}
		}
	})
}

func TestBrokenFromTheStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		s.fail(pages.ErrReadOnly, "put", "delete", "lease")
		var log lines
		c := open(t, s, func(c *cache.Config) { c.Log = log.logger() })
		if degraded, reason := c.Degraded(); !degraded || !strings.Contains(reason, "read-only") {
			t.Errorf("degraded is %v, %q", degraded, reason)
		}
		if log.count("level=WARN") == 0 {
			t.Error("no warning at the start")
		}
		want(t, c, page, "/p/1", 0, cache.Made)
	})
	c := open(t, nil, func(c *cache.Config) { c.NoStore = "it could not be opened" })
	if degraded, reason := c.Degraded(); !degraded || reason != "it could not be opened" {
		t.Errorf("degraded is %v, %q", degraded, reason)
	}
}

func TestCorruptRecords(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		var log lines
		c := open(t, s, func(c *cache.Config) { c.Log = log.logger() })
		key := func(n int) pages.Key { return pages.Key{Route: page.Path, Path: fmt.Sprint("/p/", n)} }
		good, err := get(t, c, page, "/p/0").Entry.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for n, data := range [][]byte{nil, {0}, {1}, []byte("garbage"), good[:len(good)/2], append(good, 'x'), good} {
			// The last one is whole, and another page's.
			if err := s.under.Put(t.Context(), pages.Record{Key: key(n + 1), Data: data}, pages.Unfenced); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 7 {
			want(t, c, page, key(n+1).Path, 0, cache.Made)
			if s.entry(t, key(n+1)) == nil {
				t.Errorf("record %d was not replaced", n+1)
			}
		}
		s.fail(pages.ErrCorrupt, "get")
		want(t, c, page, "/p/20", 0, cache.Made)
		if degraded, reason := c.Degraded(); degraded {
			t.Errorf("a corrupt record is not a fault of the store: %s", reason)
		}
		if n := log.count("corrupt"); n < 1 || n > 4 {
			t.Errorf("%d lines in the log", n)
		}
	})
}

// A request that goes away is not a fault of the store.
func TestRequestDeadlineIsNotTheStores(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		c := open(t, s)
		s.meddle(func(ctx context.Context, _ string, _ pages.Key) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, _ = c.Get(ctx, page, "/p/1", "", cache.Demand{})
		time.Sleep(10 * time.Second)
		if degraded, reason := c.Degraded(); degraded {
			t.Errorf("degraded: %s", reason)
		}
		wantCalls(t, &src, 0) // nothing had begun, and no request waited for it any more
		want(t, c, page, "/p/1", 0, cache.Made)
	})
}

func TestGeneratorPanics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		src.does(func(context.Context, gorgon.Input) error { panic("oh no") })
		if err := wantStatus(t, c, page, "/p/1", 500); !strings.Contains(err.Error(), "oh no") || !strings.Contains(err.Error(), "/p/1") {
			t.Errorf("the error is %v", err)
		}
		src.works()
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		src.does(func(context.Context, gorgon.Input) error { panic("oh no\nmore") })
		for range 3 {
			want(t, c, page, "/p/1", 0, cache.Stale)
			synctest.Wait()
		}
		if f := c.Why(t.Context(), page, "/p/1", "").Copies[0].Failure; !strings.Contains(f, "oh no") || strings.Contains(f, "\n") {
			t.Errorf("the failure is told as %q", f)
		}
	})
}

// A loader that hangs and ignores its context delays no requests but those who
// ask for its page, and they get what there is.
func TestGeneratorHangs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		want(t, c, page, "/p/old", 0, cache.Made)
		time.Sleep(surelyOld)
		src.does(func(_ context.Context, in gorgon.Input) error {
			if in.Path != "/p/fine" {
				time.Sleep(10 * time.Minute)
			}
			return nil
		})
		src.version.Store(1)
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() { wantStatus(t, c, page, "/p/new", 504) })
		want(t, c, page, "/p/old", 0, cache.Stale)
		want(t, c, page, "/p/fine", 1, cache.Made)
		if time.Since(start) != 0 {
			t.Error("another page waited")
		}
		all.Wait()
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("the deadline came after %v", d)
		}
		synctest.Wait()
		if n := c.Why(t.Context(), page, "/p/old", "").Copies[0].Failures; n != 1 {
			t.Errorf("a hung refresh counts as %d failures", n)
		}
		// What comes after the deadline is dropped.
		src.works()
		src.version.Store(2)
		want(t, c, page, "/p/new", 2, cache.Made)
		time.Sleep(11 * time.Minute)
		want(t, c, page, "/p/new", 2, cache.Fresh)
	})
}

// Loaders that hang forever take up their own page's slots and no more.
func TestEverythingHangs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src, fine source
		page := pageOf(&src)
		other := pageOf(&fine, func(p *gorgon.Page[state]) { p.Path = "/q/{id}" })
		end := make(chan struct{})
		src.does(func(context.Context, gorgon.Input) error { <-end; return nil })
		c := open(t, newStore(t))
		var all sync.WaitGroup
		for n := range 300 {
			all.Go(func() {
				if _, err := c.Get(t.Context(), page, fmt.Sprint("/p/", n), "", cache.Demand{}); err == nil {
					t.Error("a hung page was made")
				}
			})
		}
		synctest.Wait()
		want(t, c, other, "/q/1", 0, cache.Made)
		all.Wait()
		if n := src.calls.Load(); n != 64 {
			t.Errorf("%d generators hang", n)
		}
		close(end)
		src.works()
		synctest.Wait()
		want(t, c, page, "/p/1", 0, cache.Made)
	})
}

// Close ends what is under way, and what is asked for then is answered.
func TestClose(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		o.takes.Store(int64(time.Minute))
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
		s := newStore(t)
		c := open(t, s)
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		want(t, c, page, "/p/1", 0, cache.Stale) // asks, which takes long
		src.takes(time.Minute)
		var all sync.WaitGroup
		all.Go(func() { wantStatus(t, c, page, "/p/2", 503) })
		synctest.Wait()
		start := time.Now()
		c.Close()
		c.Close()
		all.Wait()
		if d := time.Since(start); d != 0 {
			t.Errorf("closing took %v", d)
		}
		want(t, c, page, "/p/1", 0, cache.Stale)
		wantStatus(t, c, page, "/p/3", 503)
		// Its leases are free for others, and nothing counts as a failure.
		src.works()
		other := open(t, s)
		want(t, other, page, "/p/2", 0, cache.Made)
		if time.Since(start) != 0 {
			t.Error("a lease was kept")
		}
		if n := get(t, other, page, "/p/1").Entry.Failures; n != 0 {
			t.Errorf("stopping counts as %d failures", n)
		}
	})
}

// A visitor who joins a refresh just as the cache closes is answered.
func TestCloseWithWaiters(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		var o oracle
		o.takes.Store(int64(time.Minute))
		page := pageOf(&src, func(p *gorgon.Page[state]) { p.ShouldRevalidate = o.ask })
		c := open(t, newStore(t), func(c *cache.Config) { c.Bytes = 1 })
		want(t, c, page, "/p/1", 0, cache.Made)
		time.Sleep(surelyOld)
		want(t, c, page, "/p/1", 0, cache.Stale)
		synctest.Wait()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _, _ = c.Get(t.Context(), page, "/p/1", "", cache.Demand{}) })
		}
		synctest.Wait()
		c.Close()
		all.Wait()
	})
}

func TestMemoryIsBounded(t *testing.T) {
	var src source
	body := strings.Repeat("x", 100<<10)
	page := pageOf(&src, func(p *gorgon.Page[state]) {
		p.View = func(state) gorgon.Component { return gorgon.Text(body) }
	})
	const bound = 8 << 20
	c := open(t, nil, func(c *cache.Config) { c.Bytes = bound })
	before := heap()
	for n := range 400 {
		get(t, c, page, fmt.Sprint("/p/", n))
	}
	if grown := int64(heap()) - int64(before); grown > bound*3/2 {
		t.Errorf("400 pages of 100 KiB took %d bytes, the bound is %d", grown, bound)
	}
	kept := 0
	for n := range 400 {
		if _, ok := c.Found(page, fmt.Sprint("/p/", n), "", time.Now()); ok {
			kept++
		}
	}
	if kept < 40 || kept > 90 {
		t.Errorf("%d pages of 100 KiB are in %d bytes", kept, bound)
	}
}

// Eviction does not make a page younger.
func TestEvictionKeepsAge(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t), func(c *cache.Config) { c.Bytes = 1 })
		made := want(t, c, page, "/p/1", 0, cache.Made).Entry
		for range 5 {
			time.Sleep(10 * time.Minute)
			a := want(t, c, page, "/p/1", 0, cache.Fresh)
			if !a.Entry.MadeAt.Equal(made.MadeAt) || !a.Entry.FreshUntil.Equal(made.FreshUntil) {
				t.Fatal("its age changed")
			}
		}
		time.Sleep(17 * time.Minute)
		want(t, c, page, "/p/1", 0, cache.Stale)
	})
}

func TestErrorsNameTheCause(t *testing.T) {
	c := open(t, nil)
	var src source
	cause := errors.New("the table is locked")
	src.fails(cause)
	if err := wantStatus(t, c, pageOf(&src), "/p/1", 500); !errors.Is(err, cause) {
		t.Errorf("the cause is lost: %v", err)
	}
}
