// Circuit breakers, and what the log has of faults.

package coherence

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Breaker is a circuit breaker of one kind of calls: it opens when a call
// fails, and closes when one succeeds.
type Breaker struct {
	broken atomic.Bool
	reason atomic.Value // string

	mu       sync.Mutex
	calls    int       // that are not answered yet
	answered time.Time // when the last one was, or the first of them was made
}

// Open says whether calls are not made for now.
func (b *Breaker) Open() bool { return b.broken.Load() }

// Stalled says whether the store has not answered for a while, although it is
// asked: then it is not worth waiting for, and soon known to have failed.
func (b *Breaker) Stalled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls > 0 && time.Since(b.answered) > stallAfter
}

// call notes that a call is made, and answer that it was answered.
func (b *Breaker) call() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls++; b.calls == 1 {
		b.answered = time.Now()
	}
}

func (b *Breaker) answer(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls--
	if !isFault(err) {
		b.answered = time.Now()
	}
}

func (b *Breaker) open(err error) {
	b.reason.Store(err.Error())
	b.broken.Store(true)
}

// logWindow is how often one kind of fault is logged at most.
const logWindow = time.Minute

// A Window lets one line about a fault into the log, and one about its end.
// The zero Window is ready for use.
type Window struct {
	mu     sync.Mutex
	last   time.Time
	logged bool // a fault was, and not yet its end
}

// Fault says whether to log a fault.
func (w *Window) Fault(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.last.IsZero() && now.Sub(w.last) < logWindow {
		return false
	}
	w.last, w.logged = now, true
	return true
}

// End says whether to log that a fault is over.
func (w *Window) End() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.logged
	w.logged = false
	return was
}
