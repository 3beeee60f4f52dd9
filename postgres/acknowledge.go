// How far each instance has heard of purges.

package postgres

import (
	"context"
	"crypto/sha256"
	"time"
)

// Acknowledge notes that an instance has heard of every purge up to a
// sequence, for ttl, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	id := sha256.Sum256([]byte(instance))
	var now int64
	err := s.one(ctx, "acknowledge purges", s.sql.acknowledge, []any{id[:], number(sequence), ttl.Microseconds()}, &now)
	return uint64(now), err
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not run out.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	var n int64
	err := s.one(ctx, "count who lags", s.sql.lagging, []any{number(sequence)}, &n)
	return int(n), err
}
