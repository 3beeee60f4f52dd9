// A store of sessions for tests, of one process.

package oidc_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

type store struct {
	mu      sync.Mutex
	records map[sessions.ID]sessions.Record
}

func (s *store) Get(_ context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok || r.Kind != kind {
		return sessions.Record{}, sessions.ErrNotFound
	}
	return r, nil
}

func (s *store) Put(_ context.Context, r sessions.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.records[r.ID]; ok {
		return sessions.ErrExists
	}
	if s.records == nil {
		s.records = map[sessions.ID]sessions.Record{}
	}
	s.records[r.ID] = r
	return nil
}

func (s *store) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	if _, err := s.Take(ctx, r.Kind, old); err != nil {
		return err
	}
	return s.Put(ctx, r)
}

func (s *store) Touch(_ context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok || r.Kind != kind {
		return sessions.ErrNotFound
	}
	r.Used, r.Expires = used, expires
	s.records[id] = r
	return nil
}

func (s *store) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	r, err := s.Get(ctx, kind, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, id)
	return r, err
}

func (s *store) List(_ context.Context, kind, user string) (list []sessions.Record, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		if r.Kind == kind && r.User == user {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b sessions.Record) int { return a.Made.Compare(b.Made) })
	return list, nil
}

func (s *store) Revoke(_ context.Context, kind, user string, except ...sessions.ID) (n int, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.records {
		if r.User == user && (kind == "" || r.Kind == kind) && !slices.Contains(except, id) {
			delete(s.records, id)
			n++
		}
	}
	return n, nil
}

func (s *store) Spend(context.Context, string, sessions.Rate) (time.Duration, error) { return 0, nil }
func (s *store) Close() error                                                        { return nil }

// count is how many records of a kind there are.
func (s *store) count(kind string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		if r.Kind == kind {
			n++
		}
	}
	return n
}
