// Single flight: one making of a page at a time in this process.

package cache

import (
	"context"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
)

// A flight is one making of a page, which any number of requests wait for.
// Once it has begun it does not end with the request that caused it; before,
// it is dropped when no request waits for it any more. Once it has landed no
// request waits; what is left to do then is between it and the store.
type flight struct {
	done  chan struct{}    // closed when it has landed
	over  chan struct{}    // closed when nothing is left to do
	began coherence.Moment // of purges after it, the outcome may know nothing
	once  sync.Once
	cause context.Context // of the request that began it; only observers may look at it

	load func(context.Context) (any, error) // of a value, set by what flies it; nil for a page

	ctx  context.Context // ends when it is dropped
	drop context.CancelFunc

	// For the holder of flights.mu.
	last    *flight // of the same page, which had landed when this one was joined; nil: none
	waiting int     // requests
	begun   bool    // or flown in any case
	dropped bool
	gone    bool // it is over

	// The outcome, to be read once done is closed, and not changed after.
	item    *item // also beside an error: the last good one
	renewed bool  // the item was made, or found to hold, since the flight began
	made    bool  // by a generator, in this flight
	kept    bool  // the store has it
	err     error
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
	life   context.Context
	now    func() coherence.Moment
	mu     sync.Mutex
	under  map[id]*flight
	closed bool
	all    sync.WaitGroup
}

// fly finds the flight for a page, or begins one with fn, and waits until it has
// landed. It fails where the request goes away before.
func (f *flights) fly(ctx context.Context, k id, fn func(*flight)) (*flight, error) {
	fl, _ := f.join(ctx, k, true, fn)
	return fl, f.await(ctx, k, fl)
}

// join finds the flight for a page or begins one with fn, and says whether it
// began one. A flight that has landed is not joined: the next one begins when
// it is over. It fails once the cache is closed. A caller that waits is to call
// await; a flight that no request waits for is flown all the same.
func (f *flights) join(cause context.Context, k id, waits bool, fn func(*flight)) (*flight, bool) {
	began := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.under[k]
	if last != nil && !last.landed() {
		if waits {
			last.waiting++
		}
		return last, false
	}
	fl := &flight{done: make(chan struct{}), over: make(chan struct{}), began: began, cause: cause, last: last, begun: !waits}
	if waits {
		fl.waiting = 1
	}
	fl.ctx, fl.drop = context.WithCancel(f.life)
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
			fl.gone = true
			if f.under[k] == fl {
				delete(f.under, k)
			}
			f.mu.Unlock()
			fl.drop()
			fl.land()
			close(fl.over)
		}()
		if last != nil {
			select {
			case <-last.over:
			case <-fl.ctx.Done():
			}
			f.mu.Lock()
			fl.last = nil
			f.mu.Unlock()
		}
		fn(fl)
	})
	return fl, true
}

// begin says that work is about to be done, which is not to be wasted: from
// now on the flight is not dropped. It says false if it was before.
func (f *flights) begin(fl *flight) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.begun = fl.begun || !fl.dropped
	return fl.begun
}

// leave takes one request off a flight, which is dropped if it was the last
// and nothing has begun.
func (f *flights) leave(k id, fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.waiting--; fl.waiting > 0 || fl.begun || fl.dropped {
		return
	}
	fl.dropped = true
	if f.under[k] == fl {
		delete(f.under, k)
		if fl.last != nil && !fl.last.gone { // the next one has to wait for it in turn
			f.under[k] = fl.last
		}
	}
	fl.drop()
}

// wait lets no more flights begin and waits for those under way.
func (f *flights) wait() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.all.Wait()
}

// await waits for a flight; it fails where the request goes away before.
func (f *flights) await(ctx context.Context, k id, fl *flight) error {
	select {
	case <-fl.done:
		return nil
	case <-ctx.Done():
		f.leave(k, fl)
		return &gorgon.Error{Op: "get", Kind: gorgon.KindUnavailable, Err: context.Cause(ctx)}
	}
}

func stopping(k id) error {
	return &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.KindUnavailable, Message: "the server is stopping"}
}
