// Random histories of several instances over one store, and a checker that
// is shown to fail where the store or the memory of purges is broken.

package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// A history is one run: clients on instances over one store get, purge,
// change the data and restart instances. It is replayed by its seed:
// HISTORY=<seed> go test -run History ./cache. The seed decides what is done
// and when; the order of what falls on the same instant is the scheduler's.
type history struct {
	t     *testing.T
	src   source
	pages []*gorgon.Definition
	store *store
	shape

	mu     sync.Mutex
	caches []*cache.Cache
	known  map[string]known // by subject
	faults []string
}

// known is what a purge that has returned demands of those who ask later.
type known struct {
	expired int64 // no version before this is served at all …
	purged  int64 // … or before this as fresh
}

const historyPaths = 4

func (h *history) subjects(page *gorgon.Definition, path string) []string {
	return []string{pages.All, pages.RouteSubject(page.Path), pages.PathSubject(path), pages.TagSubject("t")}
}

// demands is the floor for a page as of now.
func (h *history) demands(page *gorgon.Definition, path string) (k known) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subjects(page, path) {
		k.expired = max(k.expired, h.known[s].expired)
		k.purged = max(k.purged, h.known[s].purged)
	}
	return k
}

func (h *history) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, fmt.Sprintf(format, args...))
}

func (h *history) cache(n int) *cache.Cache {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.caches[n%len(h.caches)]
}

// runs says whether a cache was not closed meanwhile.
func (h *history) runs(c *cache.Cache) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.caches, c)
}

func (h *history) get(r *rand.Rand) {
	n := r.IntN(99)
	page := h.pages[r.IntN(len(h.pages))]
	path := fmt.Sprintf("%s%d", page.Path[:3], r.IntN(historyPaths))
	d := cache.Demand{Passive: r.IntN(5) == 0}
	floor := h.demands(page, path)
	c := h.cache(n)
	a, ok := c.Found(page, path, "", time.Now())
	if !ok {
		var err error
		if a, err = c.Get(h.t.Context(), page, path, "", d); err != nil {
			if gorgon.KindOf(err) != gorgon.Unavailable { // it was closed
				h.fault("get %s: %v", path, err)
			}
			return
		}
	}
	v := version(h.t, a)
	switch {
	case !h.runs(c): // one that stops answers with what it has
	case v < floor.expired && !h.faulty: // who cannot read of a purge cannot tell its verb
		h.fault("%v: %s is version %d, %s; %d was expired before it was asked for", time.Now(), path, v, a.State, floor.expired)
	case v < floor.purged && a.State != cache.Stale:
		h.fault("%v: %s is version %d as %s; %d was purged before it was asked for", time.Now(), path, v, a.State, floor.purged)
	}
}

// purge changes the data first, as an app does, and notes what that demands
// once every instance has to know.
func (h *history) purge(r *rand.Rand) {
	verb := pages.Verb(1 + r.IntN(2))
	page := h.pages[r.IntN(len(h.pages))]
	subject := h.subjects(page, fmt.Sprintf("%s%d", page.Path[:3], r.IntN(historyPaths)))[r.IntN(4)]
	v := h.src.version.Add(1)
	if _, err := h.cache(r.IntN(99)).Purge(h.t.Context(), verb, subject); err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.known[subject]
	k.purged = max(k.purged, v)
	if verb == pages.Expire {
		k.expired = max(k.expired, v)
	}
	h.known[subject] = k
}

func (h *history) restart(r *rand.Rand) {
	next := h.open(r)
	h.mu.Lock()
	n := r.IntN(len(h.caches))
	old := h.caches[n]
	h.caches[n] = next
	h.mu.Unlock()
	old.Close()
}

func (h *history) open(r *rand.Rand) *cache.Cache {
	wrap := h.wrap
	if wrap == nil {
		wrap = shapesOfStore[h.name]
	}
	return open(h.t, wrap(h.store), build("b"+strconv.Itoa(r.IntN(2))), func(c *cache.Config) {
		if r.IntN(3) == 0 {
			c.Bytes = 1 // everything is read from the store
		}
	})
}

// client does some random things.
func (h *history) client(r *rand.Rand, steps int) {
	for range steps {
		switch n := r.IntN(100); {
		case n < 82:
			h.get(r)
		case n < 92:
			h.purge(r)
		case n < 96:
			h.src.version.Add(1)
		case n < 98:
			h.restart(r)
		default:
			time.Sleep(time.Duration(r.IntN(7000)) * time.Millisecond)
		}
		time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
	}
}

