// Purges: which subjects were declared out of date, and when.

package mem

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return pages.Epochs{}, err
	}
	s.level()
	e := pages.Epochs{Sequence: s.purges.Sequence, Marks: make([]pages.Mark, len(subjects))}
	for i, subject := range subjects {
		e.Marks[i] = s.purges.Mark(subject)
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
	return s.bump(verb, subjects...), nil
}

func (s *Store) bump(verb pages.Verb, subjects ...string) uint64 {
	s.level()
	s.purges.Sequence++
	n, at := s.purges.Sequence, time.Now().UTC()
	for _, subject := range subjects {
		s.purges.Add(pages.Change{Sequence: n, Verb: verb, Subject: subject, At: at})
	}
	s.publish()
	return n
}

// level corrects the sequence of a store that was restored with a lower one.
func (s *Store) level() {
	if s.purges.Sequence < s.highest {
		s.purges.Raise(s.highest, time.Now().UTC())
		s.publish()
	}
}

// publish makes a new sequence visible.
func (s *Store) publish() {
	s.highest = s.purges.Sequence
	s.sequence.Store(s.highest)
	s.back.Store(false)
	s.wakeAll()
}

// Sequence returns the number of the last purge.
func (s *Store) Sequence() uint64 {
	if s.back.Load() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.level()
		return s.highest
	}
	return s.sequence.Load()
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return nil, 0, err
	}
	s.level()
	list, floor = s.purges.Since(since)
	return list, floor, nil
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	for {
		s.mu.Lock()
		err := s.check(ctx)
		if err == nil {
			s.level()
		}
		done := s.purges.Sequence > since
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

// wakeAll wakes every Wait, each of which then checks again.
func (s *Store) wakeAll() {
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}
