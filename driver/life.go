// From Open to Close.

package driver

import (
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Grace is how long Close waits for calls, and then for the goodbyes of
// connections.
const Grace = time.Second

// A Life is the time from the opening of a store to its end. Make it with
// [NewLife].
type Life struct {
	open context.Context // ends when Close begins
	shut context.CancelFunc
	all  context.Context // ends when Close stops waiting for calls
	end  context.CancelFunc

	mu         sync.Mutex
	closed     bool
	calls      sync.WaitGroup
	background sync.WaitGroup
}

// NewLife begins the life of a store. It has the values of ctx, and does not end
// with it.
func NewLife(ctx context.Context) *Life {
	l := &Life{}
	l.all, l.end = context.WithCancel(context.WithoutCancel(ctx))
	l.open, l.shut = context.WithCancel(l.all)
	return l
}

// Open is a context that ends when Close begins.
func (l *Life) Open() context.Context { return l.open }

// Calls is a context that ends when Close no longer waits for calls.
func (l *Life) Calls() context.Context { return l.all }

// Closed says whether Close has begun.
func (l *Life) Closed() bool { return l.open.Err() != nil }

// Begin begins a call of the store: Close waits for it until end is called. The
// context that it returns also ends with the store. It fails with
// [pages.ErrClosed], or with the error of a context that has ended.
func (l *Life) Begin(ctx context.Context) (_ context.Context, end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, pages.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	l.calls.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.all, cancel)
	return ctx, func() {
		stop()
		cancel()
		l.calls.Done()
	}, nil
}

// Go runs work in the background; Close waits for it. It does nothing if the
// store is closed.
func (l *Life) Go(work func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.background.Go(work)
	}
}

// Pause waits, and says whether the store is still open.
func (l *Life) Pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.open.Done():
		return false
	}
}

// Close ends the life, and returns when everything has ended. Calls in progress
// have [Grace] to end. Then disconnect closes the connections; where that takes
// longer than Grace, because the server hangs and answers no goodbye, cut breaks
// them. A second Close has no effect.
func (l *Life) Close(disconnect, cut func()) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	l.mu.Unlock()
	l.shut()
	late := time.AfterFunc(Grace, l.end)
	l.calls.Wait()
	late.Stop()
	l.end()
	hangs := time.AfterFunc(Grace, cut)
	l.background.Wait()
	disconnect()
	hangs.Stop()
}
