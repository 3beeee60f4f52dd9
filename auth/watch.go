// Requests that are under way when the session ends that they are made for.

package auth

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
)

// lookEvery is how often the sessions of requests under way are looked at.
const lookEvery = 250 * time.Millisecond

// patience is how long a request goes on without being looked at, where it is
// not known whether something was purged.
const patience = time.Second / 2

// A watch has the requests under way that guards have let through.
type watch struct {
	mu    sync.Mutex
	all   map[*watched]struct{}
	asked chan struct{} // look was called; nil: not served
	woken chan struct{} // there are requests again
	idle  atomic.Bool   // there were none
	last  time.Time     // when those were looked at of which it was not known; for run
}

// A watched is one request.
type watched struct {
	held *held
	end  context.CancelCauseFunc
}

// begin enters a request, whose context ends when the session does.
func (w *watch) begin(ctx context.Context, h *held) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	one := &watched{h, cancel}
	w.mu.Lock()
	if w.all == nil {
		w.all = map[*watched]struct{}{}
	}
	w.all[one] = struct{}{}
	woken := w.woken
	w.mu.Unlock()
	if w.idle.CompareAndSwap(true, false) {
		select {
		case woken <- struct{}{}:
		default: // it is about to be, or runs no more
		}
	}
	return ctx, func() {
		w.mu.Lock()
		delete(w.all, one)
		w.mu.Unlock()
		cancel(nil)
	}
}

// look has the requests looked at now.
func (w *watch) look() {
	w.mu.Lock()
	asked := w.asked
	w.mu.Unlock()
	select {
	case asked <- struct{}{}:
	default: // it is about to, or does not run
	}
}

// run looks at requests under way until the context ends. While there are none
// it sleeps.
func (w *watch) run(ctx context.Context, a *Auth) {
	asked, woken := make(chan struct{}, 1), make(chan struct{}, 1)
	w.mu.Lock()
	w.asked, w.woken = asked, woken
	w.mu.Unlock()
	w.idle.Store(true)
	go func() {
		timer := time.NewTimer(lookEvery)
		defer timer.Stop()
		for {
			var tick <-chan time.Time
			if !w.idle.Load() {
				timer.Reset(lookEvery)
				tick = timer.C
			}
			select {
			case <-woken:
				continue
			case <-tick:
			case <-asked:
			case <-ctx.Done():
				return
			}
			w.check(ctx, a)
			w.mu.Lock()
			w.idle.CompareAndSwap(false, len(w.all) == 0)
			w.mu.Unlock()
		}
	}()
}

// check ends the requests whose sessions have ended. Those of one session are
// asked about once: at once where something was purged, and once a second where
// it is not known.
func (w *watch) check(ctx context.Context, a *Auth) {
	i, now := a.instance.Load(), a.now()
	patient := now.Sub(w.last) < patience && !now.Before(w.last)
	if !patient {
		w.last = now
	}
	w.mu.Lock()
	by := make(map[key][]*watched, len(w.all))
	for one := range w.all {
		h := one.held
		v, certain := i.Judge(&h.copy)
		switch {
		case v == coherence.Good && i.Proves(&h.copy, now) && !h.expired(now):
			continue
		case v == coherence.Good && certain && patient && !h.expired(now):
			continue
		}
		k := key{one.held.record.Kind, one.held.record.ID}
		by[k] = append(by[k], one)
	}
	w.mu.Unlock()
	for k, requests := range by {
		if ctx.Err() != nil {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := a.find(ctx, k)
		cancel()
		if err == errSignedOut {
			for _, one := range requests {
				one.end(errSignedOut)
			}
		}
	}
}