// play plays one history and returns what is wrong with it.
func play(t *testing.T, seed uint64, shape shape) (faults []string) {
	inBubble(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 0))
		h := &history{t: t, store: newStore(t), shape: shape, known: map[string]known{}}
		var mu sync.Mutex
		random := func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return r.IntN(n)
		}
		h.src.does(func(ctx context.Context, _ gorgon.Input) error {
			time.Sleep(time.Duration(random(2500)) * time.Millisecond)
			return nil
		})
		no := func(context.Context, gorgon.Input, state, time.Time) (bool, error) { return random(2) == 0, nil }
		h.pages = []*gorgon.Definition{
			pageOf(&h.src, forEver),
			pageOf(&h.src, func(p *gorgon.Page[state]) { p.Path, p.RevalidateAfter = "/q/{id}", 5*time.Second }),
			pageOf(&h.src, func(p *gorgon.Page[state]) {
				p.Path, p.RevalidateAfter, p.StaleFor, p.ShouldRevalidate = "/r/{id}", 5*time.Second, 5*time.Second, no
			}),
		}
		h.store.meddle(func(context.Context, string, pages.Key) error {
			if random(4) == 0 {
				time.Sleep(time.Duration(random(30)) * time.Millisecond)
			}
			if shape.faulty && random(15) == 0 {
				return errBroken
			}
			return nil
		})
		opener := rand.New(rand.NewPCG(seed, 100))
		for range 2 + opener.IntN(2) {
			h.caches = append(h.caches, h.open(opener))
		}
		var all sync.WaitGroup
		for n := range uint64(6) {
			own := rand.New(rand.NewPCG(seed, n+1))
			all.Go(func() { h.client(own, 60) })
		}
		all.Wait()
		for _, c := range h.caches {
			c.Close()
		}
		faults = h.faults
	})
	return faults
}

// A shape is a kind of store.
type shape struct {
	name   string // of shapesOfStore, if wrap is not set
	faulty bool   // one call in fifteen fails
	wrap   func(*store) pages.Store
}

var shapes = []shape{
	{name: "sequencer"}, {name: "acknowledger"}, {name: "watcher"}, {name: "plain"},
	{name: "faulty", faulty: true, wrap: func(s *store) pages.Store { return s }},
}

func TestHistories(t *testing.T) {
	first, rounds := uint64(1), uint64(25)
	if raceEnabled || testing.Short() {
		rounds = 6
	}
	if s := os.Getenv("HISTORY"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, rounds = n, 1
	}
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			for n := first; n < first+rounds; n++ {
				if faults := play(t, n, shape); len(faults) > 0 {
					t.Fatalf("HISTORY=%d: %d faults, the first: %s", n, len(faults), faults[0])
				}
			}
		})
	}
}

// unfenced writes whatever it is given, and forgets as of when it was made.
type unfenced struct{ *store }

func (s unfenced) Put(ctx context.Context, r pages.Record, _ pages.Fence) error {
	if e, err := pages.Decode(r.Data); err == nil {
		e.Epoch = s.Sequence()
		r.Data, _ = e.Encode()
	}
	return s.store.Put(ctx, r, pages.Fence{})
}

// forgetful tells of some purges only.
type forgetful struct{ *store }

func (s forgetful) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	changes, floor, err := s.store.Changes(ctx, since)
	kept := changes[:0]
	for _, ch := range changes {
		if ch.Sequence%2 == 0 {
			kept = append(kept, ch)
		}
	}
	return kept, floor, err
}

// late knows its sequence too late.
type late struct{ *store }

func (s late) Sequence() uint64 { n := s.store.Sequence(); return n - min(n, 1) }

// TestCheckerFails plants bugs, each of which the checker has to find.
func TestCheckerFails(t *testing.T) {
	for name, wrap := range map[string]func(*store) pages.Store{
		"no fence":             func(s *store) pages.Store { return unfenced{s} },
		"purges are hidden":    func(s *store) pages.Store { return forgetful{s} },
		"the sequence is late": func(s *store) pages.Store { return late{s} },
	} {
		t.Run(name, func(t *testing.T) {
			for n := range uint64(20) {
				if len(play(t, n+1, shape{wrap: wrap})) > 0 {
					return
				}
			}
			t.Error("20 histories show nothing wrong")
		})
	}
}
