// The laws that every history has to obey.

package coherence_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// A law is what a history is held against.
type law string

const (
	// After a purge returned, an instance that does not say that it is degraded
	// takes nothing older for current; and after one by Expire it uses nothing
	// older at all. With a sequencer, a degraded instance takes nothing older
	// for current either.
	undone law = "never undone"

	// What a request with a purge's number as its token gets is not older than
	// that purge, or an earlier one, demands, unless the instance says that it
	// is degraded.
	promised law = "nothing older than the token"

	// A purge that the store did not record holds for the instance that made
	// it.
	here law = "holds here"

	// A purge succeeds unless the store cannot be reached.
	succeeds law = "purges succeed"

	// Of the instances that can reach the store, one has a lease; and one gets
	// it, unless the store was slow or away a moment ago.
	exclusive law = "one holder"

	// Once all faults are lifted, no instance is degraded after healTime, and
	// every lease of those that run can be had again.
	heals law = "heals"
)

// A fault is a law that was broken.
type fault struct {
	law  law
	text string
}

func (f fault) String() string { return string(f.law) + ": " + f.text }

// A demand is the least version that may be taken for current, and used.
type demand struct{ purged, expired int64 }

func (d demand) merge(o demand) demand {
	return demand{max(d.purged, o.purged), max(d.expired, o.expired)}
}

// A purging is a purge that returned a number.
type purging struct {
	epoch   uint64
	subject string
	version int64
}

// The book is what is known of a history so far.
type book struct {
	faults  []fault
	demands map[string]demand // by subject
	local   map[*instance]map[string]int64
	made    []purging
	holders map[pages.Key]*instance // of leases
	last    map[pages.Key]*instance // that the store granted a lease, whether its answer was lost or not
}

func newBook() book {
	return book{
		demands: map[string]demand{}, local: map[*instance]map[string]int64{},
		holders: map[pages.Key]*instance{}, last: map[pages.Key]*instance{},
	}
}

// A question is one that a client asks, with what was known then.
type question struct {
	i   *instance
	key int
	demand
	promised int64
	local    int64
}

func (h *history) asks(i *instance, key int, token uint64) question {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := question{i: i, key: key}
	for _, s := range subjectsOf(key) {
		q.demand = q.demand.merge(h.demands[s])
		q.local = max(q.local, h.local[i][s])
		for _, p := range h.made {
			if p.epoch <= token && p.subject == s {
				q.promised = max(q.promised, p.version)
			}
		}
	}
	return q
}

// answered holds an answer against the laws.
func (h *history) answered(q question, version int64, isFresh, degraded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if q.i.ended.Load() {
		return // its answer reached no client, or it stops
	}
	if isFresh && version < q.purged && (!degraded || h.kind == "sequencer") || !degraded && version < q.expired {
		h.breaks(undone, "%s uses version %d of %d, fresh: %v, degraded: %v; %d was purged and %d expired before", q.i.name, version, q.key, isFresh, degraded, q.purged, q.expired)
	}
	if version < q.promised && !degraded {
		h.breaks(promised, "%s uses version %d of %d; the token demands %d", q.i.name, version, q.key, q.promised)
	}
	if isFresh && version < q.local {
		h.breaks(here, "%s uses version %d of %d as fresh; %d was purged here before", q.i.name, version, q.key, q.local)
	}
}

// purged enters a purge that has returned, and what it demands from now on.
func (h *history) purged(i *instance, verb pages.Verb, subject string, version int64, epoch uint64, err error, apart bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i.ended.Load() {
		return
	}
	if epoch > 0 {
		h.made = append(h.made, purging{epoch, subject, version})
	}
	if err == nil {
		d := demand{purged: version}
		if verb == pages.Expire {
			d.expired = version
		}
		h.demands[subject] = h.demands[subject].merge(d)
		return
	}
	if failed, ok := errors.AsType[*coherence.PurgeError](err); ok && failed.Reach == coherence.Here {
		if h.local[i] == nil {
			h.local[i] = map[string]int64{}
		}
		h.local[i][subject] = max(h.local[i][subject], version)
	}
	if !apart {
		h.breaks(succeeds, "%s could not purge %s: %v", i.name, subject, err)
	}
}

// token is the number of a purge that returned not long ago, 0 for none.
func (h *history) token(d *dice) uint64 {
	n := d.n(6) + 1
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > len(h.made) {
		return 0
	}
	return h.made[len(h.made)-n].epoch
}

// grants enters that an instance has a lease, or does without.
func (h *history) grants(i *instance, k pages.Key, lease pages.Lease) {
	apart := i.link.apart()
	h.mu.Lock()
	defer h.mu.Unlock()
	if lease.Token == 0 {
		if h.isCalm() && !apart && !i.ended.Load() {
			h.breaks(exclusive, "%s has no lease of %s, and can reach the store", i.name, k.Path)
		}
		return
	}
	if other := h.holders[k]; other != nil && other != i && !other.ended.Load() {
		h.breaks(exclusive, "%s and %s have the lease of %s", i.name, other.name, k.Path)
	}
	h.holders[k] = i
}

// returns enters that an instance is about to return a lease.
func (h *history) returns(i *instance, k pages.Key, lease pages.Lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if lease.Token != 0 && h.holders[k] == i {
		delete(h.holders, k)
	}
}

// healed looks at every instance when it should have recovered.
func (h *history) healed() {
	for _, i := range h.instances {
		if degraded, reason := i.in.Store.Degraded(); degraded {
			h.mu.Lock()
			h.breaks(heals, "%s is degraded %v after all faults were lifted: %s", i.name, healTime, reason)
			h.mu.Unlock()
		}
	}
}

// granted enters what the store says of a lease.
func (h *history) granted(i *instance, k pages.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last[k] = i
}

// returned looks whether leases can be had again, unless an instance that ended
// took one with it.
func (h *history) returned() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, i := range h.last {
		if k.Path == "" || !slices.Contains(h.instances[:], i) {
			continue
		}
		if lease, err := h.mem.Lease(h.t.Context(), k, "the end", time.Second); err != nil {
			h.breaks(heals, "the lease of %s, last granted to %s, is held until %v: %v", k.Path, i.name, lease.Until, err)
		}
	}
}

func (h *history) breaks(l law, format string, args ...any) {
	h.faults = append(h.faults, fault{l, time.Now().UTC().Format("15:04:05.000000 ") + fmt.Sprintf(format, args...)})
}
