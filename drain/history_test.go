// Random histories of a busy table, three instances and one store.

package drain_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// A history is one run: writers commit, readers ask for pages, instances are
// killed and sleep. It is replayed by its seed, the kind of its store, and the
// name of a planted bug, if it has one.
type history struct {
	t     *testing.T
	kind  string // of kindsOfStore
	seed  uint64
	bug   bug
	until law         // one that ends the history when it is broken
	over  atomic.Bool // it was
	db    *model
	store full
	slow  atomic.Bool // there are delays
	lives atomic.Uint64
	late  sync.WaitGroup

	mu        sync.Mutex
	ends      bool // no more instances are killed
	instances [3]*instance
	faults    []fault
	since     map[visit]time.Time // when a page was asked for last

	figures
}

// A visit is to a page of an instance.
type visit struct {
	i          *instance
	route, key string
}

// figures are what happened in a history, or in several.
type figures struct {
	commits, rolledBack, kills, naps, loads, answers, fresh, tokens, missing atomic.Int64
	mostLag                                                                  atomic.Int64 // of what was served as fresh, or stale
	freshLag                                                                 atomic.Int64
}

func (f *figures) add(o *figures) {
	for _, p := range [][2]*atomic.Int64{
		{&f.commits, &o.commits}, {&f.rolledBack, &o.rolledBack}, {&f.kills, &o.kills}, {&f.naps, &o.naps}, {&f.loads, &o.loads},
		{&f.answers, &o.answers}, {&f.fresh, &o.fresh}, {&f.tokens, &o.tokens}, {&f.missing, &o.missing},
	} {
		p[0].Add(p[1].Load())
	}
	f.mostLag.Store(max(f.mostLag.Load(), o.mostLag.Load()))
	f.freshLag.Store(max(f.freshLag.Load(), o.freshLag.Load()))
}

// keys are rows: a and b change all the time, c now and then, d comes and goes.
var (
	keysOf = map[string][]string{
		rowRoute: {"a", "b", "c", "d"}, tableRoute: {"a"}, nestedRoute: {"a", "b", "c"}, looseRoute: {"a", "b", "c"},
	}
	routes = []string{rowRoute, rowRoute, tableRoute, nestedRoute, looseRoute}
)

const (
	historyLasts = 75 * time.Second
	readers      = 5
	writers      = 3
)

// play plays one history and returns which laws it broke. It ends early when one
// of them is broken; "" for none.
func play(t *testing.T, kind string, seed uint64, b bug, until law) (faults []fault, f *figures) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		under := mem.Open(mem.Options{})
		defer under.Close()
		h := &history{t: t, kind: kind, seed: seed, bug: b, until: until, db: newModel("a", "b", "c"), store: under, since: map[visit]time.Time{}}
		if b.store != nil {
			h.store = b.store(under)
		}
		h.slow.Store(true)
		for slot := range h.instances {
			h.instances[slot] = h.open(slot)
		}
		own := newDice(seed, 0)
		end := time.Now().Add(historyLasts)
		var all sync.WaitGroup
		for n := range uint64(readers) {
			d := newDice(seed, n+1)
			all.Go(func() { h.read(d, end) })
		}
		for n := range uint64(writers) {
			d := newDice(seed, 100+n)
			all.Go(func() { h.write(d, end) })
		}
		all.Go(func() { h.hurry(newDice(seed, 200), end) })
		all.Go(func() { h.sabotage(own, end) })
		all.Wait()
		h.mu.Lock()
		h.ends = true
		h.mu.Unlock()
		h.late.Wait()
		if h.slow.Store(false); !h.over.Load() {
			h.settles(own)
		}
		for _, i := range h.instances {
			i.life.Store(stopped)
			i.cache.Close()
		}
		h.late.Wait()
		time.Sleep(time.Minute) // loaders that were abandoned end
		faults, f = h.faults, &h.figures
	})
	return faults, f
}

// goesOn says whether clients are to do more.
func (h *history) goesOn(end time.Time) bool { return time.Now().Before(end) && !h.over.Load() }

// read asks for pages.
func (h *history) read(d *dice, end time.Time) {
	for h.goesOn(end) {
		if i := h.pick(d); i != nil {
			route := routes[d.n(len(routes))]
			keys := keysOf[route]
			h.late.Go(func() { h.look(i, route, keys[d.n(len(keys))], cache.Demand{Passive: d.oneIn(10)}, 0, "") })
		}
		time.Sleep(d.upTo(150 * time.Millisecond))
	}
}

