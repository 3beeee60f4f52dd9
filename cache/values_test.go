// The values of caches: loaded once, and shared.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

type pair struct{ From, To string }

type rate struct {
	Pair    pair
	Version int64
	History []float64
}

// ratesOf is a cache over a source, whose hook gets From as its path.
func ratesOf(s *source, change ...func(*gorgon.Cache[pair, rate])) gorgon.Cache[pair, rate] {
	c := gorgon.Cache[pair, rate]{
		Name: "rates", RevalidateAfter: time.Hour, Tags: func(r rate) []string { return []string{"t", "from-" + r.Pair.From} },
		Load: func(ctx context.Context, p pair) (rate, error) {
			st, err := s.state(ctx, gorgon.Input{Path: p.From})
			return rate{Pair: p, Version: st.Version, History: []float64{1, 2}}, err
		},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// with is a configuration for an app of these parts.
func with(parts ...gorgon.Part) func(*cache.Config) {
	return func(c *cache.Config) { c.Renderer.App = gorgon.App{Name: "shop", Parts: parts} }
}

var euro = pair{"EUR", "USD"}

// wantRate gets a value and compares its version.
func wantRate(t *testing.T, c *cache.Cache, rates gorgon.Cache[pair, rate], key pair, version int64) rate {
	t.Helper()
	r, err := rates.Get(c.Context(t.Context()), key)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != version || r.Pair != key {
		t.Fatalf("the value is %+v, want version %d of %v", r, version, key)
	}
	return r
}

// settle waits until what runs in the background has ended, also where it waits a
// moment for a lease that is being released.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// cold lets each of some instances get a value many times at once, and returns
// how many failed.
func cold(t *testing.T, caches []*cache.Cache, rates gorgon.Cache[pair, rate]) int64 {
	t.Helper()
	var all sync.WaitGroup
	var failed atomic.Int64
	for _, c := range caches {
		for range 64 {
			all.Go(func() {
				if r, err := rates.Get(c.Context(t.Context()), euro); err != nil || r.Pair != euro {
					failed.Add(1)
				}
			})
		}
	}
	all.Wait()
	return failed.Load()
}

func TestOneLoad(t *testing.T) {
	for shape, kind := range shapesOfStore {
		t.Run(shape, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				src.takes(300 * time.Millisecond)
				rates, s := ratesOf(&src), newStore(t)
				var caches []*cache.Cache
				for range 8 {
					caches = append(caches, open(t, kind(s), with(rates)))
				}
				if failed := cold(t, caches, rates); failed > 0 {
					t.Errorf("%d gets failed", failed)
				}
				wantCalls(t, &src, 1)
			})
		})
	}
}

// A killedHolder store is that of an instance which was killed: nothing that it does
// from then on arrives.
type killedHolder struct {
	*store
	dead *atomic.Bool
}

var errKilled = errors.New("killed")

func (s killedHolder) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if s.dead.Load() {
		return errKilled
	}
	return s.store.Put(ctx, r, f)
}

func (s killedHolder) Release(ctx context.Context, l pages.Lease) error {
	if s.dead.Load() {
		return errKilled
	}
	return s.store.Release(ctx, l)
}

// Where the holder of the lease is killed while it loads, one other takes its
// place.
func TestValueHolderIsKilled(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		dead := new(atomic.Bool)
		rates, s := ratesOf(&src, func(c *gorgon.Cache[pair, rate]) { c.Timeout = 5 * time.Second }), newStore(t)
		first := open(t, killedHolder{s, dead}, with(rates))
		src.does(func(ctx context.Context, _ gorgon.Input) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		go func() { _, _ = rates.Get(first.Context(t.Context()), euro) }()
		synctest.Wait()
		time.Sleep(time.Second)
		dead.Store(true)
		src.takes(300 * time.Millisecond)
		var caches []*cache.Cache
		for range 7 {
			caches = append(caches, open(t, s, with(rates)))
		}
		if failed := cold(t, caches, rates); failed > 0 {
			t.Errorf("%d gets failed", failed)
		}
		wantCalls(t, &src, 2)
	})
}

func TestPurgeReachesValues(t *testing.T) {
	for shape, kind := range shapesOfStore {
		t.Run(shape, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				rates, s := ratesOf(&src), newStore(t)
				a, b := open(t, kind(s), with(rates)), open(t, kind(s), with(rates))
				for version, subject := range []string{
					pages.TagSubject("t"), pages.TagSubject("from-EUR"), pages.TagSubject("cache:rates"), pages.All,
					pages.PathSubject(`/_gorgon/cache/rates/{"From":"EUR","To":"USD"}`), pages.RouteSubject("/_gorgon/cache/rates/{key...}"),
				} {
					src.version.Store(int64(version))
					purge(t, a, pages.Expire, pages.All)
					wantRate(t, a, rates, euro, int64(version))
					wantRate(t, b, rates, euro, int64(version))
					src.version.Store(int64(version) + 1)
					wantRate(t, b, rates, euro, int64(version))
					purge(t, a, pages.Expire, subject)
					wantRate(t, b, rates, euro, int64(version)+1)
					wantRate(t, a, rates, euro, int64(version)+1)
				}
				purge(t, a, pages.Stale, pages.TagSubject("from-GBP"))
				calls := src.calls.Load()
				wantRate(t, b, rates, euro, 6)
				wantCalls(t, &src, calls)
			})
		})
	}
}

