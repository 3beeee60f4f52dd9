// Leases: the right to make a page.

package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// rememberLeases is how long a lease is remembered after it expired. A holder
// that writes later is refused, as if the lease had been taken over.
const rememberLeases = time.Minute

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld]. A call with the same claim gets the
// same lease. The lease expires by the server's clock; Until is that moment by
// this machine's clock, or a little earlier.
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	granted, token, until, err := s.grant(ctx, "lease "+key.String(), s.keys.lease(key.ID()), claim, ttl)
	if err != nil {
		return pages.Lease{}, err
	}
	lease := pages.Lease{Key: key, Token: token, Until: until}
	if !granted {
		return lease, pages.ErrHeld
	}
	return lease, nil
}

func (s *Store) grant(ctx context.Context, doing, name, claim string, ttl time.Duration) (granted bool, token uint64, until time.Time, err error) {
	m := &s.memory
	m.mu.Lock()
	last := m.token
	m.mu.Unlock()
	asked := time.Now()
	answer, err := s.run(ctx, doing, s.scripts.lease, s.keys.with(name),
		micros(max(ttl, 0)), strconv.FormatUint(last, 10), millis(rememberLeases), claim)
	if err != nil {
		return false, 0, time.Time{}, err
	}
	n, err := numbers(answer, 3)
	if err != nil {
		return false, 0, time.Time{}, s.explain(ctx, doing, err)
	}
	m.mu.Lock()
	m.token = max(m.token, uint64(n[1]))
	m.mu.Unlock()
	return n[0] == 1, uint64(n[1]), asked.Add(time.Duration(n[2]) * time.Microsecond), nil
}

// Release gives a lease back and forgets it: the next one of its key has a
// higher token in any case.
func (s *Store) Release(ctx context.Context, lease pages.Lease) error {
	return s.giveBack(ctx, "release "+lease.Key.String(), s.keys.lease(lease.Key.ID()), lease.Token)
}

func (s *Store) giveBack(ctx context.Context, doing, name string, token uint64) error {
	_, err := s.run(ctx, doing, s.scripts.release, s.keys.with(name), strconv.FormatUint(token, 10))
	return err
}
