// Sessions in memory.

package mem

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/sessions"
)

// Sessions keep records and limits in memory, for tests, for development and for
// apps of one process whose visitors may be signed out by a restart. Make them
// with [NewSessions].
type Sessions struct {
	mu      sync.Mutex
	records map[sessions.ID]*session
	users   map[string]map[sessions.ID]*session
	expiry  queue[*session] // of those that expire
	limits  map[string]*spent
	backs   queue[*spent]
	closed  bool
}

// A session is a record. Its data is never changed.
type session struct {
	sessions.Record
	place int
}

func (s *session) when() int64  { return s.Expires.UnixMilli() }
func (s *session) at(place int) { s.place = place }

// spent is how much of a limit is spent.
type spent struct {
	key   string
	back  time.Time // when all of it has come back
	place int
}

func (s *spent) when() int64  { return s.back.UnixNano() }
func (s *spent) at(place int) { s.place = place }

var _ sessions.Store = (*Sessions)(nil)

// NewSessions returns a store without records. It begins nothing in the
// background, and its clock is [time.Now].
func NewSessions() *Sessions {
	return &Sessions{
		records: map[sessions.ID]*session{}, users: map[string]map[sessions.ID]*session{}, limits: map[string]*spent{},
	}
}

// Needs says that all requests have to reach the one process that has the
// sessions.
func (*Sessions) Needs() []gorgon.Need { return []gorgon.Need{gorgon.NeedMemory} }

// begin locks the store for a call, unless that cannot be made. What the
// arguments' checks say comes last.
func (m *Sessions) begin(ctx context.Context, checks ...error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	err := cmp.Or(checks...)
	if m.closed {
		err = sessions.ErrClosed
	}
	if err != nil {
		m.mu.Unlock()
	}
	return err
}

// Get reads a record.
func (m *Sessions) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	if err := m.begin(ctx, sessions.CheckKind(kind)); err != nil {
		return sessions.Record{}, err
	}
	defer m.mu.Unlock()
	s := m.find(kind, id)
	if s == nil {
		return sessions.Record{}, sessions.ErrNotFound
	}
	return s.out(), nil
}

// Put adds a record.
func (m *Sessions) Put(ctx context.Context, r sessions.Record) error {
	if err := m.begin(ctx, r.Check()); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.forget(time.Now())
	if m.records[r.ID] != nil {
		return sessions.ErrExists
	}
	m.add(r)
	return nil
}

// Replace puts a record in the place of another one.
func (m *Sessions) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	if err := m.begin(ctx, r.Check()); err != nil {
		return err
	}
	defer m.mu.Unlock()
	s := m.find(r.Kind, old)
	switch {
	case s == nil:
		return sessions.ErrNotFound
	case r.ID != old && m.records[r.ID] != nil:
		return sessions.ErrExists
	}
	m.remove(s)
	m.add(r)
	return nil
}

// Touch sets when a record was used and when it expires.
func (m *Sessions) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	if err := m.begin(ctx, sessions.CheckKind(kind), sessions.CheckTimes(used, expires)); err != nil {
		return err
	}
	defer m.mu.Unlock()
	s := m.find(kind, id)
	if s == nil {
		return sessions.ErrNotFound
	}
	m.expiry.remove(s.place)
	s.Used, s.Expires = stored(used), stored(expires)
	m.watch(s)
	return nil
}

// Take removes a record and returns it.
func (m *Sessions) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	if err := m.begin(ctx, sessions.CheckKind(kind)); err != nil {
		return sessions.Record{}, err
	}
	defer m.mu.Unlock()
	s := m.find(kind, id)
	if s == nil {
		return sessions.Record{}, sessions.ErrNotFound
	}
	m.remove(s)
	return s.out(), nil
}

// List lists the records of a kind that a user has.
func (m *Sessions) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	if err := m.begin(ctx, sessions.CheckKind(kind), sessions.CheckUser(user)); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var list []sessions.Record
	for _, s := range m.users[user] {
		if s.Kind == kind {
			list = append(list, s.Record)
		}
	}
	slices.SortFunc(list, func(a, b sessions.Record) int {
		return cmp.Or(a.Made.Compare(b.Made), bytes.Compare(a.ID[:], b.ID[:]))
	})
	list = list[:min(len(list), sessions.MaxList)]
	for i := range list {
		list[i].Data = bytes.Clone(list[i].Data)
	}
	return list, nil
}

// Revoke removes records of a user.
func (m *Sessions) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	var wrong error
	if kind != "" {
		wrong = sessions.CheckKind(kind)
	}
	if err := m.begin(ctx, wrong, sessions.CheckUser(user)); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for id, s := range m.users[user] {
		if (kind == "" || s.Kind == kind) && !slices.Contains(except, id) {
			m.remove(s)
			n++
		}
	}
	return n, nil
}

// Len is how many records are kept, and how many limits of which something was
// spent.
func (m *Sessions) Len() (records, limits int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records), len(m.limits)
}

// Close drops everything. A second Close has no effect.
func (m *Sessions) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.records, m.users, m.expiry, m.limits, m.backs = true, nil, nil, nil, nil, nil
	return nil
}
