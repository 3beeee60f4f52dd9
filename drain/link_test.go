// An instance's ways to the store and to the database.

package drain_test

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

var errKilled = errors.New("the process was killed")

// A full store can report purges in every way.
type full interface {
	pages.Store
	pages.Sequencer
	pages.Acknowledger
}

type (
	plain        struct{ pages.Store } // what every store can
	acknowledged struct {              // and which instances know a purge
		pages.Store
		pages.Acknowledger
	}
)

// kindsOfStore are the ways in which instances learn of purges.
var kindsOfStore = map[string]func(full) pages.Store{
	"sequencer":    func(s full) pages.Store { return s },
	"acknowledger": func(s full) pages.Store { return acknowledged{s, s} },
	"plain":        func(s full) pages.Store { return plain{s} },
}

// The steps at which a process can be killed.
const (
	atCommit int32 = 1 + iota // committed, and not purged
	atLook                    // it has the list
	atBump                    // before the purge has its number
	atBumped                  // after
	atRemove                  // before it is removed
	atRemoved
	deadly // how many there are
)

// trips says whether the process is killed at this step.
func (i *instance) trips(step int32) bool {
	if step != 0 && i.fuse.CompareAndSwap(step, 0) {
		i.h.kill(i)
	}
	return i.life.Load() == killed
}

// pass is the way of a question, or of its answer: it takes some time, none
// goes on while the instance is asleep, and none once it was killed.
func (i *instance) pass(ctx context.Context) error {
	if i.h.slow.Load() && i.dice.oneIn(4) {
		select {
		case <-time.After(i.dice.upTo(40 * time.Millisecond)):
		case <-ctx.Done():
		}
	}
	i.awake()
	if i.life.Load() == killed {
		return errKilled
	}
	return ctx.Err()
}

// through takes a question there and its answer back.
func through[T any](ctx context.Context, i *instance, before, after int32, ask func() (T, error)) (answer T, err error) {
	var none T
	if err := i.pass(ctx); err != nil {
		return none, err
	}
	if i.trips(before) {
		return none, errKilled
	}
	answer, err = ask()
	if i.trips(after) {
		return none, errKilled
	}
	if err := i.pass(ctx); err != nil {
		return none, err
	}
	return answer, err
}

// A link is the store as one instance sees it.
type link struct {
	full
	i *instance
}

func (l link) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	return through(ctx, l.i, 0, 0, func() (pages.Record, error) { return l.full.Get(ctx, key) })
}

func (l link) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	_, err := through(ctx, l.i, 0, 0, func() (any, error) { return nil, l.full.Put(ctx, r, f) })
	return err
}

func (l link) Delete(ctx context.Context, key pages.Key, f pages.Fence) error {
	_, err := through(ctx, l.i, 0, 0, func() (any, error) { return nil, l.full.Delete(ctx, key, f) })
	return err
}

func (l link) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	return through(ctx, l.i, 0, 0, func() (pages.Epochs, error) { return l.full.Epochs(ctx, subjects...) })
}

func (l link) Bump(ctx context.Context, v pages.Verb, subjects ...string) (uint64, error) {
	return through(ctx, l.i, atBump, atBumped, func() (uint64, error) { return l.full.Bump(ctx, v, subjects...) })
}

func (l link) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	list, err = through(ctx, l.i, 0, 0, func() (list []pages.Change, err error) {
		list, floor, err = l.full.Changes(ctx, since)
		return list, err
	})
	return list, floor, err
}

func (l link) Wait(ctx context.Context, since uint64) error {
	_, err := through(ctx, l.i, 0, 0, func() (any, error) { return nil, l.full.Wait(ctx, since) })
	return err
}

func (l link) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	return through(ctx, l.i, 0, 0, func() (pages.Lease, error) { return l.full.Lease(ctx, key, claim, ttl) })
}

func (l link) Release(ctx context.Context, lease pages.Lease) error {
	_, err := through(ctx, l.i, 0, 0, func() (any, error) { return nil, l.full.Release(ctx, lease) })
	return err
}

func (l link) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	return through(ctx, l.i, 0, 0, func() (uint64, error) { return l.full.Acknowledge(ctx, instance, sequence, ttl) })
}

func (l link) Lagging(ctx context.Context, sequence uint64) (int, error) {
	return through(ctx, l.i, 0, 0, func() (int, error) { return l.full.Lagging(ctx, sequence) })
}

// An outbox is the model's as one instance sees it.
type outbox struct {
	i         *instance
	committed func(context.Context)
	cursor    int64 // of a bug
}

func (o *outbox) OnCommit(f func(context.Context)) { o.committed = f }

func (o *outbox) Look(ctx context.Context) ([]dataflow.Change, error) {
	return through(ctx, o.i, 0, atLook, func() ([]dataflow.Change, error) {
		list := o.i.h.db.look()
		switch {
		case o.i.h.bug.numbers:
			return nil, nil
		case o.i.h.bug.cursor:
			list = o.after(list)
		case o.i.h.bug.hasty:
			o.i.h.db.remove(list)
		}
		return list, nil
	})
}

// after is a planted bug: what has a smaller number than one seen before is
// passed over.
func (o *outbox) after(list []dataflow.Change) (later []dataflow.Change) {
	last := o.cursor
	for _, c := range list {
		if c.ID > o.cursor {
			later = append(later, c)
			last = max(last, c.ID)
		}
	}
	o.cursor = last
	return later
}

func (o *outbox) Remove(ctx context.Context, changes []dataflow.Change) error {
	_, err := through(ctx, o.i, atRemove, atRemoved, func() (any, error) {
		o.i.h.db.remove(changes)
		return nil, nil
	})
	return err
}
