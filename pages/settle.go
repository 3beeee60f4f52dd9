// When a purge has reached every instance.

package pages

import (
	"context"
	"time"
)

// Trust is how long an instance answers from its memory on the strength of
// having heard of every purge once: it is the same for all instances of a
// store, since who purges counts on it.
const Trust = 2 * time.Second

// settleMargin is for clocks that do not run equally fast.
const settleMargin = Trust / 10

// Settle returns once no instance answers from what it knew before a purge
// that has the sequence: at once with a [Sequencer], when every instance has
// acknowledged it with an [Acknowledger], and otherwise, or where an instance
// is gone without a word, after [Trust]. If the context ends before, it returns
// its error; the purge holds all the same, for the instances that have heard.
func Settle(ctx context.Context, store Store, sequence uint64) error {
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
