// Random histories of three instances over one store: what is done in them.

package coherence_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// A history is one run: clients of instances over one store use what the
// instances hold, purge, change the data, and restart and kill instances, while
// their ways to the store fail. It is replayed by its seed and its shape:
//
//	HISTORY=<seed> go test -run Histories/<shape> ./coherence
type history struct {
	t *testing.T
	shape
	seed  uint64
	mem   *mem.Store
	store full         // mem, behind a bug where one is planted
	data  atomic.Int64 // the version of what is held
	lives atomic.Uint64
	calm  chan struct{} // closed when all faults are lifted
	late  sync.WaitGroup

	mu        sync.Mutex
	instances [3]*instance
	outage    *cut // of the store, nil while there is none
	book
}

// A shape is a kind of store and what goes wrong around it.
type shape struct {
	kind    string // of kindsOfStore
	trouble string
	bug     bug
}

func (s shape) String() string { return s.kind + "/" + s.trouble }

// What goes wrong besides restarts and kills.
const (
	none      = "calm"
	partition = "partition" // one instance cannot reach the store
	outage    = "outage"    // none can
	flaky     = "flaky"     // single calls and answers fail
)

const (
	clients  = 5
	steps    = 60 // of each client
	keys     = 3
	healTime = 2 * time.Second
)

// An instance has its own way to the store, and what it holds.
type instance struct {
	h     *history
	name  string
	slot  int
	link  *link
	in    *coherence.Instance
	dice  *dice
	ended atomic.Bool
	ctx   context.Context // of those who ask it; it ends when the instance is killed
	lose  context.CancelFunc

	mu   sync.Mutex
	held [keys]*thing
}

// A thing is what an instance holds: the data as they were when it was made.
type thing struct {
	subjects []string
	version  int64
	copy     coherence.Copy
}

func (t *thing) Subjects() []string { return t.subjects }

func subjectsOf(key int) []string {
	return []string{pages.PathSubject(fmt.Sprint("/", key)), pages.TagSubject("t"), pages.All}
}

func (h *history) open(slot int) *instance {
	n := h.lives.Add(1)
	i := &instance{h: h, name: fmt.Sprint("instance ", n), slot: slot, dice: newDice(h.seed, 1000+n)}
	i.ctx, i.lose = context.WithCancel(h.t.Context())
	i.link = &link{full: h.store, i: i}
	h.mu.Lock()
	i.link.cut = h.outage
	h.mu.Unlock()
	i.in = coherence.Open(h.t.Context(), coherence.Config{Store: kindsOfStore[h.kind](i.link), Log: slog.New(slog.DiscardHandler)})
	return i
}

// play plays one history and returns which laws it broke.
func play(t *testing.T, seed uint64, s shape) (faults []fault) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		own := newDice(seed, 0)
		h := &history{t: t, shape: s, seed: seed, mem: mem.Open(mem.Options{}), calm: make(chan struct{}), book: newBook()}
		defer h.mem.Close()
		h.store = h.mem
		if s.bug.store != nil {
			h.store = s.bug.store(h.mem)
		}
		for slot := range h.instances {
			h.instances[slot] = h.open(slot)
		}
		var all, other sync.WaitGroup
		for n := range uint64(clients) {
			d := newDice(seed, n+1)
			all.Go(func() { h.client(d) })
		}
		over := make(chan struct{})
		other.Go(func() { h.sabotage(own, over) })
		all.Wait()
		close(over)
		other.Wait()
		h.heal(own)
		for _, i := range h.instances {
			i.in.Close()
		}
		h.late.Wait()
		faults = h.faults
	})
	return faults
}

// client does some random things.
func (h *history) client(d *dice) {
	for range steps {
		switch n := d.n(100); {
		case n < 75:
			if i := h.pick(d); i != nil {
				var token uint64
				if d.oneIn(4) {
					token = h.token(d)
				}
				h.use(i, d.n(keys), token)
			}
		case n < 85:
			if i := h.pick(d); i != nil {
				key := d.n(keys)
				subjects := subjectsOf(key)
				patience := time.Minute
				if d.oneIn(3) { // it does not wait until every instance knows
					patience = d.upTo(2 * time.Second)
				}
				epoch := h.purge(i, pages.Verb(1+d.n(2)), subjects[d.n(len(subjects))], patience)
				if other := h.pick(d); other != nil && epoch > 0 {
					h.use(other, key, epoch)
				}
			}
		case n < 90:
			h.data.Add(1)
		case n < 93:
			h.end(d, false)
		case n < 95:
			h.end(d, true)
		default:
			time.Sleep(d.upTo(6 * time.Second))
		}
		time.Sleep(d.upTo(400 * time.Millisecond))
	}
}

// use asks an instance for what it holds under a key, as a cache does, and
// holds the answer against the laws.
func (h *history) use(i *instance, key int, token uint64) {
	q := h.asks(i, key, token)
	if t := i.get(key); token == 0 && t != nil && i.in.Holds(&t.copy, time.Now()) {
		degraded, _ := i.in.Store.Degraded()
		h.answered(q, t.version, true, degraded)
		return
	}
	var asked coherence.Horizon
	if !h.bug.careless {
		asked = i.in.CatchUp(token)
	}
	t := i.get(key)
	if t == nil {
		t = i.make(key)
	}
	v, certain := i.in.Check(&t.copy)
	if !certain {
		asked.Uncertain()
	}
	isFresh := v == coherence.Good && t.copy.Epoch >= asked.Unread
	if v == coherence.Expired || v == coherence.Stale && t.copy.Epoch < asked.Token {
		t, isFresh = i.make(key), true
	} else if !isFresh {
		h.late.Go(func() { i.make(key) })
	}
	degraded, _ := i.in.Store.Degraded()
	h.answered(q, t.version, isFresh, asked.Offline || degraded)
}

