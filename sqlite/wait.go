// Hearing of purges.

package sqlite

import (
	"context"
	"sync"
	"time"
)

// poll is how often Wait looks at the sequence. A look is one read of a page
// that is in memory: some 4 µs, of which asking for data_version first would save one.
const poll = 10 * time.Millisecond

// wake is what those wait for who want to hear of purges made here.
type wake struct {
	mu sync.Mutex
	up chan struct{} // closed by the next purge; nil while nobody waits
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
// [pages.ErrClosed]. It hears of purges made here at once, and looks every
// 10 ms for those made elsewhere.
func (s *Store) Wait(ctx context.Context, since uint64) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		wake := s.wake.next()
		var sequence uint64
		err := s.read(ctx, func(c *conn) error {
			return c.row("SELECT sequence FROM state", nil, &sequence)
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
