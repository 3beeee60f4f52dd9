// Random histories of three instances over one store: what is done in them.

package cache_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// A history is one run: clients of instances over one store get, purge,
// change the data, and restart and kill instances, while their ways to the
// store fail. It is replayed by its seed and the name of its shape:
//
//	HISTORY=<seed> go test -run Histories/<shape> ./cache
//
// The seed decides what is done and when. The order of what falls on the same
// instant is the scheduler's, and the cache has randomness of its own, so
// that a rare fault may need several replays.
type history struct {
	t *testing.T
	shape
	mem   *mem.Store
	store full         // mem, behind a bug where one is planted
	data  atomic.Int64 // the version of what the pages show
	mixed bool         // instances are of two builds
	seed  uint64
	lives atomic.Uint64 // of instances so far
	calm  chan struct{} // closed when all faults are lifted
	late  sync.WaitGroup

	mu        sync.Mutex
	instances [3]*instance
	outage    *cut // of the store, nil while there is none
	book
}

// A shape is a kind of store and what goes wrong around it.
type shape struct {
	kind string // of shapesOfStore
	trouble
	bug
}

func (s shape) String() string { return s.kind + "/" + s.trouble.String() }

// A trouble is what goes wrong besides restarts and kills.
type trouble string

const (
	none      trouble = "calm"
	pauses    trouble = "pauses"    // a record arrives long after it was sent
	partition trouble = "partition" // one instance cannot reach the store
	outage    trouble = "outage"    // none can
	busy      trouble = "busy"      // a tag is purged faster than its pages are made
	flaky     trouble = "flaky"     // single calls, answers and generators fail
)

func (t trouble) String() string { return string(t) }

var (
	kindsOfStore = []string{"sequencer", "acknowledger", "plain", "forgetting"}
	troubles     = []trouble{none, pauses, partition, outage, busy, flaky}
)

const (
	historyClients = 6
	historySteps   = 80 // of each client
	historyPaths   = 3  // of each page
)

// play plays one history and returns which laws it broke.
func play(t *testing.T, seed uint64, s shape) (faults []fault) {
	inBubble(t, func(t *testing.T) {
		own := newDice(seed, 0)
		h := &history{t: t, shape: s, seed: seed, mem: mem.Open(mem.Options{}), calm: make(chan struct{}), book: newBook()}
		h.store, h.mixed = h.mem, own.oneIn(3) && s.trouble != pauses
		if s.bug.store != nil {
			h.store = s.bug.store(h.mem)
		}
		t.Cleanup(func() { h.mem.Close() })
		for slot := range h.instances {
			h.instances[slot] = h.open(slot)
		}
		var clients, other sync.WaitGroup
		for n := range uint64(historyClients) {
			dice := newDice(seed, n+1)
			clients.Go(func() { h.client(dice) })
		}
		over := make(chan struct{})
		other.Go(func() { h.sabotage(own, over) })
		clients.Wait()
		close(over)
		other.Wait()
		h.heal(own)
		for _, i := range h.instances {
			i.cache.Close()
		}
		h.late.Wait()
		faults = h.faults
	})
	return faults
}

// client does some random things.
func (h *history) client(d *dice) {
	for range historySteps {
		switch n := d.n(1000); {
		case n < 800:
			h.get(d)
		case n < 860 && h.trouble == pauses && d.oneIn(2):
			h.data.Add(1) // a purge would hide what came late
		case n < 860:
			h.purge(d)
		case n < 930:
			h.data.Add(1)
		case n < 945:
			h.restart(d)
		case n < 960:
			h.kill(d)
		default:
			time.Sleep(d.upTo(6 * time.Second))
		}
		steps.Add(1)
		time.Sleep(d.upTo(400 * time.Millisecond))
	}
}

// place chooses a page of an instance, and a path of it.
func (h *history) place(d *dice, i *instance) (page *gorgon.Definition, path string) {
	page = i.pages[d.n(len(i.pages))]
	return page, page.Path[:3] + strconv.Itoa(d.n(historyPaths))
}

func (h *history) get(d *dice) {
	i := h.pick(d)
	if i == nil {
		return
	}
	page, path := h.place(d, i)
	demand := cache.Demand{Passive: d.oneIn(5)}
	if d.oneIn(4) {
		demand.Token = h.token(d)
	}
	h.look(i, page, path, demand)
}

// look asks for a page and holds the answer against the laws.
func (h *history) look(i *instance, page *gorgon.Definition, path string, d cache.Demand) {
	q := h.asks(i, page, path, d.Token)
	if d.Token == 0 {
		if a, ok := i.cache.Found(page, path, "", time.Now()); ok {
			h.answered(q, a, nil)
			return
		}
	}
	if h.bug.deaf {
		d.Token = 0
	}
	a, err := i.cache.Get(i.ctx, page, path, "", d)
	h.answered(q, a, err)
}

// purge changes the data first, as an app does.
func (h *history) purge(d *dice) {
	i := h.pick(d)
	if i == nil {
		return
	}
	page, path := h.place(d, i)
	subject := pages.Subjects(pages.Key{Route: page.Path, Path: path}, []string{"t"})[d.n(4)]
	ctx, cancel := i.ctx, context.CancelFunc(func() {})
	if d.oneIn(5) { // a caller does not wait until all have heard
		ctx, cancel = context.WithTimeout(ctx, d.upTo(3*time.Second))
	}
	defer cancel()
	h.purgeOn(ctx, i, pages.Verb(1+d.n(2)), subject)
}

