// How far purges are known, and until when to rely on it.

package coherence

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Name is the instance's among those that share its store. Two processes never
// have the same one.
func (i *Instance) Name() string { return i.name }

// A Horizon is what could be known of purges when a request came. Work that
// began before a purge cannot answer a request that comes after it.
type Horizon struct {
	Version uint64 // of the ledger: it moves with every purge
	Unread  uint64 // purges up to here may have been made, and cannot be read; 0: none
	Token   uint64 // the number that the request brought; what was purged by then may not be used at all. 0: none, or it cannot be checked
	Offline bool   // the store could not be asked
	Unfed   bool   // the feed could not be asked: whatever it purges may be out of date
}

// Uncertain notes that the store could not be asked about a copy either.
func (h *Horizon) Uncertain() { h.Token, h.Offline = 0, true }

// A Moment is what an instance knows now. What is begun now is older than
// purges with a later version or number.
type Moment struct {
	Version uint64 // of the ledger
	Known   uint64 // the number up to which purges are known here
	Epoch   uint64 // the number up to which purges cannot concern what is made from now on
}

// Now tells what is known at this moment. It asks no store.
func (i *Instance) Now() Moment {
	m := Moment{Version: i.ledger.version.Load(), Known: i.ledger.applied.Load()}
	m.Epoch = m.Known
	if i.Store != nil && i.Store.sequencer != nil {
		m.Epoch = i.Store.sequencer.Sequence()
	}
	return m
}

// CatchUp makes every purge known that had returned when it was called, and
// the one that a token names, if there was such a purge. 0 means no token. It
// waits for the store only if that is necessary, and not while the circuit
// breaker is open.
//
// Since anyone can write a number into a request, a token never makes a copy
// look newer than it is: one that cannot be checked, because the store is
// unavailable or has no such purge, is left out of the horizon.
func (i *Instance) CatchUp(token uint64) Horizon {
	var h Horizon
	if i.feed != nil && !i.feed.Current(i.config.Now()) {
		h.Unfed = !i.feed.CatchUp() // first: others may have purged what it had
	}
	if i.Store != nil {
		h.Unread, h.Offline = i.catchUp(token)
	}
	h.Version = i.ledger.version.Load()
	if !h.Offline && token <= i.ledger.applied.Load() {
		h.Token = token
	}
	return h
}

func (i *Instance) catchUp(token uint64) (unread uint64, offline bool) {
	offline = i.Store.purges.Open()
	if i.upTo(token) {
		return 0, offline
	}
	if !offline && i.hear(token, false) {
		return 0, false
	}
	if s := i.Store.sequencer; s != nil {
		if n := s.Sequence(); n > i.ledger.applied.Load() {
			return n, true
		}
	}
	return 0, true
}

// upTo says whether every purge that has returned is known here, and one more.
func (i *Instance) upTo(token uint64) bool {
	return i.current(i.config.Now()) && token <= i.ledger.applied.Load()
}

// current says whether every purge that has returned anywhere is known here.
func (i *Instance) current(now time.Time) bool {
	if s := i.Store.sequencer; s != nil {
		return s.Sequence() <= i.ledger.applied.Load()
	}
	if !i.used.Load() {
		i.used.Store(true)
	}
	return i.trust.holds(now) || i.Store.purges.Open() // an instance that cannot ask goes on, and says so
}

// A trust is until when this instance may rely on knowing every purge. Both
// clocks have to agree: the one that cannot be set stands still while a
// machine sleeps.
type trust struct {
	born   time.Time
	steady atomic.Int64 // since born
	wall   atomic.Int64 // Unix nanoseconds
}

func (t *trust) holds(now time.Time) bool {
	return int64(now.Sub(t.born)) < t.steady.Load() && now.UnixNano() < t.wall.Load()
}

// extend makes it last from when the store was asked.
func (t *trust) extend(from time.Time) {
	t.steady.Store(int64(from.Sub(t.born) + pages.Trust))
	t.wall.Store(from.UnixNano() + int64(pages.Trust))
}

// A reader reads purges from the store: one call at a time, and what it brings
// counts for every caller that came before it was made.
type reader struct {
	slot  chan struct{}
	began atomic.Uint64 // moves when the store is asked
	last  uint64        // of the calls that have ended, began; for the holder of the slot
	ok    bool          // how that one ended
}

// Read asks the store for purges in any case, also if every one seems to be
// known, and says whether the store answered. CatchUp is enough for requests.
func (i *Instance) Read() bool { return i.hear(0, true) }

// AskAll asks the store for purges, and has the feed look for what it purges, also
// if everything seems to be known. It says whether both could: then all that
// happened anywhere before the call is known here. Callers that come together
// share the answers.
func (i *Instance) AskAll() bool {
	fed := i.feed == nil || i.feed.CatchUp() // first: others may have purged what it had
	return (i.Store == nil || i.Read()) && fed
}

// hear enters what others purged, and says whether the store answered. A
// caller that insists asks although everything seems to be known, or the
// circuit breaker is open.
func (i *Instance) hear(token uint64, insist bool) bool {
	r := &i.reader
	before := r.began.Load()
	r.slot <- struct{}{}
	defer func() { <-r.slot }()
	if r.last > before {
		return r.ok
	}
	if !insist && i.upTo(token) {
		return true
	}
	r.began.Add(1)
	if !insist && i.Store.purges.Open() {
		return false
	}
	var from time.Time
	err := i.Store.try(i.life, &i.Store.purges, "changes", storeTimeout, func(ctx context.Context) error {
		from = i.config.Now()
		return i.acknowledge(ctx)
	})
	if err == nil {
		i.trust.extend(from)
	}
	r.last, r.ok = r.began.Load(), err == nil
	return r.ok
}

// acknowledge reads the purges after the last one known, and acknowledges them.
func (i *Instance) acknowledge(ctx context.Context) error {
	s := i.Store
	switch {
	case s.sequencer != nil:
		return i.enter(ctx, s.sequencer.Sequence())
	case s.acknowledger == nil:
		return i.enter(ctx, 0)
	}
	// From the first acknowledgement on purges wait for this instance, so what
	// it tells is all that has to be read.
	brief, cancel := context.WithTimeout(ctx, briefTimeout)
	reached, err := s.acknowledger.Acknowledge(brief, i.name, i.ledger.applied.Load(), pages.Trust)
	cancel()
	if err != nil || reached <= i.ledger.applied.Load() {
		return err
	}
	if err := i.enter(ctx, reached); err != nil {
		return err
	}
	_, err = s.acknowledger.Acknowledge(ctx, i.name, i.ledger.applied.Load(), pages.Trust)
	return err
}

// enter reads the purges after the last one known, which go up to at least
// reached, into the ledger.
func (i *Instance) enter(ctx context.Context, reached uint64) error {
	changes, floor, err := i.Store.under.Changes(ctx, i.ledger.applied.Load())
	if err == nil {
		i.ledger.apply(changes, floor, reached)
	}
	return err
}
