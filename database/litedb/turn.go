// The writers of a process take turns.

package litedb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// patience is how long a writer waits while others that are running already
// take the turn before it: to hand it over at each write would take longer than
// the write. A writer that waits is woken up once, in case no other comes. After
// its patience it is the next to whom the turn is given.
const patience = 2 * time.Millisecond

// A turn is held by one at a time: its holder writes. SQLite's own lock is polled,
// so that some wait for long; this one is not.
type turn struct {
	mu      sync.Mutex
	held    bool
	waiting []*waiter // the first has waited the longest
}

type waiter struct {
	since time.Time
	woken chan struct{} // closed when it may try for the first time
	tried bool          // it was woken up
	given chan struct{} // closed when the turn is its own
}

// take waits for the turn.
func (t *turn) take(ctx context.Context) error {
	w := t.try(nil)
	if w == nil {
		return nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	woken := w.woken
	for {
		select {
		case <-w.given:
			return nil
		case <-woken:
			if woken = nil; t.try(w) == nil {
				return nil
			}
		case <-timer.C:
			if t.try(w) == nil {
				return nil
			}
		case <-ctx.Done():
			if t.leave(w) {
				return nil
			}
			return fmt.Errorf("wait for another transaction of this process: %w", ctx.Err())
		}
	}
}

// try takes the turn if it is free, and returns nil; otherwise it returns who
// waits for it.
func (t *turn) try(w *waiter) *waiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held {
		t.held = true
		t.remove(w)
		return nil
	}
	if w == nil {
		w = &waiter{since: time.Now(), woken: make(chan struct{}), given: make(chan struct{})}
		t.waiting = append(t.waiting, w)
	}
	return w
}

// leave ends the wait, unless the turn was given.
func (t *turn) leave(w *waiter) (given bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.given:
		return true
	default:
		t.remove(w)
		return false
	}
}

func (t *turn) remove(w *waiter) {
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
}

// pass ends the turn: it gives it to the one that has waited too long, or wakes
// one up.
func (t *turn) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) > 0 && time.Since(t.waiting[0].since) >= patience {
		close(t.waiting[0].given)
		t.waiting = slices.Delete(t.waiting, 0, 1)
		return
	}
	t.held = false
	for _, w := range t.waiting {
		if !w.tried {
			w.tried = true
			close(w.woken)
			return
		}
	}
}
