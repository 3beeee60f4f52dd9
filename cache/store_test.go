// A store for tests: mem's, with faults on demand and counts of calls.

package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

var errBroken = errors.New("the disk is on fire")

// A store is mem's behind a fault, which may delay a call, fail it, or let it
// pass. It is a Sequencer and an Acknowledger, and no
// Sweeper.
type store struct {
	under *mem.Store

	mu    sync.Mutex
	fault func(ctx context.Context, op string, key pages.Key) error
	calls map[string]int
}

func newStore(t *testing.T) *store {
	s := &store{under: mem.Open(mem.Options{}), calls: map[string]int{}}
	t.Cleanup(func() { s.under.Close() })
	return s
}

// The kinds of store, by what each can report about purges.
type (
	plain        struct{ pages.Store } // what every store can
	acknowledged struct {              // and who has heard of them
		pages.Store
		pages.Acknowledger
	}
)

// A forgetting store lists no purge for long enough to be read: it tells only
// that there were some.
type forgetting struct{ full }

func (s forgetting) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	list, floor, err := s.full.Changes(ctx, since)
	for _, c := range list {
		floor = max(floor, c.Sequence)
	}
	return nil, floor, err
}

// A full store can report purges in every way.
type full interface {
	pages.Store
	pages.Sequencer
	pages.Acknowledger
}

var shapesOfStore = map[string]func(full) pages.Store{
	"sequencer":    func(s full) pages.Store { return s },
	"acknowledger": func(s full) pages.Store { return acknowledged{s, s} },
	"plain":        func(s full) pages.Store { return plain{s} },
	"forgetting":   func(s full) pages.Store { return plain{forgetting{s}} },
}

// fail makes the calls of some operations fail; without any, all succeed.
func (s *store) fail(err error, ops ...string) {
	s.meddle(func(_ context.Context, op string, _ pages.Key) error {
		for _, o := range ops {
			if o == op {
				return err
			}
		}
		return nil
	})
}

// hang makes every call wait until its context ends.
func hang(ctx context.Context, _ string, _ pages.Key) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *store) meddle(fault func(context.Context, string, pages.Key) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *store) before(ctx context.Context, op string, key pages.Key) error {
	s.mu.Lock()
	s.calls[op]++
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(ctx, op, key)
}

func (s *store) count(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// entry is what the store holds of a key, nil for nothing.
func (s *store) entry(t *testing.T, key pages.Key) *pages.Entry {
	t.Helper()
	r, err := s.under.Get(t.Context(), key)
	if errors.Is(err, pages.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := pages.Decode(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// records is how many records the store holds.
func (s *store) records(t *testing.T) int {
	n := 0
	if err := s.under.List(t.Context(), func(pages.Info) bool { n++; return true }); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	if err := s.before(ctx, "get", key); err != nil {
		return pages.Record{}, err
	}
	return s.under.Get(ctx, key)
}

func (s *store) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if err := s.before(ctx, "put", r.Key); err != nil {
		return err
	}
	return s.under.Put(ctx, r, f)
}

func (s *store) Delete(ctx context.Context, key pages.Key, f pages.Fence) error {
	if err := s.before(ctx, "delete", key); err != nil {
		return err
	}
	return s.under.Delete(ctx, key, f)
}

func (s *store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	if err := s.before(ctx, "epochs", pages.Key{}); err != nil {
		return pages.Epochs{}, err
	}
	return s.under.Epochs(ctx, subjects...)
}

func (s *store) Bump(ctx context.Context, v pages.Verb, subjects ...string) (uint64, error) {
	if err := s.before(ctx, "bump", pages.Key{}); err != nil {
		return 0, err
	}
	return s.under.Bump(ctx, v, subjects...)
}

func (s *store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	if err := s.before(ctx, "lease", key); err != nil {
		return pages.Lease{}, err
	}
	return s.under.Lease(ctx, key, claim, ttl)
}

func (s *store) Release(ctx context.Context, l pages.Lease) error {
	if err := s.before(ctx, "release", l.Key); err != nil {
		return err
	}
	return s.under.Release(ctx, l)
}

func (s *store) Claim(ctx context.Context, owner string, takeOver bool) error {
	if err := s.before(ctx, "claim", pages.Key{}); err != nil {
		return err
	}
	return s.under.Claim(ctx, owner, takeOver)
}

func (s *store) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	if err := s.before(ctx, "changes", pages.Key{}); err != nil {
		return nil, 0, err
	}
	return s.under.Changes(ctx, since)
}

func (s *store) Wait(ctx context.Context, since uint64) error {
	if err := s.before(ctx, "wait", pages.Key{}); err != nil {
		return err
	}
	return s.under.Wait(ctx, since)
}

func (s *store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	if err := s.before(ctx, "acknowledge", pages.Key{}); err != nil {
		return 0, err
	}
	return s.under.Acknowledge(ctx, instance, sequence, ttl)
}

func (s *store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	if err := s.before(ctx, "lagging", pages.Key{}); err != nil {
		return 0, err
	}
	return s.under.Lagging(ctx, sequence)
}

func (s *store) Sequence() uint64 { return s.under.Sequence() }

func (s *store) Close() error { return s.under.Close() }
