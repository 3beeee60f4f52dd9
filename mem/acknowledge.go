// Which purges each instance has seen.

package mem

import (
	"context"
	"time"
)

// An acknowledgement is the latest one of an instance.
type acknowledgement struct {
	sequence uint64
	until    time.Time
}

// Acknowledge records for ttl that an instance has seen every purge up to a
// sequence, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return 0, err
	}
	s.level()
	now := time.Now()
	for other, a := range s.acknowledged {
		if !now.Before(a.until) {
			delete(s.acknowledged, other)
		}
	}
	if s.acknowledged == nil {
		s.acknowledged = make(map[string]acknowledgement)
	}
	s.acknowledged[instance] = acknowledgement{sequence, now.Add(ttl)}
	if ttl <= 0 {
		delete(s.acknowledged, instance)
	}
	return s.purges.Sequence, nil
}

// Lagging counts the instances whose last acknowledgement is of an earlier
// sequence and has not expired.
func (s *Store) Lagging(ctx context.Context, sequence uint64) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.check(ctx); err != nil {
		return 0, err
	}
	n := 0
	for _, a := range s.acknowledged {
		if a.sequence < sequence && time.Now().Before(a.until) {
			n++
		}
	}
	return n, nil
}
