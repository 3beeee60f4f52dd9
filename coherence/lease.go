// Leases, and those that could not be returned.

package coherence

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// leaseAgain is how long a lease lasts that is taken only to be returned:
// shorter than until the next probe, in case it is not.
const leaseAgain = probeEvery / 5

// Lease takes the right to a piece of work, or returns the lease of the
// instance that has it. With a store that fails every instance has the right:
// then the lease is the zero one.
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (lease pages.Lease, held bool) {
	err := s.ask(ctx, &s.leases, "lease", func(ctx context.Context) (err error) {
		lease, err = s.under.Lease(ctx, key, claim, ttl)
		return err
	})
	switch {
	case err == nil:
		return lease, false
	case errors.Is(err, pages.ErrHeld):
		return lease, true
	case !errors.Is(err, ErrOpen):
		// It may have been granted, and the answer lost.
		s.unreturned.add(debt{pages.Lease{Key: key, Until: s.now().Add(ttl)}, claim})
	}
	return pages.Lease{}, false
}

// LeaseTime is how long a lease lasts that covers some work: its holder needs
// time to take and to return it, too.
func LeaseTime(work time.Duration) time.Duration { return work + storeTimeout }

// Release returns a lease, also while the instance is being closed. The zero
// lease is none. Others wait for it, so the store is asked whether the circuit
// breaker is open or not, and once more when it answers again.
func (s *Store) Release(lease pages.Lease) {
	if lease.Token == 0 {
		return
	}
	err := s.try(context.WithoutCancel(s.life), &s.leases, "release", storeTimeout, func(ctx context.Context) error {
		return s.under.Release(ctx, lease)
	})
	if isFault(err) {
		s.unreturned.add(debt{lease: lease})
	}
}

// unreturned are leases that could not be returned.
type unreturned struct {
	mu    sync.Mutex
	debts []debt
}

// A debt is a lease, or a claim to one that was perhaps granted.
type debt struct {
	lease pages.Lease
	claim string
}

// maxUnreturned bounds them; what is too much runs out by itself.
const maxUnreturned = 1000

func (u *unreturned) add(d debt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.debts) < maxUnreturned {
		u.debts = append(u.debts, d)
	}
}

func (u *unreturned) take() []debt {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.debts
	u.debts = nil
	return all
}

// returnLeases returns what could not be returned before.
func (s *Store) returnLeases() {
	for _, d := range s.unreturned.take() {
		switch {
		case !s.now().Before(d.lease.Until): // it ran out
		case s.leases.Open():
			s.unreturned.add(d)
		case d.claim == "":
			s.Release(d.lease)
		default:
			// A claim that is made again is granted the lease that there is, or
			// one that runs out soon.
			err := s.ask(s.life, &s.leases, "release", func(ctx context.Context) error {
				lease, err := s.under.Lease(ctx, d.lease.Key, d.claim, leaseAgain)
				if err != nil {
					return err
				}
				return s.under.Release(ctx, lease)
			})
			if isFault(err) {
				s.unreturned.add(d)
			}
		}
	}
}