// write runs transactions.
func (h *history) write(d *dice, end time.Time) {
	for h.goesOn(end) {
		keys := []string{"a", "a", "b", "b", "a", "b", "c", "d"}
		var changed []string
		var tags []string
		t := h.db.begin()
		for range 1 + d.n(3) {
			key := keys[d.n(len(keys))]
			changed = append(changed, key)
			tags = append(tags, t.write(key != "d" || d.oneIn(2), key)...)
			if h.bug.numbers {
				_, _ = h.store.Bump(context.Background(), pages.Stale, subjects(tags)...)
			}
			time.Sleep(d.upTo(30 * time.Millisecond))
		}
		if d.oneIn(10) { // it writes early and commits late
			h.late.Go(func() { h.finish(d, t, changed, 5*time.Second) })
		} else {
			h.finish(d, t, changed, 30*time.Millisecond)
		}
		time.Sleep(d.upTo(300 * time.Millisecond))
	}
}

// hurry changes one row faster than its pages can be made.
func (h *history) hurry(d *dice, end time.Time) {
	for h.goesOn(end) {
		t := h.db.begin()
		if t.write(true, "a"); h.bug.numbers {
			_, _ = h.store.Bump(context.Background(), pages.Stale, subjects([]string{rowsTag, dataflow.RowTag(rowsTag, "a")})...)
		}
		h.late.Go(func() { h.finish(d, t, []string{"a"}, 30*time.Millisecond) })
		time.Sleep(100*time.Millisecond + d.upTo(100*time.Millisecond))
	}
}

func subjects(tags []string) (list []string) {
	for _, t := range tags {
		list = append(list, pages.TagSubject(t))
	}
	return list
}

// finish commits, or rolls back, and has the visitor look at what it wrote.
func (h *history) finish(d *dice, t *tx, changed []string, takes time.Duration) {
	i := h.pick(d)
	if h.seed%3 == 0 || d.oneIn(4) { // in some histories always
		i = nil // another program
	}
	time.Sleep(d.upTo(takes))
	if d.oneIn(8) {
		h.rolledBack.Add(1)
		return
	}
	if i == nil {
		h.commits.Add(1)
		t.commit()
		return
	}
	if i.awake(); i.life.Load() != running {
		return // the server rolls back
	}
	h.commits.Add(1)
	number := t.commit()
	if i.trips(atCommit) {
		return
	}
	commits := new(dataflow.Commits)
	i.outbox.committed(dataflow.WithCommits(i.ctx, commits))
	var token uint64
	if !h.bug.answersFirst {
		token = commits.Wait(i.ctx)
	}
	if i.life.Load() != running || i.drowsy() {
		return // the visitor has no answer, or one of an instance that had lost its ways
	}
	if other := h.pick(d); other != nil && !other.drowsy() {
		h.tokens.Add(1)
		key := changed[d.n(len(changed))]
		route := routes[d.n(len(routes))]
		switch {
		case route == tableRoute:
			h.look(other, route, "a", cache.Demand{Token: token}, number, whole)
		case key == "d" || route == looseRoute: // which takes other rows as they are stored
			h.look(other, rowRoute, key, cache.Demand{Token: token}, number, key)
		default:
			h.look(other, route, key, cache.Demand{Token: token}, number, key)
		}
	}
}

// sabotage kills instances, and lets them sleep.
func (h *history) sabotage(d *dice, end time.Time) {
	for h.goesOn(end) {
		time.Sleep(d.upTo(10 * time.Second))
		i := h.pick(d)
		if i == nil {
			continue
		}
		switch n := d.n(10); {
		case h.bug.hasty: // what it has removed is lost
			i.fuse.Store(atLook)
		case n < 7:
			i.fuse.Store(int32(1 + d.n(int(deadly)-1)))
		case n < 8:
			h.kill(i)
		case n < 9:
			h.late.Go(func() { h.nap(i, time.Minute) })
		default:
			h.late.Go(func() { h.nap(i, d.upTo(10*time.Second)) })
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

func (d *dice) upTo(most time.Duration) time.Duration { return 1 + time.Duration(d.n(int(most))) }
