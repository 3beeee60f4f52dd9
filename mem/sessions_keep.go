// How sessions are found, and how those are forgotten that have expired.

package mem

import (
	"bytes"
	"container/heap"
	"context"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// forgetEach is how many records a Put forgets at most, and how many limits a
// Spend.
const forgetEach = 4

func stored(t time.Time) time.Time { return sessions.Moment(sessions.Millis(t)) }

// out is a record as it is given away.
func (s *session) out() sessions.Record {
	r := s.Record
	r.Data = bytes.Clone(r.Data)
	return r
}

func (m *Sessions) find(kind string, id sessions.ID) *session {
	if s := m.records[id]; s != nil && s.Kind == kind {
		return s
	}
	return nil
}

func (m *Sessions) add(r sessions.Record) {
	r.Data = bytes.Clone(r.Data)
	r.Made, r.Used, r.Expires = stored(r.Made), stored(r.Used), stored(r.Expires)
	s := &session{Record: r, place: nowhere}
	m.records[r.ID] = s
	if r.User != "" {
		if m.users[r.User] == nil {
			m.users[r.User] = map[sessions.ID]*session{}
		}
		m.users[r.User][r.ID] = s
	}
	m.watch(s)
}

// watch notes when a record expires.
func (m *Sessions) watch(s *session) {
	if !s.Expires.IsZero() {
		heap.Push(&m.expiry, s)
	}
}

func (m *Sessions) remove(s *session) {
	delete(m.records, s.ID)
	m.expiry.remove(s.place)
	if delete(m.users[s.User], s.ID); len(m.users[s.User]) == 0 {
		delete(m.users, s.User)
	}
}

// forget removes a few records that have expired long ago.
func (m *Sessions) forget(now time.Time) {
	for range forgetEach {
		if len(m.expiry) == 0 || m.expiry[0].Expires.Add(sessions.Grace).After(now) {
			return
		}
		m.remove(m.expiry[0])
	}
}

// Spend takes one unit of a limit.
func (m *Sessions) Spend(ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
	if err := m.begin(ctx, sessions.CheckKey(key), rate.Check()); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	now := time.Now()
	for range forgetEach {
		if len(m.backs) == 0 || m.backs[0].back.After(now) {
			break
		}
		delete(m.limits, m.backs[0].key)
		m.backs.remove(0)
	}
	s := m.limits[key]
	if s == nil {
		s = &spent{key: key, back: now, place: nowhere}
	}
	after, wait := rate.Spend(s.back, now)
	if wait > 0 {
		return wait, nil
	}
	if s.back = after; s.place != nowhere {
		heap.Fix(&m.backs, s.place)
		return 0, nil
	}
	m.limits[key] = s
	heap.Push(&m.backs, s)
	return 0, nil
}

// A queue is a heap of what ends at some time, the earliest first.
type queue[T timed] []T

type timed interface {
	when() int64
	at(place int)
}

// nowhere is the place of what is in none.
const nowhere = -1

func (q queue[T]) Len() int           { return len(q) }
func (q queue[T]) Less(i, j int) bool { return q[i].when() < q[j].when() }

func (q queue[T]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at(i)
	q[j].at(j)
}

// Push is for package heap.
func (q *queue[T]) Push(x any) {
	t, _ := x.(T)
	t.at(len(*q))
	*q = append(*q, t)
}

// Pop is for package heap.
func (q *queue[T]) Pop() any {
	var zero T
	last := len(*q) - 1
	t := (*q)[last]
	t.at(nowhere)
	(*q)[last] = zero
	*q = (*q)[:last]
	return t
}

func (q *queue[T]) remove(place int) {
	if place != nowhere {
		heap.Remove(q, place)
	}
}
