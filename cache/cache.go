// Package cache answers for kept pages: from memory, else from the store,
// else from the seed, else by making them.
//
// It knows freshness and asks package render for a new entry; it knows
// nothing of HTTP. Any number of requests for one page make it once; a stale
// page is answered at once and made again behind; a purge is never undone by
// a page that was being made meanwhile; and whatever happens to the store,
// the pages go on.
package cache

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// A Seed is what the build made; package seed has it.
type Seed interface {
	// Entry fails with pages.ErrNotFound for a page that is not in it.
	Entry(key pages.Key) (*pages.Entry, error)
}

// Config says what a [Cache] works with. Only Renderer is needed.
type Config struct {
	Renderer *render.Renderer
	Seed     Seed        // default: none
	Store    pages.Store // default: none; what is made stays in memory. The caller closes it after the Cache
	NoStore  string      // why there is no store, where one was wanted: answers say that they are degraded

	Bytes       int64         // bound of the memory tier. Default: 256 MiB
	StoreBounds pages.Bounds  // kept by sweeping. Default: 4 GiB, no bound per route
	NegativeFor time.Duration // how long a 404 or 410 is remembered. Default: 60 s
	RetryMin    time.Duration // back-off after a first failed refresh. Default: 3 s
	RetryMax    time.Duration // and at most. Default: 5 min

	// Prepare is called once for each entry that enters the memory tier; what
	// it returns comes with every Answer. Default: nothing.
	Prepare func(*pages.Entry) any

	// CDN is told of every purge. Default: none.
	CDN func(ctx context.Context, subjects []string) error

	// NoSweep leaves it to others to keep the store within its bounds.
	NoSweep bool

	// Observe is told whenever a page is made. Default: nobody.
	Observe metrics.Observer

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

func (c Config) withDefaults() Config {
	set(&c.Bytes, 256<<20)
	if c.StoreBounds == (pages.Bounds{}) {
		c.StoreBounds.Bytes = 4 << 30
	}
	set(&c.NegativeFor, time.Minute)
	set(&c.RetryMin, 3*time.Second)
	set(&c.RetryMax, 5*time.Minute)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// A State says how fresh an answer is.
type State uint8

const (
	Fresh State = iota
	Stale       // served at once; it is being made again, or will be
	Made        // made for this request, or for others that waited with it
)

func (s State) String() string { return [...]string{"fresh", "stale", "made"}[s] }

// An Answer is an entry and how it came about.
type Answer struct {
	Entry    *pages.Entry
	Prepared any // what Config.Prepare made of the entry
	State    State
	Stored   bool // State is Made, and the store has it
	Expired  bool // State is Made, in place of an entry that could no longer be served
	Degraded bool // the store cannot be used now

	// Work is closed once what goes on behind the answer is over: making the
	// page again, and bringing it to the store. It is for who must not be
	// stopped before. nil: nothing does, or others wait for it.
	Work <-chan struct{}
}

// A Demand is what a request asks of the cache besides the page.
type Demand struct {
	// Passive reads never cause a refresh of an entry that exists:
	// prefetches, and HEAD.
	Passive bool

	// Token is the epoch of a purge that the visitor knows of. What was
	// purged by then is no answer, not even a stale one. 0: none.
	Token uint64
}

// A Cache is the memory tier with all that keeps it true. It is safe for
// concurrent use. Close ends its background work.
type Cache struct {
	config   Config
	memory   *otter.Cache[id, *item]
	negative *negatives
	told     *negatives // which pages' failures were logged a moment ago
	ledger   *ledger
	store    *guard // nil without a store
	flights  flights

	name    string        // of this instance, among those that share the store
	trust   trust         // of what is known of purges
	hearing hearing       // of purges
	checks  checks        // of what was purged of single items
	visited atomic.Bool   // somebody asked for a page since keepUp looked
	owed    owed          // leases to give back
	behind  chan struct{} // a slot for each refresh behind a visitor's back
	writing chan struct{} // a slot for each record that is on its way to the store
	written atomic.Int64  // bytes put since the last sweep
	refused atomic.Uint64 // records that the fence refused
	life    context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// id is a key in memory; the page's pointer stands for its pattern.
type id struct {
	page   *gorgon.Definition
	path   string
	locale string
}

func (i id) key() pages.Key { return pages.Key{Route: i.page.Path, Path: i.path, Locale: i.locale} }

// maxBehind is how many refreshes run behind visitors' backs at once; one
// more waits for the next request that finds its page stale.
const maxBehind = 64

// maxWriting is how many records are on their way to the store at once; one
// that finds no slot in time stays in memory alone.
const maxWriting = 128

// New makes a cache and starts what it does by itself.
func New(config Config) (*Cache, error) {
	c := &Cache{config: config.withDefaults(), name: rand.Text(), behind: make(chan struct{}, maxBehind), writing: make(chan struct{}, maxWriting)}
	c.trust.born = c.now()
	c.hearing.slot, c.checks.slot = make(chan struct{}, 1), make(chan struct{}, 1)
	memory, err := otter.New(&otter.Options[id, *item]{
		MaximumWeight: uint64(c.config.Bytes),
		Weigher:       func(k id, i *item) uint32 { return uint32(min(int64(i.weight(k)), 1<<32-1)) },
	})
	if err != nil {
		return nil, &gorgon.Error{Op: "open cache", Err: err}
	}
	c.memory = memory
	c.negative, c.told = newNegatives(), newNegatives()
	c.ledger = newLedger(c.negative.forget)
	c.life, c.stop = context.WithCancel(context.Background())
	if config.Store != nil {
		c.store = newGuard(config.Store, c.config.Log, c.config.Now)
		c.store.probe(c.life, true, func() bool { return c.hear(0, true) })
		if c.store.sequencer == nil {
			c.work.Go(c.keepUp)
			if c.store.watcher != nil {
				c.work.Go(c.watch)
			}
		}
		c.work.Go(c.mend)
		if !config.NoSweep {
			c.work.Go(c.sweep)
		}
	}
	return c, nil
}

// Close ends the background work and waits for it. It leaves the store open.
func (c *Cache) Close() error {
	c.stop()
	c.flights.wait()
	c.work.Wait()
	if c.store != nil {
		c.leave()
	}
	c.memory.StopAllGoroutines()
	return nil
}

// Degraded says whether the store cannot be used now, and why.
func (c *Cache) Degraded() (bool, string) {
	if c.store == nil {
		return c.config.NoStore != "", c.config.NoStore
	}
	return c.store.degraded()
}

func (c *Cache) now() time.Time { return c.config.Now() }