func (h *history) purgeOn(ctx context.Context, i *instance, verb pages.Verb, subject string) {
	p := h.purges(i, verb, subject)
	asked := ctx
	if h.bug.hasty {
		var cancel context.CancelFunc
		asked, cancel = context.WithCancel(ctx)
		asked = context.WithValue(asked, bumped{}, cancel)
		defer cancel()
	}
	epoch, err := i.cache.Purge(asked, verb, subject)
	if h.bug.hasty && epoch > 0 {
		err = ctx.Err()
	}
	h.purged(ctx, p, epoch, err)
}

// sabotage cuts instances off from the store, now and then, until over.
func (h *history) sabotage(d *dice, over chan struct{}) {
	wait := func(most time.Duration) bool {
		select {
		case <-time.After(d.upTo(most)):
			return true
		case <-over:
			return false
		}
	}
	spell := func() bool {
		if d.oneIn(6) {
			return wait(time.Minute)
		}
		return wait(8 * time.Second)
	}
	if h.trouble == busy {
		h.hurry(d, over)
		return
	}
	for wait(8 * time.Second) {
		switch h.trouble {
		case partition:
			i := h.pick(d)
			if i == nil {
				continue
			}
			c := newCut(d)
			i.link.sever(c)
			h.note("", "%s is cut off, %s", i, c)
			spell()
			close(c.over)
			h.note("", "%s is no longer cut off", i)
		case outage:
			c := newCut(d)
			h.breakdown(c)
			h.note("", "the store is cut off, %s", c)
			spell()
			h.recover(c)
			h.note("", "the store is no longer cut off")
		}
	}
}

// hurry purges a tag every second, and lets a new instance look at its pages;
// now and then a holder of leases is killed.
func (h *history) hurry(d *dice, over chan struct{}) {
	var kills sync.WaitGroup
	defer kills.Wait() // each killed instance has its successor
	for n := 1; ; n++ {
		select {
		case <-time.After(time.Second):
		case <-over:
			return
		}
		verb := pages.Verb(1 + d.n(2))
		if i := h.pick(d); i != nil {
			h.late.Go(func() { h.purgeOn(i.ctx, i, verb, pages.TagSubject("t")) })
		}
		if n%20 == 0 {
			kills.Go(func() { h.kill(d) })
		}
		h.late.Go(func() {
			i := h.open(0) // beside the others
			h.look(i, i.pages[0], "/p/"+strconv.Itoa(n%historyPaths), cache.Demand{})
			i.life.Store(stopped)
			i.cache.Close()
		})
		h.goOn()
	}
}

// heal lifts all faults and looks whether every instance recovers in time.
func (h *history) heal(d *dice) {
	close(h.calm)
	h.note("", "all faults are lifted")
	time.Sleep(healTime)
	h.healed()
	h.data.Add(1)
	h.purgeOn(h.t.Context(), h.instances[d.n(3)], pages.Expire, pages.All)
	for _, i := range h.instances {
		for range 2 {
			page, path := h.place(d, i)
			h.look(i, page, path, cache.Demand{})
		}
	}
}

// dice are seeded, and may be thrown by many.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed, stream uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, stream))} }

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

func (d *dice) oneIn(n int) bool { return d.n(n) == 0 }

// upTo is some time, to the nanosecond, so that little falls on one instant.
func (d *dice) upTo(most time.Duration) time.Duration { return 1 + time.Duration(d.n(int(most))) }

// TestHistories plays a few histories of each shape. HISTORY=<seed> replays
// one; HISTORY_FOR=2h plays others for that long, with -timeout 0.
// HISTORY_BUG='no lag' plants a bug, and the test has to fail.
func TestHistories(t *testing.T) {
	if s := os.Getenv("HISTORY_FOR"); s != "" {
		historiesFor(t, s)
		return
	}
	if name := os.Getenv("HISTORY_BUG"); name != "" {
		b, ok := bugs[name]
		if !ok {
			t.Fatalf("there is no planted bug %q: choose of %q", name, slices.Sorted(maps.Keys(bugs)))
		}
		for n := range uint64(most) {
			if report(t, n+1, b.shape, play(t, n+1, b.shape)); t.Failed() {
				return
			}
		}
		return
	}
	first, rounds := uint64(1), uint64(6)
	if raceEnabled || testing.Short() {
		rounds = 1
	}
	if s := os.Getenv("HISTORY"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, rounds = n, 1
	}
	for _, s := range allShapes() {
		t.Run(s.String(), func(t *testing.T) {
			for n := range rounds {
				report(t, first+n, s, play(t, first+n, s))
			}
		})
	}
}

func allShapes() (all []shape) {
	for _, kind := range kindsOfStore {
		for _, trouble := range troubles {
			all = append(all, shape{kind: kind, trouble: trouble})
		}
	}
	return all
}

func historiesFor(t *testing.T, s string) {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	end, n, failed := time.Now().Add(d), 0, 0
	for time.Now().Before(end) && failed < 20 {
		seed := uint64(time.Now().UnixNano())
		for _, s := range allShapes() {
			faults := play(t, seed, s)
			report(t, seed, s, faults)
			n++
			if len(faults) > 0 {
				failed++
			}
		}
	}
	t.Logf("%d histories, %d of them broke a law", n, failed)
	t.Log(counts())
}

func report(t *testing.T, seed uint64, s shape, faults []fault) {
	t.Helper()
	if len(faults) > 0 {
		t.Errorf("HISTORY=%d go test -run 'Histories/%s$' ./cache\n%d times a law was broken, first: %s", seed, s, len(faults), faults[0])
	}
}
