// How far each instance has heard of purges.

package mem

import (
	"context"
	"time"
)

// An acknowledgement is what an instance said last.
type acknowledgement struct {
	sequence uint64
	until    time.Time
}

// Acknowledge notes that an instance has heard of every purge up to a
// sequence, for ttl, and returns the store's sequence.
func (s *Store) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return 0, err
	}
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
// sequence and has not run out.
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
