// Planted bugs, each of which the laws have to find.

package cache_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A bug is what is planted in a history.
type bug struct {
	store func(full) full // what the instances share
	deaf  bool            // requests lose their tokens
	hasty bool            // purges do not wait for others
}

// bumped is the key of a context that ends when the store knows of a purge.
type bumped struct{}

// unfenced takes what comes too late, and forgets as of when it was made.
type unfenced struct{ full }

func (s unfenced) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if e, err := pages.Decode(r.Data); err == nil {
		e.Epoch = s.Sequence()
		r.Data, _ = e.Encode()
	}
	return s.full.Put(ctx, r, pages.Fence{Epoch: pages.Unfenced.Epoch, Token: f.Token})
}

// stubborn refuses what was purged while it was made.
type stubborn struct{ full }

func (s stubborn) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if e, err := pages.Decode(r.Data); err == nil && r.Epoch < s.Sequence() {
		if epochs, err := s.Epochs(ctx, e.Subjects()...); err == nil && slices.ContainsFunc(epochs.Marks, func(m pages.Mark) bool { return m.Sequence > r.Epoch }) {
			return pages.ErrFenced
		}
	}
	return s.full.Put(ctx, r, f)
}

// unnumbered takes what a former holder of a lease sends.
type unnumbered struct{ full }

func (s unnumbered) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	f.Token = 0
	return s.full.Put(ctx, r, f)
}

// generous gives a lease to every instance that asks.
type generous struct{ full }

func (s generous) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	lease, err := s.full.Lease(ctx, key, claim, ttl)
	if errors.Is(err, pages.ErrHeld) {
		err = nil
	}
	return lease, err
}

// forgetful does not tell what every second purge was of.
type forgetful struct{ full }

func (s forgetful) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	changes, floor, err := s.full.Changes(ctx, since)
	for n := range changes {
		if changes[n].Sequence%2 == 1 {
			changes[n].Subject = pages.TagSubject("none")
		}
	}
	return changes, floor, err
}

// late knows its sequence too late.
type late struct{ full }

func (s late) Sequence() uint64 { n := s.full.Sequence(); return n - min(n, 1) }

// hurried does not know of anybody who has not heard.
type hurried struct{ full }

func (hurried) Lagging(context.Context, uint64) (int, error) { return 0, nil }

// boastful acknowledges for everybody what is to come.
type boastful struct{ full }

func (s boastful) Acknowledge(ctx context.Context, instance string, _ uint64, ttl time.Duration) (uint64, error) {
	return s.full.Acknowledge(ctx, instance, math.MaxInt64, ttl)
}

// blank does not find what was put.
type blank struct{ full }

func (blank) Get(context.Context, pages.Key) (pages.Record, error) {
	return pages.Record{}, pages.ErrNotFound
}

// resentful never deletes, which a probe of its writes needs.
type resentful struct{ full }

func (resentful) Delete(context.Context, pages.Key, pages.Fence) error { return errBroken }

// bugs by name, each with a shape that lets it show and the law it breaks.
var bugs = map[string]struct {
	shape
	law law
}{
	"the fence forgets the epoch":          {shape{"plain", none, bug{store: func(s full) full { return unfenced{s} }}}, undone},
	"what was purged is refused":           {shape{"sequencer", busy, bug{store: func(s full) full { return stubborn{s} }}}, goesOn},
	"the fence forgets the token":          {shape{"sequencer", pauses, bug{store: func(s full) full { return unnumbered{s} }}}, backwards},
	"leases are always granted":            {shape{"sequencer", none, bug{store: func(s full) full { return generous{s} }}}, once},
	"records are not found":                {shape{"sequencer", none, bug{store: func(s full) full { return blank{s} }}}, once},
	"purges are hidden":                    {shape{"plain", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"purges are hidden from acknowledgers": {shape{"acknowledger", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"purges are hidden from sequencers":    {shape{"sequencer", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"the sequence is late":                 {shape{"sequencer", none, bug{store: func(s full) full { return late{s} }}}, undone},
	"no lag":                               {shape{"acknowledger", none, bug{store: func(s full) full { return hurried{s} }}}, undone},
	"acknowledgements go too far":          {shape{"acknowledger", none, bug{store: func(s full) full { return boastful{s} }}}, undone},
	"purges do not wait":                   {shape{"plain", none, bug{hasty: true}}, undone},
	"tokens are ignored":                   {shape{"acknowledger", none, bug{deaf: true}}, promised},
	"a store that does not recover":        {shape{"plain", outage, bug{store: func(s full) full { return resentful{s} }}}, heals},
}

// most is how many histories a planted bug may take to show.
const most = 30

// TestCheckerFails plants each bug, which has to show within some histories:
//
//	go test -run 'CheckerFails/nobody_lags' ./cache
func TestCheckerFails(t *testing.T) {
	for name, b := range bugs {
		t.Run(name, func(t *testing.T) {
			for n := range uint64(most) {
				faults := play(t, n+1, b.shape)
				if slices.ContainsFunc(faults, func(f fault) bool { return f.law == b.law }) {
					t.Logf("found in history %d", n+1)
					return
				}
			}
			t.Errorf("%d histories show nothing", most)
		})
	}
}
