// Which purges each instance has seen.

package redis

import (
	"context"
	"strconv"
	"time"
)

// Acknowledge records for ttl that an instance has seen every purge up to a
// sequence, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	reached, _, err := s.runAt(ctx, "acknowledge", s.scripts.acknowledge, s.keys.all,
		instance, strconv.FormatUint(sequence, 10), micros(max(ttl, 0)))
	return reached, err
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not expired. If acknowledgements were lost, it counts one
// more until they would have expired.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	const doing = "count lagging instances"
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
