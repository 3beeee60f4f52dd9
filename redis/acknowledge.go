// How far each instance has heard of purges.

package redis

import (
	"context"
	"strconv"
	"time"
)

// Acknowledge notes that an instance has heard of every purge up to a
// sequence, for ttl, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	reached, _, err := s.runAt(ctx, "acknowledge", s.scripts.acknowledge, s.keys.all,
		instance, strconv.FormatUint(sequence, 10), micros(max(ttl, 0)))
	return reached, err
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not run out. Where acknowledgements were lost it counts
// one more, until they would have run out.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	const doing = "count who lags"
	answer, err := s.run(ctx, doing, s.scripts.lagging, s.keys.all, strconv.FormatUint(sequence, 10))
	if err != nil {
		return 0, err
	}
	n, err := numbers(answer, 1)
	if err != nil {
		return 0, s.explain(ctx, doing, err)
	}
	return int(n[0]), nil
}
