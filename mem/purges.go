// What was purged and when, in bounded memory.

package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// purges remembers the last purge of each subject, and the latest purges in
// order. Both forget: marks into floor, changes into dropped.
type purges struct {
	subjects int // how many marks are kept; default 100,000
	listed   int // how many changes are kept; default 10,000

	sequence uint64
	marks    map[string]pages.Mark
	floor    pages.Mark // the latest of the forgotten marks
	changes  []pages.Change
	dropped  pages.Mark // the latest of the changes no longer listed
}

func (p *purges) mark(subject string) pages.Mark {
	if m, ok := p.marks[subject]; ok {
		return m
	}
	return p.floor
}

// add notes one purge of one subject. Sequences come in order.
func (p *purges) add(c pages.Change) {
	if p.marks == nil {
		p.marks = make(map[string]pages.Mark)
		p.subjects = cmp.Or(p.subjects, 100_000)
		p.listed = cmp.Or(p.listed, 10_000)
	}
	p.sequence = max(p.sequence, c.Sequence)
	// A subject that was forgotten begins at the floor again, lest a purge
	// make it look better than it was.
	p.marks[c.Subject] = p.mark(c.Subject).Merge(markOf(c))
	if len(p.marks) > p.subjects {
		p.forget()
	}
	p.changes = append(p.changes, c)
	if len(p.changes) > p.listed {
		p.drop()
	}
}

// forget drops the older half of the marks.
func (p *purges) forget() {
	sequences := make([]uint64, 0, len(p.marks))
	for _, m := range p.marks {
		sequences = append(sequences, m.Sequence)
	}
	slices.Sort(sequences)
	last := sequences[len(sequences)/2]
	for subject, m := range p.marks {
		if m.Sequence <= last {
			p.floor = p.floor.Merge(m)
			delete(p.marks, subject)
		}
	}
}

// drop forgets the older half of the changes, never a part of one purge.
func (p *purges) drop() {
	n := len(p.changes) / 2
	for n < len(p.changes) && p.changes[n].Sequence == p.changes[n-1].Sequence {
		n++
	}
	for _, c := range p.changes[:n] {
		p.dropped = p.dropped.Merge(markOf(c))
	}
	p.changes = slices.Clone(p.changes[n:])
}

// since lists the changes after a sequence.
func (p *purges) since(sequence uint64) []pages.Change {
	var list []pages.Change
	if d := p.dropped; sequence < d.Sequence {
		all := pages.Change{Sequence: d.Sequence, Verb: pages.Stale, Subject: pages.All, At: d.At}
		if d.Expired > sequence {
			all.Verb = pages.Expire
		}
		list = append(list, all)
	}
	first, _ := slices.BinarySearchFunc(p.changes, sequence+1, func(c pages.Change, n uint64) int {
		return cmp.Compare(c.Sequence, n)
	})
	return append(list, p.changes[first:]...)
}

func markOf(c pages.Change) pages.Mark {
	m := pages.Mark{Sequence: c.Sequence, At: c.At}
	if c.Verb == pages.Expire {
		m.Expired, m.ExpiredAt = c.Sequence, c.At
	}
	return m
}

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.check(ctx); err != nil {
		return pages.Epochs{}, err
	}
	e := pages.Epochs{Sequence: s.purges.sequence, Marks: make([]pages.Mark, len(subjects))}
	for i, subject := range subjects {
		e.Marks[i] = s.purges.mark(subject)
	}
	return e, nil
}

// Bump purges subjects and returns the new sequence.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return 0, err
	}
	s.purges.sequence++
	n, at := s.purges.sequence, time.Now().UTC()
	for _, subject := range subjects {
		s.purges.add(pages.Change{Sequence: n, Verb: verb, Subject: subject, At: at})
	}
	s.sequence.Store(n)
	s.rouse()
	return n, nil
}

// Sequence is the number of the last purge.
func (s *Store) Sequence() uint64 { return s.sequence.Load() }

// Changes lists the purges after a sequence.
func (s *Store) Changes(ctx context.Context, since uint64) ([]pages.Change, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s.purges.since(since), nil
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	for {
		s.mu.Lock()
		err, done := s.check(ctx), s.purges.sequence > since
		if s.wake == nil {
			s.wake = make(chan struct{})
		}
		wake := s.wake
		s.mu.Unlock()
		if err != nil || done {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
		}
	}
}

// rouse ends every Wait, each of which then looks again.
func (s *Store) rouse() {
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}
