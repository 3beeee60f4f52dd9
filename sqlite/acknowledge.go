// Which purges each instance has seen.

package sqlite

import (
	"context"
	"time"
)

// Acknowledge records for ttl that an instance has seen every purge up to a
// sequence, and returns the store's sequence. It does not wait for the disk:
// after power loss the instance is gone too.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	var current moment
	err := s.write(ctx, false, func(c *conn) error {
		now := time.Now()
		if _, err := c.exec("DELETE FROM acknowledgements WHERE until <= ? OR instance = ?", now.UnixNano(), []byte(instance)); err != nil {
			return err
		}
		if ttl > 0 {
			if _, err := c.exec("INSERT INTO acknowledgements (instance, sequence, until) VALUES (?, ?, ?)",
				[]byte(instance), limit(sequence), now.Add(ttl).UnixNano()); err != nil {
				return err
			}
		}
		st, err := s.level(c)
		current = st.last
		return err
	})
	if err != nil {
		return 0, s.fault("acknowledge in", err)
	}
	s.seen.learn(current)
	return current.sequence, nil
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not expired.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	var n int
	err := s.read(ctx, func(c *conn) error {
		return c.row("SELECT count(*) FROM acknowledgements WHERE sequence < ? AND until > ?",
			[]any{limit(sequence), time.Now().UnixNano()}, &n)
	})
	if err != nil {
		return 0, s.fault("read acknowledgements of", err)
	}
	return n, nil
}
