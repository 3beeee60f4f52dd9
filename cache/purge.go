// Purges: making them, and hearing of those that others made.

package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// Purge declares subjects out of date and returns the purge's epoch. Once it
// has returned, no instance that can reach the store serves what was made
// before as fresh. Where the store cannot be told, the purge holds for this
// instance alone, and the error says so.
func (c *Cache) Purge(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if verb != pages.Stale && verb != pages.Expire {
		return 0, &gorgon.Error{Op: "purge", Kind: gorgon.Invalid, Message: "the verb is neither stale nor expire"}
	}
	if len(subjects) == 0 {
		return 0, &gorgon.Error{Op: "purge", Kind: gorgon.Invalid, Message: "nothing is named to be purged", Mend: "name a path, a tag, a route, or all"}
	}
	for _, s := range subjects {
		if !pages.CheckSubject(s) {
			return 0, &gorgon.Error{Op: "purge", Kind: gorgon.Invalid, Message: fmt.Sprintf("%q is no path, tag or route", s), Mend: "write path:/…, tag:…, route:/… or all"}
		}
	}
	epoch, err := c.bump(ctx, verb, subjects)
	if c.config.CDN != nil {
		if cdnErr := c.config.CDN(ctx, subjects); cdnErr != nil && err == nil {
			err = &gorgon.Error{Op: "purge", Kind: gorgon.Unavailable, Message: "the CDN was not told", Err: cdnErr, Mend: "purge again"}
		}
	}
	return epoch, err
}

func (c *Cache) bump(ctx context.Context, verb pages.Verb, subjects []string) (uint64, error) {
	if c.store == nil {
		c.ledger.applyLocal(verb, c.now(), subjects)
		return c.ledger.version.Load(), nil
	}
	// A purge is always tried, breaker or not: somebody waits for its answer.
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	epoch, err := c.store.Bump(ctx, verb, subjects...)
	if err != nil {
		c.ledger.applyLocal(verb, c.now(), subjects)
		return 0, &gorgon.Error{Op: "purge", Kind: gorgon.Unavailable, Message: "the store was not told; the purge holds for this instance alone", Err: err, Mend: "purge again when the store answers"}
	}
	// Entered here too, lest it depend on whether the store can be read.
	changes := make([]pages.Change, len(subjects))
	for i, s := range subjects {
		changes[i] = pages.Change{Sequence: epoch, Verb: verb, Subject: s, At: c.now()}
	}
	c.ledger.note(changes)
	c.pull(epoch)
	return epoch, nil
}

// catchUp enters purges made elsewhere, where the store knows without a round
// trip that there are any. It is called at every request. Where they cannot
// be read, it returns the sequence up to which something may have been purged.
func (c *Cache) catchUp() (unseen uint64) {
	if c.store == nil || c.store.sequencer == nil {
		return 0
	}
	reached := c.store.sequencer.Sequence()
	if reached <= c.ledger.applied.Load() || c.pull(reached) {
		return 0
	}
	return reached
}

// pull asks the store for the purges after the last one known, which are then
// complete at least up to reached, and says whether it answered.
func (c *Cache) pull(reached uint64) bool {
	if c.store.watcher == nil {
		return true
	}
	c.pulling <- struct{}{}
	defer func() { <-c.pulling }()
	since := c.ledger.applied.Load()
	if reached > 0 && reached <= since {
		return true // another request did
	}
	var changes []pages.Change
	err := c.store.ask(c.life, &c.store.purges, "changes", func(ctx context.Context) (err error) {
		changes, err = c.store.watcher.Changes(ctx, since)
		return err
	})
	if err == nil {
		c.ledger.apply(changes, reached)
	}
	return err == nil
}

// check asks what was purged of an item, with a store that does not tell of
// purges made elsewhere: once, and again whenever there was any purge.
func (c *Cache) check(i *item) {
	if c.store == nil || c.store.watches() || i.checked.Load() > c.polled.Load() {
		return
	}
	subjects := i.entry.Subjects()
	_ = c.store.ask(c.life, &c.store.purges, "epochs", func(ctx context.Context) error {
		epochs, err := c.store.Epochs(ctx, subjects...)
		if err == nil {
			c.ledger.learn(subjects, epochs.Marks)
			i.checked.Store(epochs.Sequence + 1)
		}
		return err
	})
}

// hear enters the purge because of which an item was refused.
func (c *Cache) hear(i *item) {
	c.pull(0)
	i.checked.Store(0)
	c.check(i)
}

// known is the sequence up to which every purge is known here.
func (c *Cache) known() uint64 {
	if c.store == nil || !c.store.watches() {
		return 0
	}
	return c.ledger.applied.Load()
}

// epoch reads the store's sequence before something is made.
func (c *Cache) epoch(ctx context.Context) uint64 {
	if c.store == nil {
		return 0
	}
	if s := c.store.sequencer; s != nil {
		return s.Sequence()
	}
	sequence := c.ledger.applied.Load()
	_ = c.store.ask(ctx, &c.store.purges, "epochs", func(ctx context.Context) error {
		epochs, err := c.store.Epochs(ctx)
		if err == nil {
			sequence = max(sequence, epochs.Sequence)
		}
		return err
	})
	return sequence
}

// watch hears of purges made elsewhere where the store has to be waited on or
// asked. One that knows its sequence is asked at every request instead.
func (c *Cache) watch() {
	switch {
	case c.store.sequencer != nil:
	case c.store.watcher != nil:
		for c.life.Err() == nil {
			err := c.store.watcher.Wait(c.life, c.ledger.applied.Load())
			if !c.pull(0) || err != nil {
				pause(c.life, pollEvery)
			}
		}
	default:
		for pause(c.life, pollEvery) {
			if sequence := c.epoch(c.life); sequence > c.polled.Load() {
				c.polled.Store(sequence)
				c.ledger.moved()
			}
		}
	}
}

// pollEvery is how often a store is asked that does not tell by itself.
const pollEvery = time.Second

// mend asks a store that failed until it answers again, lest that wait for
// visitors.
func (c *Cache) mend() {
	for pause(c.life, breakMin) {
		c.store.mend(c.life)
	}
}

// sweep keeps the store under its bounds.
func (c *Cache) sweep() {
	sweeper, ok := c.config.Store.(pages.Sweeper)
	if !ok {
		return
	}
	bounds := c.config.StoreBounds
	for pause(c.life, 10*time.Second) {
		// A sweep reads the whole store, so it waits until enough was written
		// to matter.
		if n := c.written.Load(); n == 0 || bounds.PerRoute == 0 && n < bounds.Bytes/16 {
			continue
		}
		c.written.Store(0)
		if _, err := sweeper.Sweep(c.life, bounds); err != nil && fault(err) && c.life.Err() == nil {
			c.config.Log.Warn("the store could not be swept", "err", err)
		}
	}
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
