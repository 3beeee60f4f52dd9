// The laws that every history has to obey.

package drain_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

// A law is what a history is held against.
type law string

const (
	// Two seconds after a commit is acknowledged, no instance that does not say
	// that it is degraded serves as fresh what is older, whichever process was
	// killed.
	fresh law = "nothing older as fresh"

	// The same for what a page took from another stored page.
	within law = "a part is never fresher than what it was taken from"

	// A row that is inserted ends the 404 of its page.
	found law = "an insert ends a 404"

	// The visitor that committed sees it with the next request, from any
	// instance.
	promised law = "the committing visitor sees it"

	// A table that changes faster than its pages are made does not freeze them.
	goesOn law = "a busy table freezes no page"

	// Requests are answered.
	answers law = "requests are answered"

	// When all is quiet, every page is fresh, and the outbox is empty.
	heals law = "all settles"

	// What is rolled back purges nothing.
	nothing law = "rolled back purges nothing"
)

// mostLag is how old a page may be that is asked for all the time: two makings
// that overlap, the lease of one that was killed, and the backoff of one that
// failed. With a part of another page it is three times
// that.
const mostLag = 12 * time.Second

// A fault is a law that was broken.
type fault struct {
	law  law
	text string
}

func (f fault) String() string { return string(f.law) + ": " + f.text }

func (h *history) breaks(l law, format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l == h.until {
		h.over.Store(true)
	}
	at := time.Duration(time.Now().UnixNano()) % (24 * time.Hour)
	h.faults = append(h.faults, fault{l, fmt.Sprintf("at %v: ", at) + fmt.Sprintf(format, args...)})
}

// look asks an instance for a page and holds the answer against the laws.
// Commit is one that has to be seen in the value of a key; 0 for none.
func (h *history) look(i *instance, route, key string, d cache.Demand, commit int64, of string) {
	began := time.Now()
	v := visit{i, route, key}
	h.mu.Lock()
	last, visited := h.since[v]
	h.mu.Unlock()
	a, ok := cache.Answer{}, false
	var err error
	if d.Token == 0 {
		a, ok = i.cache.Found(i.pages[route], route+key, "", began)
	}
	if !ok {
		a, err = i.cache.Get(i.ctx, i.pages[route], route+key, "", d)
	}
	i.awake()
	if i.life.Load() != running {
		return // it reached no visitor
	}
	if !d.Passive {
		h.mu.Lock()
		h.since[v] = began
		h.mu.Unlock()
	}
	h.answers.Add(1)
	values, isFresh := content{key: absent}, true
	switch {
	case err == nil:
		values, isFresh = contentOf(a.Entry), a.State != cache.Stale && !a.Degraded
	case failure.Status(err) == 404 && route == rowRoute:
		h.missing.Add(1)
		degraded, _ := i.cache.Degraded()
		isFresh = !degraded
	default:
		if !i.drowsy() {
			h.breaks(answers, "%s does not answer for %s%s: %v", i.name, route, key, err)
		}
		return
	}
	// A page that was not asked for, while all slept, is not made again.
	steady := visited && began.Sub(last) < 3*time.Second && time.Since(i.born) > mostLag && !i.drowsy()
	nests := route == nestedRoute || route == looseRoute
	for _, k := range shown(route, key) {
		lag := h.db.lag(k, values[k], began)
		if isFresh {
			h.fresh.Add(1)
			raise(&h.freshLag, lag)
			if lag > pages.Trust {
				l := fresh
				if err != nil {
					l = found
				} else if k != key && k != whole {
					l = within
				}
				h.breaks(l, "%s serves %d of %s in %s%s as %s, which has been out of date for %v", i.name, values[k], k, route, key, a.State, lag)
			}
		}
		if steady {
			raise(&h.mostLag, lag)
			if lag > mostLag && !nests || lag > 3*mostLag {
				h.breaks(goesOn, "%s serves %d of %s in %s%s, which has been out of date for %v", i.name, values[k], k, route, key, lag)
			}
		}
	}
	if commit > 0 && !i.drowsy() && !h.db.has(of, values[of], commit) {
		h.breaks(promised, "%s serves %d of %s in %s%s as %s to the visitor that committed %d and has token %d", i.name, values[of], of, route, key, a.State, commit, d.Token)
	}
}

// settles looks whether every page becomes fresh when nothing happens.
func (h *history) settles(d *dice) {
	time.Sleep(15 * time.Second)
	all := func(check bool) {
		for _, i := range h.instances {
			for route, keys := range keysOf {
				for _, key := range keys {
					if !check {
						h.look(i, route, key, cache.Demand{}, 0, "")
						continue
					}
					a, err := i.cache.Get(i.ctx, i.pages[route], route+key, "", cache.Demand{})
					values := content{key: absent}
					if err == nil {
						values = contentOf(a.Entry)
					} else if failure.Status(err) != 404 {
						h.breaks(heals, "%s does not answer for %s%s: %v", i.name, route, key, err)
						continue
					}
					for _, k := range shown(route, key) {
						if lag := h.db.lag(k, values[k], time.Now()); lag > 0 || err == nil && a.State != cache.Fresh {
							h.breaks(heals, "%s serves %d of %s in %s%s as %s, out of date for %v, when all is quiet", i.name, values[k], k, route, key, a.State, lag)
						}
					}
				}
			}
		}
	}
	for range 4 {
		all(false)
		time.Sleep(5 * time.Second)
	}
	all(true)
	if n := len(h.db.look()); n > 0 && !h.bug.cursor {
		h.breaks(heals, "%d changes are left in the outbox", n)
	}
	sequence, loads := h.store.Sequence(), h.loads.Load()
	for range 5 {
		t := h.db.begin()
		t.write(true, "a", "b")
		time.Sleep(d.upTo(time.Second))
	}
	all(true)
	if n := h.store.Sequence(); n != sequence || h.loads.Load() != loads {
		h.breaks(nothing, "%d purges and %d loads come of transactions that were rolled back", n-sequence, h.loads.Load()-loads)
	}
	// One that commits without a change purges nothing either.
	commits := new(dataflow.Commits)
	h.instances[0].outbox.committed(dataflow.WithCommits(context.Background(), commits))
	commits.Wait(context.Background())
	if n := h.store.Sequence(); n != sequence {
		h.breaks(nothing, "%d purges come of a transaction that changed nothing", n-sequence)
	}
}
