// Purging, and reading what was purged.

package disk

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// minCompact is how large the log grows before it is rewritten, in
	// bytes; above that, twice what it was after the last rewriting.
	minCompact = 4 << 20

	// poll is how often Wait looks at the sequence. A look is a memory read.
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

// current runs f under mu when all purges so far are known.
func (s *Store) current(ctx context.Context, f func()) error {
	s.mu.Lock()
	refresh := s.refresh
	if s.readOnly {
		refresh = s.look
	}
	err := refresh()
	if err == nil {
		f()
	}
	s.mu.Unlock()
	if err == nil {
		return nil
	}
	if mendable(err) {
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

// Sequence is the number of the last purge by any process: a memory read.
func (s *Store) Sequence() uint64 {
	if h := s.header.Load(); h != nil {
		if n, ok := h.sequence(); ok {
			return n
		}
	}
	// A purge is being published at this moment, or somebody damaged the
	// file. The log tells; if it does not, what is known has to do.
	if end, err := s.begin(context.Background(), false); err == nil {
		_ = s.current(context.Background(), func() {})
		s.heal()
		end()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// heal makes the two copies of the sequence agree again, which a process that
// was killed between them left apart; unless the lock is taken, since then a
// purge is about to do it.
func (s *Store) heal() {
	h := s.header.Load()
	if h == nil || s.readOnly {
		return
	}
	if _, ok := h.sequence(); !ok {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // try the lock once, do not wait
		_ = s.recover(ctx)
	}
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed]. It looks every 10 ms.
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

// Bump purges subjects and returns the new sequence, once it is on the disk.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return 0, err
	}
	defer end()
	n, err := s.bump(ctx, verb, subjects)
	switch {
	case isReadOnly(err):
		return 0, fmt.Errorf("purge: %w: %w", pages.ErrReadOnly, err)
	case err != nil:
		return 0, fmt.Errorf("purge: %w", err)
	}
	return n, nil
}

func (s *Store) bump(ctx context.Context, verb pages.Verb, subjects []string) (uint64, error) {
	unlock, err := s.lockFence(ctx, false)
	if err != nil {
		return 0, err
	}
	defer unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mend(); err != nil {
		return 0, err
	}
	l := &s.log
	if l.torn { // a purge that was cut off never returned
		if err := l.file.Truncate(l.end); err != nil {
			return 0, err
		}
	}
	n, at := l.Sequence+1, time.Now().UTC()
	payload := purgePayload(n, at, verb, subjects)
	if len(payload) > maxPayload {
		return 0, fmt.Errorf("%d subjects are too many for one purge", len(subjects))
	}
	_, err = l.file.WriteAt(appendRecord(nil, payload), l.end)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		// Take back what can be; if it cannot be, the purge happened.
		_ = l.file.Truncate(l.end)
		return 0, err
	}
	if err := l.read(s.path("purges"), false); err != nil {
		return 0, err
	}
	s.seen = max(s.seen, n)
	if h := s.header.Load(); h == nil || !h.advance(n) {
		if err := s.newHeader(n); err != nil {
			return 0, err
		}
	}
	if l.end > l.compactAt {
		l.compactAt *= 2 // should it fail, try again then
		_ = s.newLog(&l.Purges)
	}
	return n, nil
}
