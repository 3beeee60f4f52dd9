// Leases: the right to make a page.

package mem

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// remember is how long a lease is remembered after it expired. A holder that
// writes later than that is refused, as if the lease had been taken over.
const remember = time.Minute

// leases are the last lease of each key. Tokens come from one counter, so that
// the tokens of a key grow even if the key was forgotten in between.
type leases struct {
	held    map[pages.Key]lease
	token   uint64
	pruneAt int // the number of leases above which those that expired long ago are forgotten
}

type lease struct {
	pages.Lease
	claim string // the claim that the lease was granted to
}

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return pages.Lease{}, err
	}
	now := time.Now()
	if other, ok := s.leases.held[key]; ok && now.Before(other.Until) {
		if other.claim == claim {
			return other.Lease, nil
		}
		return other.Lease, pages.ErrHeld
	}
	s.leases.token++
	granted := pages.Lease{Key: key, Token: s.leases.token, Until: now.Add(ttl)}
	s.leases.grant(lease{granted, claim}, now)
	return granted, nil
}

func (l *leases) grant(granted lease, now time.Time) {
	if l.held == nil {
		l.held = make(map[pages.Key]lease)
	}
	l.held[granted.Key] = granted
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

// Release gives a lease back and forgets it: the next one of its key has a
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
