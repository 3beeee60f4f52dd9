// Waiting until a purge has reached every instance.

package pages

import (
	"context"
	"time"
)

// Trust is how long an instance may answer from its memory after it has checked
// for purges. It is the same for all instances of a store, since callers of
// Purge rely on it.
const Trust = 2 * time.Second

// settleMargin allows for clocks that do not run equally fast.
const settleMargin = Trust / 10

// Settle returns once no instance answers from memory that is older than the
// purge with this sequence: immediately if the store is a [Sequencer], when
// every instance has acknowledged it if the store is an [Acknowledger], and
// otherwise, or if an instance has died, after [Trust]. If the store is [Placed]
// and was opened less than a second ago, Settle also waits for the programs that
// had something else open there. If the context ends earlier, Settle returns its
// error; the purge is in effect all the same, for the instances that have heard
// of it.
func Settle(ctx context.Context, store Store, sequence uint64) error {
	if placed, ok := store.(Placed); ok {
		if err := placed.Noticed(ctx); err != nil {
			return err
		}
	}
	if _, ok := store.(Sequencer); ok {
		return nil
	}
	end := time.NewTimer(Trust + settleMargin)
	defer end.Stop()
	acknowledger, ok := store.(Acknowledger)
	for wait := time.Millisecond; ok; wait = min(wait*2, 50*time.Millisecond) {
		lagging, err := acknowledger.Lagging(ctx, sequence)
		if err == nil && lagging == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next := time.NewTimer(wait)
		select {
		case <-next.C:
		case <-end.C:
			next.Stop()
			return nil
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		}
	}
	select {
	case <-end.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
