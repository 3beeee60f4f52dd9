// Hearing of purges that others made, and until when to rely on it.

package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A trust is until when this instance may answer from memory on the strength
// of having heard of every purge. Both clocks have to agree: the one that
// cannot be set stands still while a machine sleeps.
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

// current says whether every purge that has returned anywhere is known here.
// It is asked at every hit.
func (c *Cache) current(now time.Time) bool {
	if s := c.store.sequencer; s != nil {
		return s.Sequence() <= c.ledger.applied.Load()
	}
	if !c.visited.Load() {
		c.visited.Store(true)
	}
	return c.trust.holds(now) || c.store.purges.broken.Load() // who cannot ask goes on, and says so
}

// catchUp makes sure that every purge is known that had returned when it was
// called, and the one that a token names. Where the store cannot tell, it is
// deaf, and returns the sequence up to which something may have been purged.
func (c *Cache) catchUp(token uint64) (unheard uint64, deaf bool) {
	if c.store == nil {
		return 0, false
	}
	deaf = c.store.purges.broken.Load()
	if c.upTo(token) {
		return 0, deaf
	}
	if !deaf && c.hear(token, false) {
		return 0, false // a token beyond what the store has numbered is nobody's
	}
	if s := c.store.sequencer; s != nil {
		token = max(token, s.Sequence())
	}
	if token <= c.ledger.applied.Load() {
		return 0, true
	}
	return token, true
}

// upTo says whether every purge that has returned is known here, and one more.
func (c *Cache) upTo(token uint64) bool {
	return c.current(c.now()) && token <= c.ledger.applied.Load()
}

// A hearing is who asks the store for purges: one at a time, and what one
// hears counts for all who came before it asked.
type hearing struct {
	slot  chan struct{}
	began atomic.Uint64 // moves when the store is asked
	last  uint64        // of those that have ended, began; for who has the slot
	ok    bool          // how that one ended
}

// hear enters what others purged, and says whether the store told. Who insists
// asks although everything seems to be known, or the breaker is open.
func (c *Cache) hear(token uint64, insist bool) bool {
	h := &c.hearing
	before := h.began.Load()
	h.slot <- struct{}{}
	defer func() { <-h.slot }()
	if h.last > before {
		return h.ok
	}
	if !insist && c.upTo(token) {
		return true
	}
	h.began.Add(1)
	if !insist && c.store.purges.broken.Load() {
		return false
	}
	var from time.Time
	err := c.store.try(c.life, &c.store.purges, "changes", storeTimeout, func(ctx context.Context) error {
		from = c.now()
		return c.listen(ctx)
	})
	if err == nil {
		c.trust.extend(from)
	}
	h.last, h.ok = h.began.Load(), err == nil
	return h.ok
}

// listen reads the purges after the last one known, and acknowledges them.
func (c *Cache) listen(ctx context.Context) error {
	switch {
	case c.store.sequencer != nil:
		return c.read(ctx, c.store.sequencer.Sequence())
	case c.store.acknowledger == nil:
		return c.read(ctx, 0)
	}
	// From the first acknowledgement on, who purges waits for this instance,
	// so what it tells is all that has to be read.
	reached, err := c.store.acknowledger.Acknowledge(ctx, c.name, c.ledger.applied.Load(), pages.Trust)
	if err != nil || reached <= c.ledger.applied.Load() {
		return err
	}
	if err := c.read(ctx, reached); err != nil {
		return err
	}
	_, err = c.store.acknowledger.Acknowledge(ctx, c.name, c.ledger.applied.Load(), pages.Trust)
	return err
}

// read enters the purges after the last one known, which go up to at least
// reached. Of a store that lists none, it knows only that there were some.
func (c *Cache) read(ctx context.Context, reached uint64) error {
	if c.store.watcher == nil {
		epochs, err := c.store.Epochs(ctx)
		if err == nil {
			c.ledger.apply(nil, epochs.Sequence, epochs.Sequence)
		}
		return err
	}
	changes, floor, err := c.store.watcher.Changes(ctx, c.ledger.applied.Load())
	if err == nil {
		c.ledger.apply(changes, floor, reached)
	}
	return err
}

// watch hears of purges when the store says that there are any.
func (c *Cache) watch() {
	for c.life.Err() == nil {
		known := c.ledger.applied.Load()
		if c.store.purges.broken.Load() || c.store.watcher.Wait(c.life, c.ledger.applied.Load()) != nil || !c.hear(0, true) {
			pause(c.life, mendEvery/2)
		} else if c.ledger.applied.Load() == known {
			pause(c.life, mendEvery/50) // it woke for nothing, and may do so again
		}
	}
}

// keepUp hears of purges often enough for memory to be relied on, for as long
// as there are visitors: an idle instance leaves its store alone.
func (c *Cache) keepUp() {
	for pause(c.life, pages.Trust/4) {
		if c.visited.Swap(false) && !c.store.purges.broken.Load() {
			c.hear(0, true)
		}
	}
}

// leave tells the store that nobody need wait for this instance any more.
func (c *Cache) leave() {
	if c.store.acknowledger != nil && c.store.sequencer == nil && !c.store.broken() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.life), storeTimeout)
		defer cancel()
		_, _ = c.store.acknowledger.Acknowledge(ctx, c.name, 0, 0)
	}
}

// known says whether the ledger knows all that was purged of an item.
func (c *Cache) known(i *item) bool { return i.checked.Load() >= c.ledger.floor.Load() }

// check asks the store what was purged of an item, where the ledger may not
// know: after a break that was too long for the store's list of purges, for a
// page older than that list, and at each purge with a store that lists none.
// Those who ask meanwhile are asked for together.
func (c *Cache) check(i *item) {
	if c.store == nil || c.known(i) {
		return
	}
	c.checks.mu.Lock()
	b := c.checks.next
	first := b == nil
	if first {
		b = &batch{done: make(chan struct{})}
		c.checks.next = b
	}
	b.items = append(b.items, i)
	if len(b.items) == maxBatch {
		c.checks.next = nil
	}
	c.checks.mu.Unlock()
	if !first {
		<-b.done
		return
	}
	c.checks.slot <- struct{}{} // while another batch is asked about, this one grows
	c.checks.mu.Lock()
	if c.checks.next == b {
		c.checks.next = nil
	}
	c.checks.mu.Unlock()
	c.verify(b.items)
	<-c.checks.slot
	close(b.done)
}

// checks are the items that wait to be asked about.
type checks struct {
	slot chan struct{}
	mu   sync.Mutex
	next *batch
}

type batch struct {
	items []*item
	done  chan struct{}
}

// maxBatch bounds what is asked in one round trip.
const maxBatch = 500

// verify asks about items in one round trip.
func (c *Cache) verify(items []*item) {
	var subjects []string
	seen := map[string]bool{}
	for _, i := range items {
		for _, s := range i.entry.Subjects() {
			if !seen[s] {
				seen[s] = true
				subjects = append(subjects, s)
			}
		}
	}
	_ = c.store.ask(c.life, &c.store.purges, "epochs", func(ctx context.Context) error {
		epochs, err := c.store.Epochs(ctx, subjects...)
		if err == nil {
			c.ledger.learn(subjects, epochs.Marks)
			for _, i := range items {
				raise(&i.checked, epochs.Sequence)
			}
		}
		return err
	})
}
