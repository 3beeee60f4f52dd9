// The store behind circuit breakers: its faults become absences.

package coherence

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	storeTimeout = 2 * time.Second // of one call …
	briefTimeout = time.Second     // … that carries little, and callers may wait for
	writeTimeout = 5 * time.Second // … that may carry much
	stallAfter   = time.Second / 2 // without an answer to any call of a kind, more are not begun for callers
	probeTimeout = time.Second     // of what only finds out whether the store answers
	probeEvery   = time.Second / 2 // a store that failed is asked again
)

// ErrOpen is the answer while a circuit breaker is open: the store is not asked.
var ErrOpen = errors.New("the store failed a moment ago and is not asked for now")

// A Kind is one of the kinds of calls that have a circuit breaker each, since
// one may fail while the others work: a full or read-only disk can still be
// read, and a lease takes less room than a record.
type Kind uint8

const (
	Reads Kind = iota
	Writes
	Leases
	Purges // reading of them; making one is always tried
)

// A Store is a store of which every call is made under a deadline, and none
// while a circuit breaker is open: then a probe in the background makes the
// calls that close it. Where a call that writes is not answered, the others that
// write would not be either: their breakers open together.
type Store struct {
	under pages.Store
	life  context.Context
	log   *slog.Logger
	now   func() time.Time

	reads, writes, leases, purges Breaker

	claim   func(context.Context) error // nil: it is not needed
	claimed atomic.Bool

	sequencer    pages.Sequencer    // nil where the store is none
	acknowledger pages.Acknowledger // likewise

	faults     atomic.Uint64 // times that the store became unusable
	logged     Window        // faults
	unreturned unreturned
}

func newStore(life context.Context, config Config) *Store {
	s := &Store{under: config.Store, life: life, log: config.Log, now: config.Now, claim: config.Claim}
	s.sequencer, _ = config.Store.(pages.Sequencer)
	s.acknowledger, _ = config.Store.(pages.Acknowledger)
	return s
}

// Do makes one call to the store, if the circuit breaker of its kind is closed:
// otherwise it fails with [ErrOpen].
func (s *Store) Do(ctx context.Context, k Kind, op string, call func(context.Context, pages.Store) error) error {
	return s.ask(ctx, s.Breaker(k), op, func(ctx context.Context) error { return call(ctx, s.under) })
}

// Breaker is the circuit breaker of a kind of calls.
func (s *Store) Breaker(k Kind) *Breaker {
	return [...]*Breaker{Reads: &s.reads, Writes: &s.writes, Leases: &s.leases, Purges: &s.purges}[k]
}

// Degraded reports whether the store is unavailable now, and why.
func (s *Store) Degraded() (bool, string) {
	if !s.anyOpen() {
		return false, ""
	}
	for _, b := range []*Breaker{&s.reads, &s.writes, &s.leases, &s.purges} {
		if b.Open() {
			return true, b.reason.Load().(string)
		}
	}
	return false, ""
}

// Faults counts how often the store became unusable, about: several calls may
// fail at once.
func (s *Store) Faults() uint64 { return s.faults.Load() }

// anyOpen says at a glance whether a breaker is open.
func (s *Store) anyOpen() bool {
	return s.reads.Open() || s.writes.Open() || s.leases.Open() || s.purges.Open()
}

// ask makes one call, if the breaker is closed.
func (s *Store) ask(ctx context.Context, b *Breaker, op string, call func(context.Context) error) error {
	if b.Open() || b == &s.leases && b.Stalled() {
		return ErrOpen
	}
	timeout := storeTimeout
	switch b {
	case &s.writes:
		timeout = writeTimeout
	case &s.leases:
		timeout = briefTimeout
	}
	return s.try(ctx, b, op, timeout, call)
}

// try makes one call under a deadline. An error that is not a fault of the
// store, such as ErrNotFound, closes the breaker like a success.
func (s *Store) try(parent context.Context, b *Breaker, op string, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	b.call()
	err := s.own(ctx)
	if err == nil {
		err = call(ctx)
	}
	b.answer(err)
	switch {
	case !isFault(err):
		if b.broken.CompareAndSwap(true, false) && !s.anyOpen() && s.logged.End() {
			s.log.Info("the store answers again", "op", op)
		}
	case parent.Err() != nil: // the caller went away, not the store
	default:
		s.failed(b, op, err)
		if ctx.Err() != nil && (b == &s.writes || b == &s.leases) {
			s.writes.open(err)
			s.leases.open(err)
		}
	}
	return err
}

// failed opens a breaker.
func (s *Store) failed(b *Breaker, op string, err error) {
	if !s.anyOpen() {
		s.faults.Add(1)
	}
	b.open(err)
	// One cause opens several breakers; it is logged once.
	if s.logged.Fault(s.now()) {
		s.log.Warn("the store cannot be used; pages go on without it", wire.LogEvent, wire.EventStoreAway, "op", op, "err", err)
	}
}

// own makes sure that the store is this app's.
func (s *Store) own(ctx context.Context) error {
	if s.claim == nil || s.claimed.Load() {
		return nil
	}
	err := s.claim(ctx)
	if err == nil {
		s.claimed.Store(true)
	}
	return err
}

// bump makes a purge, breakers or not.
func (s *Store) bump(ctx context.Context, verb pages.Verb, subjects []string) (uint64, error) {
	if err := s.own(ctx); err != nil {
		return 0, err
	}
	return s.under.Bump(ctx, verb, subjects...)
}

// isFault says whether an error is a fault of the store, and not its answer.
func isFault(err error) bool {
	return err != nil && !errors.Is(err, pages.ErrNotFound) && !errors.Is(err, pages.ErrCorrupt) &&
		!errors.Is(err, pages.ErrFenced) && !errors.Is(err, pages.ErrHeld)
}
