// The instances of a history: how they begin, make pages, sleep and end.

package drain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// An instance is a cache with a drainer, and its own ways to store and database.
type instance struct {
	h      *history
	slot   int
	name   string
	dice   *dice
	outbox *outbox
	in     *coherence.Instance
	cache  *cache.Cache
	pages  map[string]*gorgon.Definition
	life   atomic.Int32
	fuse   atomic.Int32 // the step at which it is killed
	born   time.Time

	ctx  context.Context // of those who ask it; it ends when the instance is killed
	lose context.CancelFunc

	mu    sync.Mutex
	sleep chan struct{} // closed when it wakes; nil while it is awake
	woke  time.Time
}

const (
	running int32 = iota
	stopped
	killed
)

// awake waits until the instance is.
func (i *instance) awake() {
	i.mu.Lock()
	c := i.sleep
	i.mu.Unlock()
	if c != nil {
		<-c
	}
}

// drowsy says whether the instance sleeps, or did a moment ago.
func (i *instance) drowsy() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.sleep != nil || !i.woke.IsZero() && time.Since(i.woke) < mostLag
}

// content is what a page shows: values by key.
type content map[string]int64

func (h *history) open(slot int) *instance {
	n := h.lives.Add(1)
	i := &instance{h: h, slot: slot, name: fmt.Sprintf("instance %d", n), dice: newDice(h.seed, 1000+n), born: time.Now()}
	i.ctx, i.lose = context.WithCancel(h.t.Context())
	i.outbox = &outbox{i: i}
	i.pages = i.definitions()
	config := cache.Config{
		Renderer: &render.Renderer{Build: "b1", Effort: compress.None},
		Store:    kindsOfStore[h.kind](link{h.store, i}),
		Log:      slog.New(slog.DiscardHandler),
		NoSweep:  true,

		NegativeFor: time.Hour,
		Feed: func(in *coherence.Instance) coherence.Feed {
			i.in = in
			var f coherence.Feed = drain.New(drain.Config{Outbox: i.outbox, Instance: in, Log: slog.New(slog.DiscardHandler)})
			if h.bug.trusts {
				f = trusting{f}
			}
			return f
		},
	}
	if slot == 2 {
		config.Bytes = 1 // everything is read from the store
	}
	c, err := cache.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	i.cache = c
	return i
}

// trusting is a planted bug: a feed that is always current.
type trusting struct{ coherence.Feed }

func (trusting) Current(time.Time) bool { return true }

// The routes: a row; the table; a row with another row's page, as it is now or
// as it is stored.
const (
	rowRoute    = "/r/"
	tableRoute  = "/t/"
	nestedRoute = "/n/"
	looseRoute  = "/m/"
)

// inner is the row whose page is in the page of another.
var inner = map[string]string{"a": "b", "b": "c", "c": "a"}

// shown are the keys that a page shows.
func shown(route, key string) []string {
	switch route {
	case tableRoute:
		return []string{whole, key}
	case nestedRoute, looseRoute:
		return []string{key, inner[key]}
	}
	return []string{key}
}

func (i *instance) definitions() map[string]*gorgon.Definition {
	all := map[string]*gorgon.Definition{}
	for _, route := range []string{rowRoute, tableRoute, nestedRoute, looseRoute} {
		timeout := makeTime
		if route == nestedRoute || route == looseRoute {
			timeout = nestTime
		}
		all[route] = gorgon.Page[content]{
			Path: route + "{key}", Incremental: true, Timeout: timeout,
			Load: func(ctx context.Context, in gorgon.Input) (content, error) {
				return i.load(ctx, route, in.Path[len(route):])
			},
			View: func(c content) gorgon.Component { return gorgon.Text(fmt.Sprint(c)) },
		}.Definition()
	}
	return all
}

const (
	makeTime = 2500 * time.Millisecond // at most
	nestTime = 3 * makeTime            // with what it waits for of another page
	takeTime = 1200 * time.Millisecond // usually, at most
)

