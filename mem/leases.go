// Leases: who may make which page.

package mem

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// remember is for how long a lease is known after it ran out. A holder that
// writes later than that is refused, as if it had been taken over.
const remember = time.Minute

// leases are the last lease of each key. Tokens come from one counter, so
// that those of a key grow also when the key was forgotten in between.
type leases struct {
	held    map[pages.Key]pages.Lease
	token   uint64
	pruneAt int // how many there may be before those long run out are forgotten
}

// Lease takes the right to make the page of a key, or says who has it:
// [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, ttl time.Duration) (pages.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return pages.Lease{}, err
	}
	now := time.Now()
	if other, ok := s.leases.held[key]; ok && now.Before(other.Until) {
		return other, pages.ErrHeld
	}
	s.leases.token++
	lease := pages.Lease{Key: key, Token: s.leases.token, Until: now.Add(ttl)}
	s.leases.grant(lease, now)
	return lease, nil
}

func (l *leases) grant(lease pages.Lease, now time.Time) {
	if l.held == nil {
		l.held = make(map[pages.Key]pages.Lease)
	}
	l.held[lease.Key] = lease
	if len(l.held) <= max(l.pruneAt, 1024) {
		return
	}
	for key, old := range l.held {
		if now.Sub(old.Until) > remember {
			delete(l.held, key)
		}
	}
	l.pruneAt = 2 * len(l.held)
}

// Release gives a lease back, and forgets it: the next one of its key has a
// higher token in any case.
func (s *Store) Release(ctx context.Context, lease pages.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return err
	}
	if s.leases.held[lease.Key].Token == lease.Token {
		delete(s.leases.held, lease.Key)
	}
	return nil
}
