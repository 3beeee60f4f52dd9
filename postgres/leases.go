// Leases: the right to make a page.

package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld]. A call with the same claim gets the
// same lease. The lease expires by the server's clock; Until is that moment by
// this machine's clock, or a little earlier.
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	id := key.Digest()
	granted, token, until, err := s.grant(ctx, "lease "+key.String(), id, claim, ttl)
	if err != nil {
		return pages.Lease{}, err
	}
	lease := pages.Lease{Key: key, Token: token, Until: until}
	if !granted {
		return lease, pages.ErrHeld
	}
	return lease, nil
}

func (s *Store) grant(ctx context.Context, doing string, id [sha256.Size]byte, claim string, ttl time.Duration) (granted bool, token uint64, until time.Time, err error) {
	var answer []int64
	asked := time.Now()
	if err := s.one(ctx, doing, s.sql().lease, []any{id[:], []byte(claim), ttl.Microseconds()}, &answer); err != nil {
		return false, 0, time.Time{}, err
	}
	if len(answer) != 3 {
		return false, 0, time.Time{}, fmt.Errorf("postgres %s: %s: the server's answer is %v", s.name, doing, answer)
	}
	return answer[0] == 1, uint64(answer[1]), asked.Add(time.Duration(answer[2]) * time.Microsecond), nil
}

// Release gives a lease back and forgets it: the next one of its key has a
// higher token in any case.
func (s *Store) Release(ctx context.Context, lease pages.Lease) error {
	id := lease.Key.Digest()
	return s.giveBack(ctx, "release "+lease.Key.String(), id, lease.Token)
}

func (s *Store) giveBack(ctx context.Context, doing string, id [sha256.Size]byte, token uint64) error {
	return s.one(ctx, doing, s.sql().release, []any{id[:], number(token)})
}
