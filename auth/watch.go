// Requests that are under way when the session ends that they are made for.

package auth

import (
	"context"
	"sync"
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
	w.mu.Unlock()
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

// run looks at requests under way until the context ends.
func (w *watch) run(ctx context.Context, a *Auth) {
	asked := make(chan struct{}, 1)
	w.mu.Lock()
	w.asked = asked
	w.mu.Unlock()
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-asked:
			case <-ctx.Done():
				return
			}
			w.check(ctx, a)
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
