// Whose turn it is to make a page: this flight's, or another instance's.

package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// admit waits until a flight may begin. A refresh has slots of its own, and
// does not wait: what is there is served meanwhile. A flight that is not
// admitted is not a failure of its page.
func (m *maker) admit(fl *flight, k id, waited bool) (*admission.Slot, error) {
	gate := m.config.Renderer.Gate(k.page)
	if !waited {
		if slot, ok := gate.Try(); ok {
			return slot, nil
		}
		return nil, unavailable(k, &admission.Refused{})
	}
	slot, err := gate.Enter(fl.ctx)
	if err == nil && !m.flights.begin(fl) {
		slot.Free()
		err = errDropped
	}
	switch {
	case err == nil:
		return slot, nil
	case m.life.Err() != nil:
		return nil, stopping(k)
	}
	return nil, unavailable(k, err)
}

// leasePatience is how long a flight waits for the store to answer about a
// lease before its slot is lent to others.
const leasePatience = 25 * time.Millisecond

// resume takes the slot again that was lent while the flight waited for a
// lease.
func (m *maker) resume(k id, slot *admission.Slot) error {
	err := slot.Resume(m.life)
	switch {
	case err == nil:
		return nil
	case m.life.Err() != nil:
		return stopping(k)
	}
	return unavailable(k, err)
}

// errDropped is the outcome of a flight that no request waited for any more.
var errDropped = errors.New("no request waits for it any more")

func unavailable(k id, err error) error {
	return &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.KindUnavailable, Err: err}
}

// refused says whether an error is that work was not begun, which says nothing
// of the page.
func refused(err error) bool {
	_, ok := errors.AsType[*admission.Refused](err)
	return ok
}

// turn takes the lease of a page, or waits for what another instance makes that
// has it. It says whether this instance is to make the page, and with which
// lease; overtaken is that of another, which was not waited for any longer.
func (m *maker) turn(fl *flight, k id, old *item, waited bool, slot *admission.Slot) (latest *item, lease, overtaken pages.Lease, ok bool) {
	if !m.stored(k) {
		return old, pages.Lease{}, pages.Lease{}, true
	}
	claim := rand.Text()
	lend := time.AfterFunc(leasePatience, slot.Pause)
	lease, held := m.lease(k, claim)
	lend.Stop()
	switch {
	case !held:
		return old, lease, pages.Lease{}, true
	case !waited:
		// It may hold the lease only to look at what a third one made.
		if i := m.later(k, old); i != nil {
			m.adopt(fl, k, i)
		}
		return old, pages.Lease{}, pages.Lease{}, false
	}
	slot.Pause()
	return m.await(fl, k, old, lease, claim)
}

// How often another instance's work is looked for: the more often the shorter
// it has been waited for.
const (
	awaitMin = 5 * time.Millisecond
	awaitMax = 80 * time.Millisecond
)

// moment is how long visitors wait for another instance's lease over a page
// that was there before. The fence decides between two that make it.
const moment = 500 * time.Millisecond

// await waits for what another instance makes, or until this one has the
// lease. It ends without either where the store fails, and when it took too
// long: by a clock that cannot be set, whatever the lease says.
func (m *maker) await(fl *flight, k id, old *item, held pages.Lease, claim string) (latest *item, lease, overtaken pages.Lease, ok bool) {
	most := k.page.Timeout
	switch {
	case k.page.Cache != "":
		// What a value is loaded from may be slow, or count its calls: one that
		// holds the lease and ended is waited for, and the next holder too.
		most = 2 * leaseTime(k)
	case old != nil:
		most = min(most, moment)
	}
	patience, cancel := context.WithTimeout(m.life, most)
	defer cancel()
	began := time.Now()
	for wait := awaitMin; pause(patience, wait); wait = min(max(time.Since(began)/10, awaitMin), awaitMax) {
		if i := m.later(k, old); i != nil {
			m.adopt(fl, k, i)
			if m.suffices(fl, i, true) {
				return i, pages.Lease{}, held, false
			}
			old = i
		}
		if m.coherence.Store.Breaker(coherence.Reads).Open() {
			break // what the other makes could not be read
		}
		lease, isHeld := m.lease(k, claim)
		if !isHeld {
			return old, lease, pages.Lease{}, true
		}
		held = lease
	}
	return old, pages.Lease{}, held, true
}

// lease takes the right to make a page, or says which instance has it. With a
// store that fails every instance has it.
func (m *maker) lease(k id, claim string) (lease pages.Lease, held bool) {
	return m.coherence.Store.Lease(m.life, k.key(), claim, leaseTime(k))
}

// leaseTime is how long a lease lasts that covers a making.
func leaseTime(k id) time.Duration {
	work := min(k.page.Timeout, pages.Century)
	if k.page.ShouldRevalidate != nil {
		work += min(k.page.Timeout, pages.Century/2)
	}
	return coherence.LeaseTime(work)
}

// later reads the store again and returns what is there, if it is later than
// what we have.
func (m *maker) later(k id, old *item) *item {
	i, err := m.sources.fromStore(m.life, k, func(e *pages.Entry) bool {
		if old != nil && !old.before(e) {
			return false
		}
		m.coherence.CatchUp(e.Epoch)
		return true
	})
	if err != nil {
		return nil
	}
	return i
}

// adopt takes what another instance made. It answers those who wait for the
// flight only if it suffices: it may have been made long before.
func (m *maker) adopt(fl *flight, k id, i *item) {
	m.memory.Set(k, i)
	fl.item, fl.renewed = i, !i.resting(m.config.Now(), m.coherence) && m.suffices(fl, i, true)
}

// suffices says whether what another instance made spares a flight making it.
// Where visitors wait, it is enough that it was begun after they came: what was
// purged since then is for the next flight. Otherwise it has to be good.
func (m *maker) suffices(fl *flight, i *item, waited bool) bool {
	v, _ := m.coherence.Judge(&i.copy)
	if waited && v != coherence.Good && i.entry.Epoch >= fl.began.Known && !i.missing() {
		v = coherence.Stale
	} else if v != coherence.Good {
		return false
	}
	return i.purged(m.config.Now(), v) != over
}

// pause waits, and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
