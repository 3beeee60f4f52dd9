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
// take the turn before it. To wake one up for each write would take longer than
// the write. With patience at its end, the turn is given to it.
const patience = time.Millisecond

// A turn is held by one at a time: its holder writes. SQLite's own lock is polled,
// so that some wait for long; this one is not.
type turn struct {
	mu      sync.Mutex
	held    bool
	waiting []*waiter // the first has waited the longest
}

type waiter struct {
	since time.Time
	try   chan struct{}
	given bool
}

// take waits for the turn.
func (t *turn) take(ctx context.Context) error {
	t.mu.Lock()
	if !t.held {
		t.held = true
		t.mu.Unlock()
		return nil
	}
	w := &waiter{since: time.Now(), try: make(chan struct{}, 1)}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	for {
		select {
		case <-w.try:
			if t.accept(w) {
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

// accept takes the turn if it was given to the waiter, or is free.
func (t *turn) accept(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.given {
		return true
	}
	if t.held {
		return false
	}
	t.held = true
	t.remove(w)
	return true
}

// leave ends the wait, unless the turn was given to the waiter.
func (t *turn) leave(w *waiter) (given bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.given {
		return true
	}
	t.remove(w)
	if !t.held {
		t.wake() // what woke this one up is for the next
	}
	return false
}

func (t *turn) remove(w *waiter) {
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
}

// wake wakes the first up, so that it tries.
func (t *turn) wake() {
	if len(t.waiting) > 0 {
		t.waiting[0].wake()
	}
}

func (w *waiter) wake() {
	select {
	case w.try <- struct{}{}:
	default: // it is about to try
	}
}

// pass ends the turn.
func (t *turn) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) > 0 && time.Since(t.waiting[0].since) > patience {
		w := t.waiting[0]
		t.waiting = t.waiting[1:]
		w.given = true
		w.wake()
		return
	}
	t.held = false
	t.wake()
}
