// Making purges.

package coherence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A Reach is how far a purge got that failed.
type Reach uint8

const (
	Here    Reach = iota // the store did not record it; it holds for this instance only
	Unasked              // the store could not check whether it was made before; it holds for this instance only
	Made                 // it is recorded, but some instances may not know it yet
	Unsent               // every instance knows it, but it was not forwarded
)

func (r Reach) String() string {
	return [...]string{"the store did not record the purge", "the store could not check the purge",
		"some instances may not know the purge yet", "the purge was not forwarded"}[r]
}

// A PurgeError says that a purge failed, and how far it got all the same.
type PurgeError struct {
	Reach Reach
	Err   error
}

func (e *PurgeError) Error() string { return fmt.Sprintf("%s: %v", e.Reach, e.Err) }

func (e *PurgeError) Unwrap() error { return e.Err }

// Purge declares subjects out of date and returns the purge's number. Once it
// has returned, no instance that can reach the store takes what was made before
// for current. Where it fails, the error is a [PurgeError].
func (i *Instance) Purge(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	epoch, err := i.Declare(ctx, verb, subjects...)
	if err == nil {
		return epoch, i.Settle(ctx, epoch, subjects...)
	}
	if i.config.Forward != nil {
		_ = i.config.Forward(ctx, subjects) // the first fault is the one to report
	}
	return epoch, err
}

// Declare is the first half of [Instance.Purge]: the purge has its number and
// holds for this instance. Others may not know it yet.
func (i *Instance) Declare(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	epoch, err := i.Record(ctx, verb, subjects...)
	if err != nil {
		i.Hold(i.config.Now(), verb, subjects...)
	}
	return epoch, err
}

// Hold makes a purge that holds for this instance alone: of what was made until
// some time.
func (i *Instance) Hold(at time.Time, verb pages.Verb, subjects ...string) {
	i.ledger.applyLocal(verb, at, subjects)
}

// Record is [Instance.Declare] for a purge that need not hold here where the
// store does not record it: it was held before.
func (i *Instance) Record(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if i.Store == nil {
		return i.ledger.number(verb, i.config.Now(), subjects), nil
	}
	// A purge is always tried, whatever the circuit breakers say: a caller
	// waits for its answer.
	bounded, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	epoch, err := i.Store.bump(bounded, verb, subjects)
	if err != nil {
		return 0, &PurgeError{Here, err}
	}
	// It is entered here too, so that it does not depend on whether the store
	// can be read.
	i.ledger.note(changesOf(epoch, verb, i.config.Now(), subjects))
	i.hear(epoch, i.Store.sequencer == nil)
	return epoch, nil
}

// Settle is the second half of [Instance.Purge]: it waits until no instance
// takes for current what was purged by this number, and passes the subjects on.
func (i *Instance) Settle(ctx context.Context, epoch uint64, subjects ...string) error {
	var err error
	if i.Store != nil {
		if failed := pages.Settle(ctx, i.Store.under, epoch); failed != nil {
			err = &PurgeError{Made, failed}
		}
	}
	if i.config.Forward != nil && len(subjects) > 0 {
		if failed := i.config.Forward(ctx, subjects); failed != nil && err == nil {
			err = &PurgeError{Unsent, failed}
		}
	}
	return err
}

// Forwards says whether purges are passed on.
func (i *Instance) Forwards() bool { return i.config.Forward != nil }

// Errors of [Instance.PurgeOnce] besides those of [Instance.Purge].
var (
	ErrUsed = errors.New("the nonce was used before")
	ErrMany = errors.New("too many nonces are remembered")
)

// PurgeOnce is [Instance.Purge] for a purge that could be sent again: a nonce
// that was used within the window is refused with [ErrUsed], by every instance
// that shares the store, also after a restart. A purge that failed can be sent
// again with the same nonce.
//
// Where the store cannot be asked about the nonce, the purge holds for this
// instance alone. Without a store the process remembers the nonces by itself.
func (i *Instance) PurgeOnce(ctx context.Context, nonce Nonce, verb pages.Verb, subjects ...string) (epoch uint64, err error) {
	now := i.config.Now()
	if err := i.nonces.use(nonce, now); err != nil {
		return 0, err
	}
	var taken pages.Lease
	if i.Store != nil {
		taken, err = i.Store.take(ctx, nonce)
	}
	switch {
	case errors.Is(err, pages.ErrHeld):
		return 0, ErrUsed // and stays so
	case err != nil:
		i.ledger.applyLocal(verb, i.config.Now(), subjects)
		err = &PurgeError{Unasked, err}
	default:
		epoch, err = i.Purge(ctx, verb, subjects...)
	}
	if err != nil {
		i.nonces.forget(nonce)
		if i.Store != nil {
			i.Store.Release(taken)
		}
	}
	return epoch, err
}
