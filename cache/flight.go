// Single flight: one making of a page at a time in this process.

package cache

import (
	"context"
	"sync"

	"github.com/gorgon-go/gorgon"
)

// A flight is one making of a page, which any number of requests wait for.
// It does not end with the request that began it. Once it has landed nobody
// waits any more; what is left to do then is between it and the store.
type flight struct {
	done   chan struct{} // closed when it has landed
	over   chan struct{} // closed when nothing is left to do
	began  uint64        // the ledger's version then: of purges after it, the outcome may know nothing
	number uint64        // of the flights of this cache
	once   sync.Once
	cause  context.Context // of the request that began it; only observers may look at it

	// The outcome, to be read once done is closed, and not changed after.
	item *item // also beside an error: the last good one
	news bool  // the item was made, or found to hold, since the flight began
	made bool  // by a generator, in this flight
	kept bool  // the store has it
	err  error
}

// land lets those who wait have the outcome.
func (fl *flight) land() { fl.once.Do(func() { close(fl.done) }) }

func (fl *flight) landed() bool {
	select {
	case <-fl.done:
		return true
	default:
		return false
	}
}

type flights struct {
	mu     sync.Mutex
	under  map[id]*flight
	number uint64 // of the last one that began
	closed bool
	all    sync.WaitGroup
}

// join finds the flight for a page or begins one with fn, as of a version of
// the ledger. One that has landed is not joined: the next one begins when it
// is over. It fails once the cache is closed.
func (f *flights) join(cause context.Context, k id, version uint64, fn func(*flight)) (*flight, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.under[k]
	if last != nil && !last.landed() {
		return last, false
	}
	f.number++
	fl := &flight{done: make(chan struct{}), over: make(chan struct{}), began: version, number: f.number, cause: cause}
	if f.closed {
		fl.err = stopping(k)
		close(fl.done)
		return fl, false
	}
	if f.under == nil {
		f.under = map[id]*flight{}
	}
	f.under[k] = fl
	f.all.Go(func() {
		defer func() {
			f.mu.Lock()
			if f.under[k] == fl {
				delete(f.under, k)
			}
			f.mu.Unlock()
			fl.land()
			close(fl.over)
		}()
		if last != nil {
			<-last.over
		}
		fn(fl)
	})
	return fl, true
}

// last is the number of the flight that began last.
func (f *flights) last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.number
}

// busy says whether a page is being made.
func (f *flights) busy(k id) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := f.under[k]
	return fl != nil && !fl.landed()
}

// wait lets no more flights begin and waits for those under way.
func (f *flights) wait() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.all.Wait()
}

// wait waits for the flight; it fails where the request goes away before.
func (fl *flight) wait(ctx context.Context) error {
	select {
	case <-fl.done:
		return nil
	case <-ctx.Done():
		return &gorgon.Error{Op: "get", Kind: gorgon.Unavailable, Err: context.Cause(ctx)}
	}
}

func stopping(k id) error {
	return &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.Unavailable, Message: "the server is stopping"}
}
