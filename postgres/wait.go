// Waiting for purges.

package postgres

import (
	"cmp"
	"context"
	"sync"
	"time"
)

const (
	lookEvery = 5 * time.Second        // at the table, while notifications arrive
	pollEvery = 500 * time.Millisecond // while they do not
	lookLimit = 5 * time.Second        // for one look
)

// hearing is what is known without asking.
type hearing struct {
	mu      sync.Mutex
	started bool
	live    bool          // notifications arrive
	news    chan struct{} // closed when there may be something to look at
	told    bool          // that they do not arrive
}

// announce ends the pause of everyone who waits.
func (h *hearing) announce() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.news)
	h.news = make(chan struct{})
}

// set says whether notifications arrive, which is news: what was missed
// before has to be looked for.
func (h *hearing) set(live bool) {
	h.mu.Lock()
	h.live = live
	h.mu.Unlock()
	h.announce()
}

// next is closed by the next news.
func (h *hearing) next() (news <-chan struct{}, live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.news, h.live
}

// Wait returns when there is a purge after a sequence, when ctx ends, when the
// table cannot be asked, or with [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	s.listen()
	for {
		news, live := s.hearing.next() // before looking, lest something come between
		if more, err := s.look(ctx, since); err != nil || more {
			return err
		}
		pause := cmp.Or(s.opts.Poll, pollEvery)
		if live {
			pause = lookEvery
		}
		timer := time.NewTimer(pause)
		select {
		case <-news:
		case <-timer.C:
		case <-ctx.Done():
		case <-s.open.Done():
		}
		timer.Stop()
	}
}

// look asks whether there is a purge after a sequence. Who waits may have all
// the time there is, but a server that hangs is to be told of.
func (s *Store) look(ctx context.Context, since uint64) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	e, err := s.Epochs(limited)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return e.Sequence > since, err
}

// listen begins to listen, once.
func (s *Store) listen() {
	s.hearing.mu.Lock()
	start := !s.hearing.started && s.opts.Poll == 0
	s.hearing.started = true
	s.hearing.mu.Unlock()
	if start {
		s.keep(s.listenAlways)
	}
}
