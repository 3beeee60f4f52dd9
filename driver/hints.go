// Waiting for purges.

package driver

import (
	"context"
	"sync"
	"time"
)

// Hints tell waiters that there may be purges. They come from notifications of a
// server, which can be lost. The zero value is ready for use.
type Hints struct {
	mu      sync.Mutex
	started bool
	live    bool          // notifications arrive
	news    chan struct{} // closed when there may be something to read
}

// Start says, once, that the listener is to be started.
func (h *Hints) Start() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.started
	h.started = true
	return first
}

// Announce ends the pause of every waiter.
func (h *Hints) Announce() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.announce()
}

// SetLive records whether notifications arrive. It also ends the pause of every
// waiter: they must look for what was missed before.
func (h *Hints) SetLive(live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live = live
	h.announce()
}

func (h *Hints) announce() {
	if h.news != nil {
		close(h.news)
		h.news = nil
	}
}

// next returns a channel that the next announcement closes.
func (h *Hints) next() (news <-chan struct{}, live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.news == nil {
		h.news = make(chan struct{})
	}
	return h.news, h.live
}

// Pauses are how long a waiter pauses between two looks.
type Pauses struct {
	Live time.Duration // while notifications arrive
	Else time.Duration // while they do not
	Look time.Duration // bounds one look: a server that hangs must be reported
}

// Wait looks whether there is something new, again after each announcement and
// each pause. It returns when there is, when a look fails, or when ctx or the
// store ends: the look must fail then.
func (h *Hints) Wait(ctx context.Context, life *Life, p Pauses, look func(context.Context) (bool, error)) error {
	for {
		news, live := h.next() // before looking, so that nothing is missed in between
		if more, err := p.look(ctx, look); err != nil || more {
			return err
		}
		pause := p.Else
		if live {
			pause = p.Live
		}
		timer := time.NewTimer(pause)
		select {
		case <-news:
		case <-timer.C:
		case <-ctx.Done():
		case <-life.Open().Done():
		}
		timer.Stop()
	}
}

func (p Pauses) look(ctx context.Context, look func(context.Context) (bool, error)) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, p.Look)
	defer cancel()
	more, err := look(limited)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return more, err
}
