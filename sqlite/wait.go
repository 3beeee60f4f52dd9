// Noticing purges.

package sqlite

import (
	"context"
	"sync"
	"time"
)

// poll is the interval at which Wait reads the sequence. A read is one page
// that is in memory: about 4 µs, of which asking for data_version first would
// save one.
const poll = 10 * time.Millisecond

// wake is the signal for callers that wait for purges made in this process.
type wake struct {
	mu sync.Mutex
	up chan struct{} // closed by the next purge; nil while there is no waiter
}

func (w *wake) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.up == nil {
		w.up = make(chan struct{})
	}
	return w.up
}

func (w *wake) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.up != nil {
		close(w.up)
		w.up = nil
	}
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed]. It notices purges made in this process immediately, and
// polls every 10 ms for others.
func (s *Store) Wait(ctx context.Context, since uint64) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		wake := s.wake.next()
		var sequence uint64
		err := s.viewPurges(ctx, func(_ *conn, st state) error {
			sequence = st.last.sequence
			return nil
		})
		if err != nil || sequence > since {
			return s.fault("wait for purges of", err)
		}
		select {
		case <-wake:
		case <-tick.C:
		case <-ctx.Done():
		case <-s.done:
		}
	}
}
