// Leases: the right to make a page.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// remember is how long a lease is remembered after it expired. A holder
	// that writes later than that is refused, as if the lease had been taken
	// over.
	remember = time.Minute

	// forgetLeases is how many of these each new lease removes at most.
	forgetLeases = 8
)

// leaseOf returns the last lease of a key; its token is 0 if there is none.
func leaseOf(c *conn, id []byte) (token uint64, until time.Time, claim []byte, err error) {
	var end int64
	err = c.row("SELECT token, until, claim FROM leases WHERE id = ?", []any{id}, &token, &end, &claim)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil, nil
	}
	return token, time.Unix(0, end), claim, err
}

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	id := idOf(key)
	var lease pages.Lease
	err := s.write(ctx, false, func(c *conn) error {
		now := time.Now()
		token, until, holder, err := leaseOf(c, id)
		if err != nil {
			return err
		}
		if token != 0 && now.Before(until) {
			lease = pages.Lease{Key: key, Token: token, Until: until}
			if string(holder) == claim {
				return nil // the answer to this claim was lost
			}
			return pages.ErrHeld
		}
		if token, err = nextToken(c, now); err != nil {
			return err
		}
		lease = pages.Lease{Key: key, Token: token, Until: now.Add(ttl)}
		if _, err := c.exec("INSERT OR REPLACE INTO leases (id, token, until, claim) VALUES (?, ?, ?, ?)",
			id, int64(token), lease.Until.UnixNano(), []byte(claim)); err != nil {
			return err
		}
		_, err = c.exec("DELETE FROM leases WHERE id IN (SELECT id FROM leases WHERE until < ? ORDER BY until LIMIT ?)",
			now.Add(-remember).UnixNano(), forgetLeases)
		return err
	})
	switch {
	case err == nil:
		return lease, nil
	case errors.Is(err, pages.ErrHeld):
		return lease, pages.ErrHeld
	}
	return pages.Lease{}, s.faultOf("lease", key, err)
}

// nextToken returns a token greater than all previous ones. It follows the
// clock, so that this holds even if power loss undid the last ones.
func nextToken(c *conn, now time.Time) (uint64, error) {
	if _, err := c.exec("UPDATE state SET token = max(token + 1, ?)", now.UnixMicro()); err != nil {
		return 0, err
	}
	var token uint64
	err := c.row("SELECT token FROM state", nil, &token)
	return token, err
}

// Release gives a lease back and forgets it: the next one of its key has a
// higher token in any case.
func (s *Store) Release(ctx context.Context, lease pages.Lease) error {
	err := s.write(ctx, false, func(c *conn) error {
		_, err := c.exec("DELETE FROM leases WHERE id = ? AND token = ?", idOf(lease.Key), int64(lease.Token))
		return err
	})
	return s.faultOf("release", lease.Key, err)
}
