// Purging, and reading what was purged.

package disk

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// minCompact is the size in bytes from which the log is rewritten; beyond
	// it, a log is rewritten when it has doubled since the last time.
	minCompact = 4 << 20

	// poll is the interval at which Wait reads the sequence. Reading it is a
	// memory access.
	poll = 10 * time.Millisecond
)

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return pages.Epochs{}, err
	}
	defer end()
	var e pages.Epochs
	err = s.current(ctx, func() {
		e = pages.Epochs{Sequence: s.log.Sequence, Marks: make([]pages.Mark, len(subjects))}
		for i, subject := range subjects {
			e.Marks[i] = s.log.Mark(subject)
		}
	})
	return e, err
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	err = s.current(ctx, func() { list, floor = s.log.Since(since) })
	return list, floor, err
}

// current runs f under mu once all purges so far are known.
func (s *Store) current(ctx context.Context, f func()) error {
	s.mu.Lock()
	refresh := s.refresh
	if s.readOnly {
		refresh = s.catchUp
	}
	err := refresh()
	if err == nil {
		f()
	}
	s.mu.Unlock()
	if err == nil {
		return nil
	}
	if repairable(err) {
		err = s.recover(ctx)
	}
	if err != nil {
		return fmt.Errorf("read purges: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	return nil
}

// Sequence returns the number of the last purge by any process. It is a memory
// access.
func (s *Store) Sequence() uint64 {
	if h := s.header.Load(); h != nil {
		told := s.told.Load()
		if m, ok := h.last(); ok && told != nil && m == *told && m.sequence >= s.seen.Load() {
			return m.sequence
		}
	}
	// There is a new purge, or the file was damaged or restored from a copy. Ask
	// the log; if that fails, use what is known.
	if end, err := s.begin(context.Background(), false); err == nil {
		_ = s.current(context.Background(), func() {})
		s.heal()
		end()
	}
	return s.seen.Load()
}

// heal makes the two copies of the sequence agree again after a process was
// killed between writing them. It does nothing if the lock is taken, since the
// purge that holds it is about to write both.
func (s *Store) heal() {
	h := s.header.Load()
	if h == nil || s.readOnly {
		return
	}
	if _, ok := h.last(); !ok {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // try the lock once, do not wait
		_ = s.recover(ctx)
	}
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed]. It checks every 10 ms.
func (s *Store) Wait(ctx context.Context, since uint64) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		switch {
		case s.closed.Load():
			return pages.ErrClosed
		case ctx.Err() != nil:
			return ctx.Err()
		case s.Sequence() > since:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		case <-s.done:
		}
	}
}

// Bump purges subjects and returns the new sequence once the purge is on disk.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return 0, err
	}
	defer end()
	n, err := s.bump(ctx, verb, subjects)
	for another := true; err == nil && another; {
		// If the folder was replaced, processes that open the store by name
		// would not see the purge.
		if another, err = s.look(true); err == nil && another {
			n, err = s.bump(ctx, verb, subjects)
		}
	}
	switch {
	case isReadOnly(err):
		return 0, fmt.Errorf("purge: %w: %w", pages.ErrReadOnly, err)
	case err != nil:
		return 0, fmt.Errorf("purge: %w", err)
	}
	return n, nil
}

func (s *Store) bump(ctx context.Context, verb pages.Verb, subjects []string) (uint64, error) {
	unlock, err := s.lockFence(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	return s.append(verb, subjects)
}

// append adds a purge to the log and publishes it. The caller holds the fence's
// lock.
func (s *Store) append(verb pages.Verb, subjects []string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.repair(); err != nil {
		return 0, err
	}
	l := &s.log
	if l.torn { // a purge that is cut off in the log never returned
		if err := l.file.Truncate(l.end); err != nil {
			return 0, err
		}
	}
	n, at := l.Sequence+1, time.Now().UTC()
	payload := purgePayload(n, at, verb, subjects)
	if len(payload) > maxPayload {
		return 0, fmt.Errorf("%d subjects are too many for one purge", len(subjects))
	}
	_, err := l.file.WriteAt(appendRecord(nil, payload), l.end)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		// Undo it if possible; otherwise the purge counts as made.
		_ = l.file.Truncate(l.end)
		return 0, err
	}
	if err := l.read(s.path("purges"), false); err != nil {
		return 0, err
	}
	s.learn()
	if h := s.header.Load(); h == nil || !h.advance(l.published()) {
		if err := s.newHeader(); err != nil {
			return 0, err
		}
	}
	if l.end > l.compactAt {
		l.compactAt *= 2 // if it fails, the next purge tries again
		_ = s.newLog(&l.Purges)
	}
	return n, nil
}
