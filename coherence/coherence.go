// An instance: how it begins and ends, and what it does in the background.

package coherence

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Config says what an [Instance] works with. The zero Config is an instance
// that has no store and is alone.
type Config struct {
	Store pages.Store // default: none. The caller closes it after the Instance

	// Claim is called before the store is used, until it returns nil. Default:
	// nothing has to be said before.
	Claim func(ctx context.Context) error

	// Changed is called after every purge that becomes known, but for those of a
	// [Feed]. Default: nothing.
	Changed func()

	// Forward passes every purge on, to a CDN for example. Default: nothing.
	Forward func(ctx context.Context, subjects []string) error

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

func (c Config) withDefaults() Config {
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// An Instance is one of those that share a store, or one alone. It is safe for
// concurrent use.
type Instance struct {
	Store *Store // behind circuit breakers; nil without a store

	config Config
	feed   Feed   // nil for none
	name   string // among those that share the store
	ledger *ledger
	trust  trust
	reader reader
	checks checks
	nonces nonces

	listened sync.Once   // for the first that listens
	used     atomic.Bool // since keepUp looked
	life     context.Context
	stop     context.CancelFunc
	work     sync.WaitGroup
}

// Open makes an instance, which lives until the context ends or it is closed.
// It waits for the store, but not long: one that does not answer is found out
// before it is needed.
func Open(ctx context.Context, config Config) *Instance {
	i := &Instance{config: config.withDefaults(), name: rand.Text()}
	i.trust.born = i.config.Now()
	i.reader.slot, i.checks.slot = make(chan struct{}, 1), make(chan struct{}, 1)
	i.ledger = newLedger(i.config.Changed)
	i.life, i.stop = context.WithCancel(ctx)
	if config.Store == nil {
		return i
	}
	i.Store = newStore(i.life, i.config)
	i.Store.probe(true, i.Read)
	if i.Store.sequencer == nil {
		i.work.Go(i.keepUp)
		i.work.Go(i.watch)
	}
	i.work.Go(i.recover)
	return i
}

// Close ends the background work, waits for it, and lets purges no longer wait
// for this instance. It leaves the store open.
func (i *Instance) Close() {
	if i.feed != nil {
		i.feed.Close()
	}
	i.stop()
	i.work.Wait()
	if s := i.Store; s != nil && s.acknowledger != nil && s.sequencer == nil && !s.anyOpen() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(i.life), storeTimeout)
		defer cancel()
		_, _ = s.acknowledger.Acknowledge(ctx, i.name, 0, 0)
	}
}

// watch reads purges when the store says that there are any.
func (i *Instance) watch() {
	for i.life.Err() == nil {
		known := i.ledger.applied.Load()
		if i.Store.purges.Open() || i.Store.under.Wait(i.life, known) != nil || !i.Read() {
			pause(i.life, probeEvery/2)
		} else if i.ledger.applied.Load() == known {
			pause(i.life, probeEvery/50) // it woke for nothing, and may do so again
		}
	}
}

// keepUp reads purges often enough for memory to be relied on, for as long as
// the instance is used: an idle one leaves its store alone.
func (i *Instance) keepUp() {
	for pause(i.life, pages.Trust/4) {
		if i.used.Swap(false) && !i.Store.purges.Open() {
			i.Read()
		}
	}
}

// recover probes a store that failed until it answers again, so that no caller
// has to, and returns leases that could not be returned.
func (i *Instance) recover() {
	for pause(i.life, probeEvery) {
		if i.Store.anyOpen() {
			i.Store.probe(false, i.Read)
		}
		i.Store.returnLeases()
	}
}

// pause waits, and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
