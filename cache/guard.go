// The store behind a breaker: its faults become absences.

package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	storeTimeout = 2 * time.Second // of one call …
	writeTimeout = 5 * time.Second // … that may carry much
	probeTimeout = time.Second     // of what only finds out whether it answers
	mendEvery    = time.Second / 2 // a store that failed is asked again
	logWindow    = time.Minute     // one line about one kind of fault
)

// errOpen is the answer while a breaker is open: the store is not asked.
var errOpen = errors.New("the store failed a moment ago and is not asked for now")

// errBusy is the answer while the store has too much to write.
var errBusy = errors.New("the store is slower than what is written to it")

// A guard asks the store, and stops asking when it fails. Reads, writes,
// leases and purges have a breaker each, since one may fail while the others
// work: a full or read-only disk can still be read, and a lease takes less
// room than a page. While a breaker is open no visitor's request tries the
// store; mend does, and closes it.
type guard struct {
	pages.Store
	log    *slog.Logger
	now    func() time.Time
	reads  breaker
	writes breaker
	leases breaker
	purges breaker // reading of them; making one is always tried

	watcher      pages.Watcher      // nil where the store is none
	sequencer    pages.Sequencer    // likewise
	acknowledger pages.Acknowledger // likewise

	faults  atomic.Uint64 // times that the store became unusable
	told    window        // of faults
	corrupt window        // of corrupt records
}

func newGuard(store pages.Store, log *slog.Logger, now func() time.Time) *guard {
	g := &guard{Store: store, log: log, now: now}
	g.watcher, _ = store.(pages.Watcher)
	g.sequencer, _ = store.(pages.Sequencer)
	g.acknowledger, _ = store.(pages.Acknowledger)
	return g
}

// A breaker opens when a call fails and closes when one succeeds.
type breaker struct {
	broken atomic.Bool
	reason atomic.Value // string
}

func (b *breaker) open(err error) {
	b.reason.Store(err.Error())
	b.broken.Store(true)
}

// A window lets one line about a fault into the log, and one about its end.
type window struct {
	mu   sync.Mutex
	last time.Time
	open bool // a fault was told, and not yet its end
}

// fault says whether to tell of a fault.
func (w *window) fault(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.last.IsZero() && now.Sub(w.last) < logWindow {
		return false
	}
	w.last, w.open = now, true
	return true
}

// end says whether to tell that a fault is over.
func (w *window) end() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.open
	w.open = false
	return was
}

// ask makes one call, if the breaker is closed.
func (g *guard) ask(ctx context.Context, b *breaker, op string, call func(context.Context) error) error {
	if b.broken.Load() {
		return errOpen
	}
	return g.try(ctx, b, op, g.patience(b), call)
}

// patience is how long a call may take.
func (g *guard) patience(b *breaker) time.Duration {
	if b == &g.writes {
		return writeTimeout
	}
	return storeTimeout
}

// try makes one call under a deadline. An answer that is no fault of the
// store, such as ErrNotFound, closes the breaker like any other.
func (g *guard) try(parent context.Context, b *breaker, op string, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	err := call(ctx)
	switch {
	case !fault(err):
		if b.broken.CompareAndSwap(true, false) && !g.broken() && g.told.end() {
			g.log.Info("the store answers again", "op", op)
		}
	case parent.Err() != nil: // we went away, not the store
	default:
		if !g.broken() {
			g.faults.Add(1) // several calls may fail at once: about
		}
		b.open(err)
		// One cause opens several breakers; it is told once.
		if g.told.fault(g.now()) {
			g.log.Warn("the store cannot be used; pages go on without it", "op", op, "err", err)
		}
	}
	return err
}

func fault(err error) bool {
	return err != nil && !errors.Is(err, pages.ErrNotFound) && !errors.Is(err, pages.ErrCorrupt) &&
		!errors.Is(err, pages.ErrFenced) && !errors.Is(err, pages.ErrHeld)
}

var probeKey = pages.Key{Route: "_gorgon/probe"}

// probe finds out whether the store can be used: at the start, so that
// operators hear of it before visitors do, and what is broken after a failure.
// Purges are asked for by hear, which enters them too.
func (g *guard) probe(ctx context.Context, all bool, hear func() bool) {
	var work sync.WaitGroup
	defer work.Wait()
	try := func(b *breaker, call func(context.Context) error) {
		if all || b.broken.Load() {
			work.Go(func() { _ = g.try(ctx, b, "probe", probeTimeout, call) })
		}
	}
	if all || g.purges.broken.Load() {
		work.Go(func() {
			// First something that is soon answered or never: to read many
			// purges may take its time.
			err := g.try(ctx, &g.purges, "probe", probeTimeout, func(ctx context.Context) error {
				_, err := g.Store.Epochs(ctx)
				return err
			})
			if !fault(err) {
				hear()
			}
		})
	}
	try(&g.reads, func(ctx context.Context) error {
		_, err := g.Store.Get(ctx, probeKey)
		return err
	})
	try(&g.leases, func(ctx context.Context) error {
		lease, err := g.Store.Lease(ctx, probeKey, mendEvery/5) // shorter than until the next probe, should it not be given back
		if err != nil {
			return err
		}
		return g.Store.Release(ctx, lease)
	})
	try(&g.writes, func(ctx context.Context) error {
		if err := g.Store.Put(ctx, pages.Record{Key: probeKey}, pages.Fence{}); err != nil {
			return err
		}
		return g.Store.Delete(ctx, probeKey, pages.Fence{})
	})
}

// broken says at a glance whether a breaker is open.
func (g *guard) broken() bool {
	return g.reads.broken.Load() || g.writes.broken.Load() || g.leases.broken.Load() || g.purges.broken.Load()
}

func (g *guard) degraded() (bool, string) {
	for _, b := range []*breaker{&g.reads, &g.writes, &g.leases, &g.purges} {
		if b.broken.Load() {
			return true, b.reason.Load().(string)
		}
	}
	return false, ""
}

// get reads and decodes a record. Whatever is wrong with it, it is a miss;
// the error says why.
func (g *guard) get(ctx context.Context, key pages.Key) (*pages.Entry, error) {
	var entry *pages.Entry
	err := g.ask(ctx, &g.reads, "get", func(ctx context.Context) error {
		record, err := g.Store.Get(ctx, key)
		if err != nil {
			return err
		}
		if entry, err = pages.Decode(record.Data); err == nil && entry.Key != key {
			err = pages.ErrCorrupt
		}
		return err
	})
	if errors.Is(err, pages.ErrCorrupt) && g.corrupt.fault(g.now()) {
		g.log.Warn("a record in the store is corrupt; the page is made again", "page", key.String(), "err", err)
	}
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// put encodes and writes a record, or deletes the one there is where the entry
// is nil. It returns how many bytes were written.
func (g *guard) put(ctx context.Context, key pages.Key, e *pages.Entry, fence pages.Fence) (int, error) {
	if e == nil {
		return 0, g.ask(ctx, &g.writes, "delete", func(ctx context.Context) error {
			return g.Store.Delete(ctx, key, fence)
		})
	}
	data, err := e.Encode()
	if err != nil {
		return 0, err
	}
	err = g.ask(ctx, &g.writes, "put", func(ctx context.Context) error {
		return g.Store.Put(ctx, pages.Record{Key: key, Data: data}, fence)
	})
	if err != nil {
		return 0, err
	}
	return len(data), nil
}
