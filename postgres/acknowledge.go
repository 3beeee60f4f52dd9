// Which purges each instance has seen.

package postgres

import (
	"context"
	"crypto/sha256"
	"time"
)

// Acknowledge records for ttl that an instance has seen every purge up to a
// sequence, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	id := sha256.Sum256([]byte(instance))
	return s.reached(ctx, "acknowledge purges", s.sql().acknowledge, id[:], number(sequence), ttl.Microseconds())
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not expired.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	var n int64
	err := s.one(ctx, "count lagging instances", s.sql().lagging, []any{number(sequence)}, &n)
	return int(n), err
}
