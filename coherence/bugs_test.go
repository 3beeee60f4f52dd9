// Planted bugs, each of which the laws have to find.

package coherence_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A bug is what is planted in a history: in the store, or in how the package
// is used.
type bug struct {
	store    func(full) full // what the instances share
	careless bool            // requests do not catch up
	belated  bool            // the moment is taken after the data were read
	hasty    bool            // purges do not wait for others
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

// blank does not know when a subject was purged.
type blank struct{ full }

func (s blank) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	e, err := s.full.Epochs(ctx, subjects...)
	clear(e.Marks)
	return e, err
}

// late knows its sequence too late.
type late struct{ full }

func (s late) Sequence() uint64 { n := s.full.Sequence(); return n - min(n, 1) }

// hurried knows of no instance that lags.
type hurried struct{ full }

func (hurried) Lagging(context.Context, uint64) (int, error) { return 0, nil }

// boastful acknowledges for every instance what is to come.
type boastful struct{ full }

func (s boastful) Acknowledge(ctx context.Context, instance string, _ uint64, ttl time.Duration) (uint64, error) {
	return s.full.Acknowledge(ctx, instance, math.MaxInt64, ttl)
}

// generous grants a lease to every instance that asks.
type generous struct{ full }

func (s generous) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	lease, err := s.full.Lease(ctx, key, claim, ttl)
	if errors.Is(err, pages.ErrHeld) {
		err = nil
	}
	return lease, err
}

// clinging does not take a lease back.
type clinging struct{ full }

func (clinging) Release(context.Context, pages.Lease) error { return nil }

// suspicious does not know a claim again.
type suspicious struct{ full }

func (s suspicious) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	return s.full.Lease(ctx, key, claim+time.Now().String(), ttl)
}

// resentful never deletes, which a probe of its writes needs.
type resentful struct{ full }

func (resentful) Delete(context.Context, pages.Key, pages.Fence) error { return errBroken }

// bugs by name, each with a shape that lets it show and the law it breaks.
var bugs = map[string]struct {
	shape
	law law
}{
	"purges are hidden":                    {shape{"plain", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"purges are hidden from acknowledgers": {shape{"acknowledger", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"purges are hidden from sequencers":    {shape{"sequencer", none, bug{store: func(s full) full { return forgetful{s} }}}, undone},
	"forgotten purges are not known":       {shape{"forgetting", none, bug{store: func(s full) full { return blank{s} }}}, undone},
	"the sequence is late":                 {shape{"sequencer", none, bug{store: func(s full) full { return late{s} }}}, undone},
	"no instance lags":                     {shape{"acknowledger", none, bug{store: func(s full) full { return hurried{s} }}}, undone},
	"acknowledgements go too far":          {shape{"acknowledger", none, bug{store: func(s full) full { return boastful{s} }}}, undone},
	"purges do not wait":                   {shape{"plain", none, bug{hasty: true}}, undone},
	"requests do not catch up":             {shape{"acknowledger", none, bug{careless: true}}, promised},
	"the moment is taken too late":         {shape{"acknowledger", none, bug{belated: true}}, undone},
	"leases are always granted":            {shape{"sequencer", none, bug{store: func(s full) full { return generous{s} }}}, exclusive},
	"leases do not come back":              {shape{"sequencer", none, bug{store: func(s full) full { return clinging{s} }}}, heals},
	"claims are not known again":           {shape{"plain", flaky, bug{store: func(s full) full { return suspicious{s} }}}, heals},
	"a store that does not recover":        {shape{"plain", outage, bug{store: func(s full) full { return resentful{s} }}}, heals},
}

// most is how many histories a planted bug may take to show.
const most = 60

// TestCheckerFails plants each bug, which has to show within some histories:
//
//	go test -run 'CheckerFails/no_instance_lags' ./coherence
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