// A stale value is returned at once and loaded again in the background; one whose end has
// passed is waited for; and one that cannot be loaded is tried again later.
func TestValuesAge(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates := ratesOf(&src, func(c *gorgon.Cache[pair, rate]) { c.StaleFor, c.ErrorFor = time.Hour, 2*time.Hour })
		c := open(t, newStore(t), with(rates))
		wantRate(t, c, rates, euro, 0)
		src.version.Store(1)
		time.Sleep(stillFresh)
		wantRate(t, c, rates, euro, 0)
		wantCalls(t, &src, 1)
		time.Sleep(surelyOld - stillFresh)
		wantRate(t, c, rates, euro, 0)
		settle()
		wantRate(t, c, rates, euro, 1)
		wantCalls(t, &src, 2)

		src.version.Store(2)
		time.Sleep(3 * time.Hour)
		wantRate(t, c, rates, euro, 2)

		src.fails(errors.New("no answer"))
		time.Sleep(surelyOld)
		wantRate(t, c, rates, euro, 2)
		wantCalls(t, &src, 4)
		for range 10 {
			wantRate(t, c, rates, euro, 2) // it rests
		}
		wantCalls(t, &src, 4)
		time.Sleep(3 * time.Hour)
		if _, err := rates.Get(c.Context(t.Context()), euro); err == nil {
			t.Error("a value is returned after its end")
		}
	})
}

// With Attend a stale value is loaded again before it is returned.
func TestAttend(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates := ratesOf(&src)
		c := open(t, newStore(t), with(rates), func(c *cache.Config) { c.Attend = true })
		wantRate(t, c, rates, euro, 0)
		src.version.Store(1)
		time.Sleep(surelyOld)
		wantRate(t, c, rates, euro, 1)
		time.Sleep(surelyOld)
		src.fails(errors.New("no answer"))
		wantRate(t, c, rates, euro, 1)
	})
}

func wantNone(t *testing.T, c *cache.Cache, rates gorgon.Cache[pair, rate]) {
	t.Helper()
	r, err := rates.Get(c.Context(t.Context()), euro)
	if failure.Kind(err) != gorgon.KindNotFound {
		t.Fatalf("got %+v and %v, want that there is none", r, err)
	}
	if strings.Contains(err.Error(), "EUR") {
		t.Errorf("the error has the key in it: %v", err)
	}
}

// That there is no value is remembered, for a time and until it is purged.
func TestNoValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		src.fails(gorgon.NotFound())
		rates := ratesOf(&src, func(c *gorgon.Cache[pair, rate]) { c.NegativeFor = 10 * time.Minute })
		c := open(t, newStore(t), with(rates))
		for range 3 {
			wantNone(t, c, rates)
		}
		wantCalls(t, &src, 1)
		for _, subject := range []string{pages.TagSubject("cache:rates"), pages.TagSubject("t"), pages.All} {
			calls := src.calls.Load()
			purge(t, c, pages.Stale, subject)
			wantNone(t, c, rates)
			wantCalls(t, &src, calls+1)
		}
		calls := src.calls.Load()
		time.Sleep(9 * time.Minute)
		wantNone(t, c, rates)
		wantCalls(t, &src, calls)
		src.works()
		time.Sleep(2 * time.Minute)
		wantRate(t, c, rates, euro, 0)
		src.fails(gorgon.NotFound()) // it is gone
		purge(t, c, pages.Stale, pages.TagSubject("t"))
		wantRate(t, c, rates, euro, 0)
		settle()
		wantNone(t, c, rates)
	})
}

// Ordinary traffic takes no memory from values with Priority, and they none from
// it beyond their quarter.
func TestPriority(t *testing.T) {
	var src, others source
	first := ratesOf(&src, func(c *gorgon.Cache[pair, rate]) { c.Priority, c.RevalidateAfter = true, 0 })
	usual := ratesOf(&others, func(c *gorgon.Cache[pair, rate]) { c.Name, c.RevalidateAfter = "usual", 0 })
	c := open(t, nil, with(first, usual), func(c *cache.Config) { c.Bytes = 1 << 20 })
	const kept = 20
	for n := range kept {
		wantRate(t, c, first, pair{fmt.Sprint(n), "USD"}, 0)
	}
	for n := range 5000 {
		wantRate(t, c, usual, pair{fmt.Sprint(n), "USD"}, 0)
	}
	for n := range kept {
		wantRate(t, c, first, pair{fmt.Sprint(n), "USD"}, 0)
	}
	if calls := src.calls.Load(); calls != kept {
		t.Errorf("values with Priority were loaded %d times", calls)
	}
	if s := c.State(); s.Evicted == 0 || int64(s.Evicted)+s.MemoryEntries > kept+5000 {
		t.Errorf("%d were evicted, and %d are there", s.Evicted, s.MemoryEntries)
	}
	if s := c.State(); s.MemoryBytes > 3<<19 || s.MemoryEntries <= kept {
		t.Errorf("memory holds %d bytes in %d entries", s.MemoryBytes, s.MemoryEntries)
	}
}

