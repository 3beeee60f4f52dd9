// A store of sessions that can be counted.

package passkey_test

import (
	"context"
	"sync"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

type store struct {
	sessions.Store
	mu  sync.Mutex
	put []sessions.Record
}

func newStore() *store { return &store{Store: mem.NewSessions()} }

func (s *store) Put(ctx context.Context, r sessions.Record) error {
	err := s.Store.Put(ctx, r)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.put = append(s.put, r)
	}
	return err
}

// all are the records of a kind that were added, as they are now.
func (s *store) all(kind string) (all []sessions.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.put {
		if now, err := s.Get(context.Background(), kind, r.ID); err == nil {
			all = append(all, now)
		}
	}
	return all
}

func (s *store) count(kind string) int { return len(s.all(kind)) }
