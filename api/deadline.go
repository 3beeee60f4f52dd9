// The deadline of a Handle, which costs a timer only where something waits for
// it.

package api

import (
	"context"
	"sync"
	"time"
)

// A deadline is a context that ends at a time, as that of
// [context.WithDeadline] does. It starts a timer when it is first waited for,
// which a Handle that neither waits nor calls what waits never does. If its
// time has come and its parent has ended before it is asked, its error is the
// parent's.
type deadline struct {
	context.Context // the parent
	at              time.Time

	mu    sync.Mutex
	timed context.Context // nil until it is needed
	end   context.CancelFunc
	over  bool
}

func (d *deadline) Deadline() (time.Time, bool) {
	if at, ok := d.Context.Deadline(); ok && at.Before(d.at) {
		return at, true
	}
	return d.at, true
}

func (d *deadline) Done() <-chan struct{} { return d.waited().Done() }

func (d *deadline) Err() error {
	d.mu.Lock()
	idle := d.timed == nil && !d.over && d.Context.Err() == nil && time.Now().Before(d.at)
	d.mu.Unlock()
	if idle {
		return nil
	}
	return d.waited().Err()
}

// waited is the context with a timer.
func (d *deadline) waited() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.end = context.WithDeadline(d.Context, d.at)
		if d.over {
			d.end()
		}
	}
	return d.timed
}

// cancel ends the context before its time.
func (d *deadline) cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.end != nil {
		d.end()
	}
}