// Local values may be of any type, belong to one instance, and nothing of them is
// in the store; purges of other instances reach them.
func TestLocal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var loads atomic.Int64
		local := gorgon.Cache[string, func() int64]{
			Name: "local", Scope: gorgon.Local, RevalidateAfter: time.Hour,
			Load: func(context.Context, string) (func() int64, error) {
				n := loads.Add(1)
				return func() int64 { return n }, nil
			},
			Tags: func(func() int64) []string { return []string{"t"} },
		}
		s := newStore(t)
		s.meddle(func(_ context.Context, op string, key pages.Key) error {
			if strings.HasPrefix(key.Path, wire.Cache) {
				t.Errorf("the store is asked to %s %s", op, key.Path)
			}
			return nil
		})
		a, b := open(t, s, with(local)), open(t, s, with(local))
		want := func(c *cache.Cache, n int64) {
			t.Helper()
			f, err := local.Get(c.Context(t.Context()), "key")
			if err != nil || f() != n {
				t.Fatalf("%v, want load %d", err, n)
			}
		}
		want(a, 1)
		want(b, 2)
		want(a, 1)
		purge(t, a, pages.Expire, pages.TagSubject("t"))
		want(b, 3)
		want(a, 4)
		if err := local.Forget(a.Context(t.Context()), "key"); err != nil {
			t.Fatal(err)
		}
		want(b, 5)
		time.Sleep(surelyOld)
		want(b, 5)
		settle()
		want(b, 6)
		if n := s.records(t); n > 0 {
			t.Errorf("the store has %d records", n)
		}
	})
}

// A value of another build is returned as stale, as far as it can be read.
func TestValueOfAnotherBuild(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates, s := ratesOf(&src), newStore(t)
		wantRate(t, open(t, s, with(rates)), rates, euro, 0)
		src.version.Store(1)
		later := open(t, s, build("b2"), with(rates))
		wantRate(t, later, rates, euro, 0)
		settle()
		wantRate(t, later, rates, euro, 1)

		texts := gorgon.Cache[pair, string]{Name: "rates", Load: func(context.Context, pair) (string, error) { return "text", nil }}
		for _, name := range []string{"b2", "b3"} { // by mistake the same
			text, err := texts.Get(open(t, s, build(name), with(texts)).Context(t.Context()), euro)
			if err != nil || text != "text" {
				t.Errorf("build %s: %q, %v", name, text, err)
			}
		}
	})
}

// Values are decoded once, as every instance would read them.
func TestValuesAreShared(t *testing.T) {
	var src source
	rates, s := ratesOf(&src), mem.Open(mem.Options{})
	defer s.Close()
	a, b := open(t, s, with(rates)), open(t, s, with(rates))
	for _, c := range []*cache.Cache{a, b} {
		one, two := wantRate(t, c, rates, euro, 0), wantRate(t, c, rates, euro, 0)
		if &one.History[0] != &two.History[0] {
			t.Error("two gets have a slice each")
		}
	}
	type hidden struct{ Shown, hidden int }
	half := gorgon.Cache[string, hidden]{Name: "half", Load: func(context.Context, string) (hidden, error) { return hidden{1, 2}, nil }}
	v, err := half.Get(open(t, nil, with(half)).Context(t.Context()), "key")
	if err != nil || v != (hidden{1, 0}) {
		t.Errorf("the first get has %+v, %v: others will have what its JSON has", v, err)
	}
}

// A key that is too long for a path is as good as any other, also after a
// restart.
func TestLongKeys(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		rates, s := ratesOf(&src), newStore(t)
		long := func(end string) pair { return pair{strings.Repeat("x", 5000) + end, "USD"} }
		a, b := open(t, s, with(rates)), open(t, s, with(rates))
		for _, end := range []string{"1", "2"} {
			wantRate(t, a, rates, long(end), 0)
			wantRate(t, b, rates, long(end), 0)
		}
		wantCalls(t, &src, 2)
		src.version.Store(1)
		time.Sleep(surelyOld)
		wantRate(t, b, rates, long("1"), 0)
		settle()
		wantRate(t, b, rates, long("1"), 1)
	})
}

func TestContextHasTheCaches(t *testing.T) {
	var src source
	rates := ratesOf(&src)
	for name, c := range map[string]struct {
		ctx  context.Context
		says string
	}{
		"no app":      {t.Context(), "gorgontest.Site.Context"},
		"not listed":  {open(t, nil).Context(t.Context()), "App.Parts"},
		"other types": {open(t, nil, with(gorgon.Cache[int, int]{Name: "rates"})).Context(t.Context()), "another cache"},
	} {
		_, err := rates.Get(c.ctx, euro)
		if err == nil || !strings.Contains(fmt.Sprintf("%v %+v", err, err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err := rates.Forget(c.ctx, euro); err == nil {
			t.Errorf("%s: it can be forgotten", name)
		}
	}
}
