// Purges, and what the store needs from time to time.

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
		return c.ledger.number(verb, c.now(), subjects), nil
	}
	// A purge is always tried, breaker or not: somebody waits for its answer.
	bounded, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	epoch, err := c.store.Bump(bounded, verb, subjects...)
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
	c.hear(epoch, c.store.sequencer == nil)
	if err := pages.Settle(ctx, c.store.Store, epoch); err != nil {
		return epoch, &gorgon.Error{Op: "purge", Kind: gorgon.Unavailable, Message: "the purge is made, but not every instance may have heard of it yet", Err: err, Mend: "wait for " + pages.Trust.String()}
	}
	return epoch, nil
}

// epoch is the sequence as of which something is made from now on: purges up
// to it cannot concern what is made.
func (c *Cache) epoch() uint64 {
	if c.store != nil && c.store.sequencer != nil {
		return c.store.sequencer.Sequence()
	}
	return c.ledger.applied.Load()
}

// mend asks a store that failed until it answers again, lest that wait for
// visitors.
func (c *Cache) mend() {
	for pause(c.life, mendEvery) {
		if c.store.broken() {
			c.store.probe(c.life, false, func() bool { return c.hear(0, true) })
		}
		c.giveBack()
	}
}

// sweep keeps the store under its bounds.
func (c *Cache) sweep() {
	sweeper, ok := c.config.Store.(pages.Sweeper)
	if !ok {
		return
	}
	bounds := c.config.StoreBounds
	var last time.Time
	for pause(c.life, 10*time.Second) {
		// A sweep looks at the whole store, so it waits until enough was
		// written to matter, here or, as far as can be told, elsewhere and in
		// earlier lives.
		n, since := c.written.Load(), c.now().Sub(last)
		if n == 0 || n < bounds.Bytes/16 && since < time.Hour && (bounds.PerRoute == 0 || since < time.Minute) {
			continue
		}
		c.written.Store(0)
		last = c.now()
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
