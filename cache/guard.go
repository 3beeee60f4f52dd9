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
	storeTimeout = 5 * time.Second // of one call
	breakMin     = time.Second     // a breaker opens for this long …
	breakMax     = 30 * time.Second
	logWindow    = time.Minute // one line about one kind of fault
)

// errOpen is the answer while a breaker is open: the store is not asked.
var errOpen = errors.New("the store failed a moment ago and is not asked for now")

// A guard asks the store, and stops asking for a while when it fails. Reads,
// writes, leases and purges have a breaker each, since one may fail while the
// others work: a full or read-only disk can still be read, and a lease takes
// less room than a page.
type guard struct {
	pages.Store
	log    *slog.Logger
	now    func() time.Time
	reads  breaker
	writes breaker
	leases breaker
	purges breaker // reading of them; making one is always tried

	watcher   pages.Watcher   // nil where the store is none
	sequencer pages.Sequencer // likewise

	told    window // of faults
	corrupt window // of corrupt records
}

func newGuard(store pages.Store, log *slog.Logger, now func() time.Time) *guard {
	g := &guard{Store: store, log: log, now: now}
	g.watcher, _ = store.(pages.Watcher)
	g.sequencer, _ = store.(pages.Sequencer)
	return g
}

// A breaker opens when a call fails, for longer each time, and closes when
// one succeeds.
type breaker struct {
	broken atomic.Bool // wait is not zero

	mu     sync.Mutex
	wait   time.Duration // zero while closed
	until  time.Time
	trying bool // one was let through to see whether the store answers again
	reason string
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

// admits says whether the store may be asked. Of those who come once the wait
// is over one is let through; the others go on without the store.
func (b *breaker) admits(now time.Time) bool {
	if !b.broken.Load() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait == 0 {
		return true
	}
	if now.Before(b.until) {
		return false
	}
	b.until, b.trying = now.Add(storeTimeout), true
	return true
}

// failed opens the breaker. Calls that were under way together count once.
func (b *breaker) failed(now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait == 0 || b.trying {
		b.wait = min(max(b.wait*2, breakMin), breakMax)
		b.until, b.trying = now.Add(b.wait), false
	}
	b.reason = err.Error()
	b.broken.Store(true)
}

// succeeded closes the breaker, and says whether it was open.
func (b *breaker) succeeded() bool {
	if !b.broken.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken.Store(false)
	b.wait, b.trying, b.reason = 0, false, ""
	return true
}

func (b *breaker) state() (open bool, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wait > 0, b.reason
}

// ask makes one call, if the breaker admits it.
func (g *guard) ask(ctx context.Context, b *breaker, op string, call func(context.Context) error) error {
	if !b.admits(g.now()) {
		return errOpen
	}
	return g.try(ctx, b, op, call)
}

// try makes one call under a deadline. An answer that is no fault of the
// store, such as ErrNotFound, closes the breaker like any other.
func (g *guard) try(parent context.Context, b *breaker, op string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(parent, storeTimeout)
	defer cancel()
	err := call(ctx)
	switch {
	case !fault(err):
		if b.succeeded() && !g.broken() && g.told.end() {
			g.log.Info("the store answers again", "op", op)
		}
	case parent.Err() != nil: // we went away, not the store
	default:
		b.failed(g.now(), err)
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

// probe finds out whether the store can be written: at the start, so that
// operators hear of it before visitors cause a write, and after a failure.
func (g *guard) probe(ctx context.Context) {
	g.probeLeases(ctx)
	g.probeWrites(ctx)
}

var probeKey = pages.Key{Route: "_gorgon/probe"}

func (g *guard) probeLeases(ctx context.Context) {
	_ = g.ask(ctx, &g.leases, "probe", func(ctx context.Context) error {
		lease, err := g.Store.Lease(ctx, probeKey, time.Second)
		if err != nil {
			return err
		}
		return g.Store.Release(ctx, lease)
	})
}

func (g *guard) probeWrites(ctx context.Context) {
	_ = g.ask(ctx, &g.writes, "probe", func(ctx context.Context) error {
		if err := g.Store.Put(ctx, pages.Record{Key: probeKey}, pages.Fence{}); err != nil {
			return err
		}
		return g.Store.Delete(ctx, probeKey, pages.Fence{})
	})
}

// mend asks again whatever failed, as often as the breakers admit.
func (g *guard) mend(ctx context.Context) {
	if g.reads.broken.Load() {
		_ = g.ask(ctx, &g.reads, "probe", func(ctx context.Context) error {
			_, err := g.Store.Get(ctx, probeKey)
			return err
		})
	}
	if g.purges.broken.Load() {
		_ = g.ask(ctx, &g.purges, "probe", func(ctx context.Context) error {
			_, err := g.Store.Epochs(ctx)
			return err
		})
	}
	if g.leases.broken.Load() {
		g.probeLeases(ctx)
	}
	if g.writes.broken.Load() {
		g.probeWrites(ctx)
	}
}

// watches says whether the store tells of purges made elsewhere.
func (g *guard) watches() bool { return g.watcher != nil }

// broken says at a glance whether a breaker is open.
func (g *guard) broken() bool {
	return g.reads.broken.Load() || g.writes.broken.Load() || g.leases.broken.Load() || g.purges.broken.Load()
}

func (g *guard) degraded() (bool, string) {
	for _, b := range []*breaker{&g.reads, &g.writes, &g.leases, &g.purges} {
		if open, reason := b.state(); open {
			return true, reason
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

// put encodes and writes a record.
func (g *guard) put(ctx context.Context, e *pages.Entry, fence pages.Fence) (int, error) {
	data, err := e.Encode()
	if err != nil {
		return 0, err
	}
	return len(data), g.ask(ctx, &g.writes, "put", func(ctx context.Context) error {
		return g.Store.Put(ctx, pages.Record{Key: e.Key, Data: data}, fence)
	})
}
