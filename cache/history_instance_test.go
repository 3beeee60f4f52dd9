// The instances of a history: how they begin, make pages, and end.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
)

// An instance has its own way to the store, and its own pages, so that each
// run of a generator is known to be its.
type instance struct {
	h     *history
	slot  int
	name  string
	build string
	link  *link
	cache *cache.Cache
	pages []*gorgon.Definition
	dice  *dice
	life  atomic.Int32

	ctx  context.Context // of those who ask it; it ends when the instance is killed
	lose context.CancelFunc
}

const (
	running int32 = iota
	stopped       // Close was called: it answers with what it has
	killed        // it no longer reaches any other
)

func (i *instance) String() string { return i.name }

// makeTime bounds one run of a generator. It is short, so that leases run out
// within a history.
const makeTime = 3 * time.Second

func (h *history) open(slot int) *instance {
	n := h.lives.Add(1)
	i := &instance{h: h, slot: slot, name: fmt.Sprintf("instance %d", n), dice: newDice(h.seed, 1000+n), build: "b1"}
	if h.mixed {
		i.build = fmt.Sprintf("b%d", i.dice.n(2))
	}
	i.ctx, i.lose = context.WithCancel(h.t.Context())
	i.link = newLink(i)
	i.pages = i.definitions()
	small := i.dice.oneIn(3)
	h.note("", "%s begins, build %s, small memory: %v", i, i.build, small)
	i.cache = open(h.t, shapesOfStore[h.kind](i.link), build(i.build), func(c *cache.Config) {
		if small {
			c.Bytes = 1 // everything is read from the store
		}
	})
	return i
}

// definitions are one page without an interval, one with, and one that is
// asked whether to be made again.
func (i *instance) definitions() []*gorgon.Definition {
	page := gorgon.Page[state]{
		Path: "/p/{id}", Load: i.make, Incremental: true, View: view, Timeout: makeTime,
		Tags: func(state) []string { return []string{"t"} },
	}
	timed := page
	timed.Path, timed.RevalidateAfter = "/q/{id}", 5*time.Second
	asked := page
	asked.Path, asked.RevalidateAfter, asked.StaleFor = "/r/{id}", 5*time.Second, 5*time.Second
	asked.ShouldRevalidate = func(context.Context, gorgon.Input, state, time.Time) (bool, error) { return i.dice.oneIn(2), nil }
	return []*gorgon.Definition{page.Definition(), timed.Definition(), asked.Definition()}
}

// forEverRoute is the route whose pages stay fresh until they are purged.
const forEverRoute = "/p/{id}"

var errGenerator = errors.New("the generator has a bad day")

// make is the generator of every page.
func (i *instance) make(ctx context.Context, in gorgon.Input) (state, error) {
	run := i.h.begins(ctx, i, in.Path)
	stop := context.AfterFunc(ctx, func() { i.h.ends(run, errors.Is(context.Cause(ctx), context.DeadlineExceeded)) })
	defer stop()
	takes := time.Millisecond + i.dice.upTo(2500*time.Millisecond)
	failing := i.h.trouble == flaky && !i.h.isCalm()
	switch {
	case i.h.isCalm():
		takes = time.Millisecond
	case failing && i.dice.oneIn(30):
		time.Sleep(2 * makeTime) // it does not look at its context
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return state{}, context.Cause(ctx)
	}
	if failing && i.dice.oneIn(15) {
		i.h.ends(run, true)
		return state{}, errGenerator
	}
	i.h.ends(run, false)
	return state{Version: run.version}, nil
}

// pick chooses an instance that runs, nil where there is none.
func (h *history) pick(d *dice) *instance {
	first := d.n(len(h.instances))
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := range h.instances {
		if i := h.instances[(first+n)%len(h.instances)]; i.life.Load() == running {
			return i
		}
	}
	return nil
}

// take chooses an instance that is to end, and takes it out of service.
func (h *history) take(d *dice, life int32) *instance {
	i := h.pick(d)
	if i == nil || !i.life.CompareAndSwap(running, life) {
		return nil
	}
	return i
}

func (h *history) replace(i *instance) {
	next := h.open(i.slot)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.instances[i.slot] = next
}

// restart closes an instance, before or after another one takes its place.
func (h *history) restart(d *dice) {
	i := h.take(d, stopped)
	if i == nil {
		return
	}
	h.note("", "%s is closed", i)
	if d.oneIn(2) {
		i.cache.Close()
		h.replace(i)
		return
	}
	h.replace(i)
	i.cache.Close()
}

// kill ends an instance without a word: its leases and what it acknowledged
// stay. What it was doing goes on, or is abandoned, and reaches no visitor.
func (h *history) kill(d *dice) {
	i := h.take(d, killed)
	if i == nil {
		return
	}
	h.note("", "%s is killed", i)
	c := newCut(d)
	c.final = true
	i.link.sever(c)
	i.lose()
	goesOn := d.oneIn(2)
	h.late.Go(func() {
		if goesOn {
			h.rest(10 * time.Second)
		}
		i.cache.Close()
	})
	time.Sleep(d.upTo(3 * time.Second))
	h.replace(i)
}

func (h *history) isCalm() bool {
	select {
	case <-h.calm:
		return true
	default:
		return false
	}
}

// rest waits, but not beyond the end of all faults.
func (h *history) rest(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.calm:
	}
}