// load is the loader of every page.
func (i *instance) load(ctx context.Context, route, key string) (content, error) {
	i.h.loads.Add(1)
	reads, db, c := dataflow.ReadsOf(ctx), i.h.db, content{}
	total := i.dice.upTo(takeTime)
	if !i.h.slow.Load() {
		total = time.Millisecond
	}
	early := time.Duration(i.dice.n(int(total)))
	known := i.in.Now().Known
	time.Sleep(early)
	snapshot := db.now()
	time.Sleep(total - early)
	i.awake()
	if i.dice.oneIn(2) { // READ COMMITTED; otherwise REPEATABLE READ
		snapshot = db.now()
	}
	if c[key] = db.read(key, snapshot); c[key] == absent && i.h.bug.forgets {
		reads.Tag(dataflow.Prefix + "shop.public.other")
	} else {
		reads.Row(rowsTag, key)
	}
	switch route {
	case tableRoute:
		c[whole] = db.read(whole, snapshot)
		reads.Table(rowsTag)
		return c, nil
	case nestedRoute, looseRoute:
		if err := i.nest(ctx, reads, route, inner[key], known, c); err != nil {
			return nil, err
		}
	}
	if c[key] == absent {
		return nil, &gorgon.Error{Kind: gorgon.KindNotFound}
	}
	return c, nil
}

// nest takes a value from another stored page: one that is as new as the
// loader, or any there is.
func (i *instance) nest(ctx context.Context, reads *dataflow.Reads, route, key string, began uint64, c content) error {
	var d cache.Demand
	known := i.in.Now().Known
	if route == nestedRoute {
		d.Token = began
	}
	a, err := i.cache.Get(ctx, i.pages[rowRoute], rowRoute+key, "", d)
	if err != nil {
		return err
	}
	c[key] = contentOf(a.Entry)[key]
	isStale, epoch := a.State == cache.Stale, a.Entry.Epoch
	if !isStale && !i.h.bug.lowers {
		epoch = max(epoch, known) // it is still good
	}
	if i.h.bug.nested {
		epoch, isStale = math.MaxUint64, false
	}
	reads.Value(epoch, isStale, a.Entry.Tags, a.Entry.Doubts)
	return nil
}

func contentOf(e *pages.Entry) (c content) {
	if err := json.Unmarshal(e.State, &c); err != nil {
		panic(err)
	}
	return c
}

// pick chooses an instance that runs and is awake, nil where there is none.
func (h *history) pick(d *dice) *instance {
	first := d.n(len(h.instances))
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := range h.instances {
		i := h.instances[(first+n)%len(h.instances)]
		i.mu.Lock()
		asleep := i.sleep != nil
		i.mu.Unlock()
		if i.life.Load() == running && !asleep {
			return i
		}
	}
	return nil
}

// kill ends an instance without a word, and lets another take its place.
func (h *history) kill(i *instance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ends || !i.life.CompareAndSwap(running, killed) {
		return
	}
	h.kills.Add(1)
	i.lose()
	h.late.Go(func() { i.cache.Close() })
	h.late.Go(func() {
		time.Sleep(i.dice.upTo(3 * time.Second))
		next := h.open(i.slot)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.instances[i.slot] = next
	})
}

// nap lets an instance sleep: nothing of it goes on.
func (h *history) nap(i *instance, d time.Duration) {
	i.mu.Lock()
	if i.sleep != nil {
		i.mu.Unlock()
		return
	}
	c := make(chan struct{})
	i.sleep = c
	i.mu.Unlock()
	h.naps.Add(1)
	time.Sleep(d)
	i.mu.Lock()
	i.sleep, i.woke = nil, time.Now()
	i.mu.Unlock()
	close(c)
	for route := range i.pages { // its visitors come back at once
		for _, key := range keysOf[route] {
			h.late.Go(func() { h.look(i, route, key, cache.Demand{}, 0, "") })
		}
	}
}
