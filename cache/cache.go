// Package cache answers requests for stored pages: from memory, else from the
// store, else from the seed, else by generating them.
//
// It knows freshness and asks package render for a new entry; it knows nothing
// of HTTP. What was purged, and whether that is known here, it learns from
// package coherence; what that means for a request, a table says (decide.go).
// Requests for one page share a single flight; a stale page is served
// immediately and revalidated in the background; a page that was being
// generated during a purge never undoes that purge; and pages are served
// whatever happens to the store.
package cache

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
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
	Owner    string      // of the store; entries with another owner are ignored. Default: any
	NoStore  string      // why there is no store, where one was wanted: answers say that they are degraded

	// Claim is called before the store is used, until it returns nil. Default:
	// nothing has to be said before.
	Claim func(ctx context.Context) error

	Bytes       int64         // bound of the memory tier. Default: 256 MiB
	StoreBounds pages.Bounds  // what a sweep leaves, every now and then. Default: 4 GiB, no bound per route
	NegativeFor time.Duration // how long this instance remembers a 404 or 410. Default: 60 s
	RetryMin    time.Duration // backoff after a first failed revalidation. Default: 3 s
	RetryMax    time.Duration // and at most. Default: 5 min

	// Prepare is called once for each entry that enters the memory tier; what
	// it returns comes with every Answer. Default: nothing.
	Prepare func(*pages.Entry) any

	// Feed makes purges of the commits of a database, through the instance that
	// it is given. Default: none.
	Feed func(*coherence.Instance) coherence.Feed

	// Settle is how long a page that a Feed purged is served as stale after it
	// was made, before it is made again: a busy table does not have its pages
	// made at every commit. Default: 100 ms; below 0: not at all.
	Settle time.Duration

	// CDN passes every purge on to a CDN. Default: none.
	CDN func(ctx context.Context, subjects []string) error

	// NoSweep disables sweeps: another process keeps the store within its
	// bounds.
	NoSweep bool

	// Attend has a value of a cache that is out of date loaded again before it is
	// returned: for targets that stop a process between requests, so that there
	// is no time to do it in the background. Default: in the background.
	Attend bool

	// Observe is called whenever a page is generated. Default: nothing.
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
	set(&c.Settle, 100*time.Millisecond)
	set(&c.RetryMin, 3*time.Second)
	set(&c.RetryMax, 5*time.Minute)
	for _, d := range []*time.Duration{&c.NegativeFor, &c.RetryMin, &c.RetryMax} {
		*d = min(*d, pages.Century)
	}
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
	item     *item
	Stored   bool // State is Made, and the store has it
	Expired  bool // State is Made, in place of an entry that could no longer be served
	Degraded bool // the store cannot be used now

	// Work is closed when the background work that the request caused has
	// ended: regenerating the page, and writing it to the store. Programs that
	// must not be stopped before that wait for it. nil: there is no such work,
	// or another request waits for it.
	Work <-chan struct{}
}

// A Demand is what a request requires of the cache besides the page.
type Demand struct {
	// Passive is for prefetches and HEAD: they never cause a revalidation of
	// an entry that exists.
	Passive bool

	// Token is the epoch of a purge that the visitor knows of. A copy that was
	// purged by then is not served, not even as stale. 0: none.
	Token uint64

	// Renew waits for a new version of what is out of date. Default: the request
	// is answered with the old one where that may be served.
	Renew bool

	load func(ctx context.Context) (any, error) // of a value; nil for a page
}

// A Cache is the memory tier with all that keeps it true. It is safe for
// concurrent use. Close ends its background work.
type Cache struct {
	config    Config
	coherence *coherence.Instance
	memory    memory
	caches    viewctx.Caches // the app's
	negative  *negatives
	records   *records // nil without a store
	sources   *sources
	flights   *flights
	maker     *maker
	life      context.Context
	stop      context.CancelFunc
	work      sync.WaitGroup
}

// New returns a cache and starts its background work.
func New(config Config) (*Cache, error) {
	c := &Cache{config: config.withDefaults(), negative: newNegatives()}
	definitions := config.Renderer.App.CacheDefinitions()
	var err error
	c.memory, err = newMemory(c.config.Bytes, slices.ContainsFunc(definitions, func(d *gorgon.Definition) bool { return d.Priority }))
	if err != nil {
		return nil, &gorgon.Error{Op: "open cache", Err: err}
	}
	c.caches = viewctx.Caches{}
	for _, d := range definitions {
		c.caches[d.Cache] = &values{cache: c, page: d, paths: d.NewPaths(), note: render.NoteValue}
	}
	c.life, c.stop = context.WithCancel(c.Context(context.Background()))
	c.coherence = coherence.Open(c.life, coherence.Config{
		Store: config.Store, Claim: config.Claim, Changed: c.negative.forget, Forward: config.CDN, Log: c.config.Log, Now: c.config.Now,
	})
	if config.Feed != nil {
		c.coherence.Follow(config.Feed(c.coherence))
	}
	c.records = newRecords(c.coherence.Store, &c.config)
	c.sources = &sources{config: &c.config, coherence: c.coherence, records: c.records}
	c.flights = &flights{life: c.life, now: c.coherence.Now}
	c.maker = &maker{
		config: &c.config, coherence: c.coherence, memory: c.memory, negative: c.negative,
		records: c.records, sources: c.sources, flights: c.flights, life: c.life,
	}
	if c.records != nil && !config.NoSweep {
		c.work.Go(func() { c.records.sweep(c.life, &c.config) })
	}
	return c, nil
}

// Close ends the background work and waits for it. It leaves the store open.
func (c *Cache) Close() error {
	c.stop()
	c.flights.wait()
	c.work.Wait()
	c.coherence.Close()
	c.maker.failures.Close()
	c.memory.close()
	return nil
}

// Coherence is the instance that keeps the cache true to purges, for others that
// hold something in memory.
func (c *Cache) Coherence() *coherence.Instance { return c.coherence }

// Degraded reports whether the store is unavailable now, and why.
func (c *Cache) Degraded() (bool, string) {
	if c.records == nil {
		return c.config.NoStore != "", c.config.NoStore
	}
	return c.coherence.Store.Degraded()
}

func (c *Cache) now() time.Time { return c.config.Now() }

// State says how the cache is now. Whether the server has started, others know.
func (c *Cache) State() metrics.State {
	s := metrics.State{StoreRefused: c.maker.refused.Load()}
	s.MemoryBytes, s.MemoryEntries = c.memory.size()
	s.MemoryBound, s.Evicted, s.Purged = c.config.Bytes, c.memory.evicted.Load(), c.coherence.Purged()
	admitted := c.config.Renderer.Admission()
	s.Running, s.Waiting = int64(admitted.Running), int64(admitted.Waiting)
	s.Refused, s.Dropped = admitted.Refused, admitted.Dropped
	for route, a := range c.config.Renderer.Admissions() {
		s.Gates = append(s.Gates, metrics.Gate{Route: route, Width: a.Width, Running: a.Running, Waiting: a.Waiting, Refused: a.Refused, Dropped: a.Dropped})
	}
	slices.SortFunc(s.Gates, func(a, b metrics.Gate) int { return strings.Compare(a.Route, b.Route) })
	s.Degraded, _ = c.Degraded()
	if c.records != nil {
		s.StoreFaults = c.coherence.Store.Faults()
	}
	return s
}
