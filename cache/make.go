// Making a page, and making it again.

package cache

import (
	"context"
	"sync/atomic"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/tally"
)

// A maker flies the flights: it finds pages, makes them, and brings them to
// memory and to the store.
type maker struct {
	config    *Config
	coherence *coherence.Instance
	memory    memory
	negative  *negatives
	records   *records // nil without a store
	sources   *sources
	flights   *flights
	life      context.Context
	failures  tally.Tally   // of makings, by pattern, for the log
	refused   atomic.Uint64 // records that the fence refused
}

// stored says whether there is a store for an item.
func (m *maker) stored(k id) bool { return m.records != nil && !k.page.Local }

// renew makes a page: one instance at a time, fenced against what is later. It
// asks for a lease only once it is admitted. Where visitors wait, and another
// instance holds the lease, it waits a while for what that one makes; otherwise
// it leaves it to it.
func (m *maker) renew(fl *flight, k id, old *item, waited bool) {
	// Another flight may have ended since the request looked.
	if i, ok := m.memory.GetIfPresent(k); ok && i != old {
		old = i
		v, _ := m.coherence.Check(&i.copy)
		if phase := i.purged(m.config.Now(), v); phase == fresh || i.resting(m.config.Now(), m.coherence) {
			fl.item, fl.renewed = i, phase == fresh
			return
		}
	}
	fl.item = old
	slot, err := m.admit(fl, k, waited)
	if err != nil {
		fl.err = err
		return
	}
	defer func() { slot.Free() }()
	old, lease, overtaken, ok := m.turn(fl, k, old, waited, slot)
	if !ok {
		return
	}
	if m.stored(k) {
		defer func() {
			fl.land()
			m.coherence.Store.Release(lease)
		}()
		if fl.err = m.resume(k, slot); fl.err != nil {
			return
		}
		// Another instance may have made it before we had the lease.
		if i := m.later(k, old); i != nil {
			m.adopt(fl, k, i)
			if m.suffices(fl, i, waited) {
				return
			}
			old = i
		}
	}
	entry, as, err := m.make(fl, k, old, lease, slot)
	if entry == nil && err == nil {
		return // it need not be made
	}
	slot.Free() // what is left to do is the store's work
	slot = nil
	if m.life.Err() == nil && m.stored(k) {
		// What this one found out was begun later than what the other may yet
		// write, which the fence refuses from now on.
		m.coherence.Store.Release(overtaken)
	}
	switch kind := failure.Kind(err); {
	case err == nil:
		m.keep(fl, k, entry, lease)
	case kind == gorgon.KindNotFound || kind == gorgon.KindGone:
		fl.err = err
		m.remove(fl, k, old, kind, as, lease)
	default:
		m.backOff(fl, k, old, as, lease, err)
	}
}