func (i *instance) get(key int) *thing {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.held[key]
}

// make makes what is held under a key: first the moment, then the data.
func (i *instance) make(key int) *thing {
	h := i.h
	k := pages.Key{Route: "/", Path: fmt.Sprint("/", key)}
	lease, held := i.in.Store.Lease(i.ctx, k, fmt.Sprint(i.name, i.dice.n(1<<30)), 10*time.Minute)
	if held {
		lease = pages.Lease{} // it is made twice; what is kept is the later one
	} else {
		h.grants(i, k, lease)
		defer func() {
			h.returns(i, k, lease)
			i.in.Store.Release(lease)
		}()
	}
	now, version := i.in.Now(), h.data.Load()
	time.Sleep(i.dice.upTo(500 * time.Millisecond))
	if h.bug.belated {
		now = i.in.Now()
	}
	t := &thing{subjects: subjectsOf(key), version: version}
	t.copy.Of, t.copy.Epoch, t.copy.MadeAt = t, now.Epoch, time.Now().Add(-500*time.Millisecond)
	i.mu.Lock()
	defer i.mu.Unlock()
	if old := i.held[key]; old == nil || old.copy.Epoch <= now.Epoch && old.version <= version {
		i.held[key] = t
	}
	return t
}

// purge changes the data first, as an app does.
func (h *history) purge(i *instance, verb pages.Verb, subject string, patience time.Duration) uint64 {
	version := h.data.Add(1)
	ctx, cancel := context.WithTimeout(i.ctx, patience)
	defer cancel()
	if h.bug.hasty {
		ctx = context.WithValue(ctx, bumped{}, cancel)
	}
	apart := i.link.apart()
	epoch, err := i.in.Purge(ctx, verb, subject)
	if h.bug.hasty && epoch > 0 {
		err = nil
	}
	h.purged(i, verb, subject, version, epoch, err, apart || i.link.apart() || ctx.Err() != nil)
	return epoch
}

// end closes or kills an instance, and lets another take its place. One that
// is killed says nothing: what it acknowledged and its leases stay.
func (h *history) end(d *dice, kill bool) {
	i := h.pick(d)
	if i == nil || !i.ended.CompareAndSwap(false, true) {
		return
	}
	if kill {
		c := newCut(d)
		c.final = true
		i.link.sever(c)
		i.lose()
		time.Sleep(d.upTo(3 * time.Second))
	}
	h.late.Go(i.in.Close)
	next := h.open(i.slot)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.instances[i.slot] = next
}

// sabotage cuts instances off from the store, now and then, until over.
func (h *history) sabotage(d *dice, over chan struct{}) {
	wait := func() bool {
		select {
		case <-time.After(d.upTo(8 * time.Second)):
			return true
		case <-over:
			return false
		}
	}
	for wait() {
		c := newCut(d)
		switch h.trouble {
		case partition:
			if i := h.pick(d); i != nil {
				i.link.sever(c)
			}
		case outage:
			h.mu.Lock()
			h.outage = c
			for _, i := range h.instances {
				i.link.sever(c)
			}
			h.mu.Unlock()
		}
		wait()
		h.mu.Lock()
		h.outage = nil
		h.mu.Unlock()
		close(c.over)
	}
}

// heal lifts all faults and looks whether every instance recovers in time.
func (h *history) heal(d *dice) {
	close(h.calm)
	time.Sleep(healTime)
	h.healed()
	h.purge(h.instances[d.n(3)], pages.Expire, pages.All, time.Minute)
	for _, i := range h.instances {
		h.use(i, d.n(keys), 0)
	}
	time.Sleep(healTime)
	h.returned()
}

func (h *history) isCalm() bool {
	select {
	case <-h.calm:
		return true
	default:
		return false
	}
}

// pick chooses an instance that runs, nil where there is none.
func (h *history) pick(d *dice) *instance {
	first := d.n(len(h.instances))
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := range h.instances {
		if i := h.instances[(first+n)%len(h.instances)]; i != nil && !i.ended.Load() {
			return i
		}
	}
	return nil
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

// TestHistories plays some histories of each shape. HISTORY=<seed> replays one.
func TestHistories(t *testing.T) {
	first, rounds := uint64(1), uint64(20)
	if testing.Short() {
		rounds = 3
	}
	if s := os.Getenv("HISTORY"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, rounds = n, 1
	}
	for kind := range kindsOfStore {
		for _, trouble := range []string{none, partition, outage, flaky} {
			s := shape{kind: kind, trouble: trouble}
			t.Run(s.String(), func(t *testing.T) {
				for n := range rounds {
					if faults := play(t, first+n, s); len(faults) > 0 {
						t.Errorf("HISTORY=%d go test -run 'Histories/%s$' ./coherence\n%d times a law was broken, first: %s", first+n, s, len(faults), faults[0])
					}
				}
			})
		}
	}
}
