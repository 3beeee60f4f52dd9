// Making a page, and making it again.

package cache

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// refresh makes a page again behind the visitor's back, unless that is under
// way or too much else is. It returns what is closed once that is over; nil
// where nothing was begun.
func (c *Cache) refresh(cause context.Context, k id, old *item) <-chan struct{} {
	if c.flights.busy(k) {
		return nil
	}
	select {
	case c.behind <- struct{}{}:
	default:
		return nil
	}
	fl, began := c.join(cause, k, func(fl *flight) {
		defer func() { <-c.behind }()
		c.renew(fl, k, old, renewal{})
	})
	if !began {
		<-c.behind
		return nil
	}
	return fl.over
}

// A renewal says for whom a page is made.
type renewal struct {
	waited bool // visitors wait for it
	anew   bool // what is there may have been purged, and nobody can tell: it has to be made
}

// renew makes a page: one instance at a time, fenced against purges. Where
// visitors wait, and another instance holds the lease, it waits for what that
// one makes; otherwise it leaves it to it.
func (c *Cache) renew(fl *flight, k id, old *item, r renewal) {
	ctx := c.life
	// Another flight may have ended since the request looked.
	if i, ok := c.memory.GetIfPresent(k); ok && i != old && !r.anew {
		old = i
		c.check(i)
		if phase := i.phase(c.now(), c.ledger.judge(i)); phase == fresh || c.resting(i, c.now()) {
			fl.item, fl.news = i, phase == fresh
			return
		}
	}
	fl.item = old
	lease, held := c.lease(ctx, k)
	if held && !r.waited {
		// It may hold the lease only to look at what a third one made.
		if i := c.newer(ctx, k, old); i != nil {
			c.adopt(fl, k, i)
		}
		return
	}
	if held {
		var i *item
		if i, lease = c.await(ctx, k, old); i != nil {
			c.adopt(fl, k, i)
			return
		}
	}
	if c.store != nil {
		defer func() {
			fl.land()
			c.release(lease)
		}()
		// Another instance may have made it before we had the lease.
		if i := c.newer(ctx, k, old); i != nil && !r.anew {
			c.adopt(fl, k, i)
			return
		}
	}

	known := c.ledger.applied.Load()
	epoch, negative, began := c.epoch(), c.negative.epoch.Load(), c.now()
	if old != nil {
		c.check(old) // it may have been purged since the request looked
	}
	making, end := c.observe(ctx, fl, k)
	if old != nil && !r.anew && !old.missing() && k.page.ShouldRevalidate != nil && c.holds(old) && !old.foreign && old.phase(began, good) == stale {
		yes, err := c.config.Renderer.ShouldRevalidate(making, k.page, old.entry)
		if err != nil {
			end("", err)
			c.backOff(fl, k, old, tried{epoch, began}, known, lease, err)
			return
		}
		if !yes {
			end(metrics.Unchanged, nil)
			c.rearm(fl, k, old, known, lease)
			return
		}
	}
	task := render.Task{Page: k.page, Path: k.path, Locale: k.locale, Epoch: epoch}
	if old != nil && !old.missing() {
		task.Old = old.entry
	}
	entry, err := c.config.Renderer.Make(making, task)
	end(metrics.Made, err)
	switch kind := gorgon.KindOf(err); {
	case err == nil:
		c.keep(fl, k, entry, lease)
	case kind == gorgon.Missing || kind == gorgon.Removed:
		fl.err = err
		c.remove(fl, k, old, kind, tried{epoch, began}, negative, lease)
	default:
		c.backOff(fl, k, old, tried{epoch, began}, known, lease, err)
	}
}

// adopt takes what another instance made.
func (c *Cache) adopt(fl *flight, k id, i *item) {
	c.memory.Set(k, i)
	fl.item, fl.news = i, !c.resting(i, c.now())
}

// keep writes a new entry to the store and to memory. One that the fence
// refuses still answers those who wait for it, and is stale from the start.
func (c *Cache) keep(fl *flight, k id, e *pages.Entry, lease pages.Lease) {
	i := c.newItem(e)
	fl.item, fl.news, fl.made = i, true, true
	c.memory.Set(k, i)
	if c.store == nil {
		return
	}
	err := c.write(fl, e.Key, e, pages.Fence{Subjects: e.Subjects(), Epoch: e.Epoch, Token: lease.Token})
	if errors.Is(err, pages.ErrFenced) {
		c.refused.Add(1)
		c.hear(0, true)
		c.check(i)
		if c.ledger.judge(i) == good { // its lease was taken over: the store has another version
			c.memory.Invalidate(k)
			if !fl.landed() {
				other := c.newItem(e)
				other.foreign = true
				fl.item = other
			}
		}
	}
}

// write puts an entry into the store, or takes it out where there is none.
// Those who wait for the flight wait for that too, but not long: then the
// flight lands with what it has. Where the store takes up fewer entries than
// are made, some are kept in memory alone.
func (c *Cache) write(fl *flight, key pages.Key, e *pages.Entry, fence pages.Fence) error {
	patience := time.AfterFunc(writePatience, fl.land)
	select {
	case c.writing <- struct{}{}:
	case <-fl.done:
		return errBusy
	}
	n, err := c.store.put(c.life, key, e, fence)
	<-c.writing
	c.written.Add(int64(n))
	if patience.Stop() {
		fl.kept = err == nil
	} else {
		<-fl.done // the timer's land may still be under way
	}
	return err
}

// writePatience is how long a visitor waits for a page to be stored after it
// was made.
const writePatience = 500 * time.Millisecond

// replace puts a changed copy of what there is into memory and store.
func (c *Cache) replace(fl *flight, k id, old *item, e *pages.Entry, t tried, lease pages.Lease) {
	i := c.newItem(e)
	// The copy of a page of the seed is judged like the seed's own until it
	// has an epoch.
	i.seeded, i.foreign, i.tried = old.seeded && e.Epoch == 0, old.foreign, t
	c.memory.Set(k, i)
	fl.item = i
	// Without the lease it could take the place of a newer version.
	if c.store != nil && lease.Token != 0 {
		_ = c.write(fl, e.Key, e, pages.Fence{Token: lease.Token})
	}
}

// rearm starts the interval of an entry anew, whose page said that it need
// not be made again.
func (c *Cache) rearm(fl *flight, k id, old *item, known uint64, lease pages.Lease) {
	fl.item = old
	if k.page.RevalidateAfter == 0 && old.entry.Failures == 0 {
		return // it is asked at every request; there is no interval
	}
	e := *old.entry
	e.Failures, e.RetryAt, e.Failure = 0, time.Time{}, ""
	e.Epoch = max(e.Epoch, known) // it was judged good as of then
	if k.page.RevalidateAfter > 0 {
		render.Schedule(&e, k.page, c.now())
		fl.news = true
	}
	c.replace(fl, k, old, &e, tried{}, lease)
}

// holds says whether an item is known not to have been purged.
func (c *Cache) holds(i *item) bool {
	return (c.store == nil || c.known(i)) && c.ledger.judge(i) == good
}

// backOff keeps the old entry and says when the next try is due.
func (c *Cache) backOff(fl *flight, k id, old *item, t tried, known uint64, lease pages.Lease, err error) {
	fl.err = err
	if c.life.Err() != nil {
		fl.err = stopping(k) // that is nobody's failure
		return
	}
	failures := 1
	if old != nil {
		failures = old.entry.Failures + 1
	}
	wait := c.config.RetryMin
	for n := 1; n < failures && wait < c.config.RetryMax; n++ {
		wait *= 2
	}
	wait = time.Duration(float64(min(wait, c.config.RetryMax)) * (0.9 + 0.2*rand.Float64()))
	if old == nil {
		// There is nothing to put the next try off with: each request tries.
		if _, told := c.told.get(k, c.now()); !told {
			c.told.put(k, gorgon.Internal, c.now().Add(logWindow), c.told.epoch.Load())
			c.config.Log.Error("a page could not be made", "page", k.key().String(), "err", err)
		}
		return
	}
	c.config.Log.Error("a page could not be made", "page", k.key().String(), "failures", failures, "retry", wait.Round(time.Millisecond), "err", err)
	e := *old.entry
	e.Failures, e.RetryAt, e.Failure = failures, c.now().Add(wait), safeFailure(err)
	if old.seeded && c.holds(old) {
		e.Epoch = known
	}
	if old.foreign {
		e.FreshUntil = e.MadeAt // it bears this build's name now, and is stale all the same
	}
	c.replace(fl, k, old, &e, t, lease)
}

// safeFailure is the first line of an error, bounded: a stack trace has no
// place in an entry.
func safeFailure(err error) string {
	s := err.Error()
	for i, r := range s {
		if r == '\n' || i > 500 {
			return s[:i]
		}
	}
	return s
}

// remove forgets a page that its generator says does not exist. That is
// recorded only for a page of the seed, or one that the store would not let go
// of, since they would come back; for any other path nothing is, however many
// are asked for.
func (c *Cache) remove(fl *flight, k id, old *item, kind gorgon.Kind, t tried, negative uint64, lease pages.Lease) {
	until := c.now().Add(c.config.NegativeFor)
	c.memory.Invalidate(k)
	c.negative.put(k, kind, until, negative)
	if _, listed := c.fromSeed(k); !listed {
		if old == nil || c.store == nil {
			return
		}
		err := c.write(fl, k.key(), nil, pages.Fence{Token: lease.Token})
		if err == nil || errors.Is(err, pages.ErrFenced) {
			return
		}
	}
	stone := &pages.Entry{
		Key: k.key(), Build: c.config.Renderer.Build, Status: kind.Status(), Header: http.Header{},
		MadeAt: t.at, ModifiedAt: t.at, FreshUntil: until, StaleUntil: until, Epoch: t.epoch,
	}
	if c.store != nil {
		err := c.write(fl, stone.Key, stone, pages.Fence{Subjects: stone.Subjects(), Epoch: t.epoch, Token: lease.Token})
		if errors.Is(err, pages.ErrFenced) {
			return
		}
	}
	c.memory.Set(k, c.newItem(stone))
}

// lease takes the right to make a page. Without a store, or with one that
// fails, every instance has it.
func (c *Cache) lease(ctx context.Context, k id) (lease pages.Lease, held bool) {
	if c.store == nil {
		return pages.Lease{}, false
	}
	ttl := k.page.Timeout + storeTimeout
	if k.page.ShouldRevalidate != nil {
		ttl += k.page.Timeout
	}
	err := c.store.ask(ctx, &c.store.leases, "lease", func(ctx context.Context) (err error) {
		lease, err = c.store.Lease(ctx, k.key(), ttl)
		return err
	})
	if err != nil {
		return pages.Lease{}, errors.Is(err, pages.ErrHeld)
	}
	return lease, false
}

// release gives a lease back, also while the cache stops. Others wait for it,
// so the store is asked whether its breaker is open or not, and once more when
// it answers again.
func (c *Cache) release(lease pages.Lease) {
	if lease.Token == 0 {
		return
	}
	err := c.store.try(context.WithoutCancel(c.life), &c.store.leases, "release", storeTimeout, func(ctx context.Context) error {
		return c.store.Release(ctx, lease)
	})
	if fault(err) {
		c.owed.add(lease)
	}
}

// owed are leases that could not be given back.
type owed struct {
	mu     sync.Mutex
	leases []pages.Lease
}

// maxOwed bounds them; what is too much runs out by itself.
const maxOwed = 1000

func (o *owed) add(lease pages.Lease) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.leases) < maxOwed {
		o.leases = append(o.leases, lease)
	}
}

func (o *owed) take() []pages.Lease {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.leases
	o.leases = nil
	return all
}

// giveBack gives back what is owed, once leases can be given back.
func (c *Cache) giveBack() {
	for _, lease := range c.owed.take() {
		if c.store.leases.broken.Load() {
			c.owed.add(lease)
		} else if c.now().Before(lease.Until) {
			c.release(lease)
		}
	}
}

// How often another instance's work is looked for: the more often the shorter
// it has been waited for.
const (
	awaitMin = 5 * time.Millisecond
	awaitMax = 80 * time.Millisecond
)

// await waits for what another instance makes, or until its lease is free or
// has run out, and then has the lease itself. With neither, the store fails.
func (c *Cache) await(ctx context.Context, k id, old *item) (*item, pages.Lease) {
	began := c.now()
	for wait := awaitMin; pause(ctx, wait); wait = min(max(c.now().Sub(began)/10, awaitMin), awaitMax) {
		if i := c.newer(ctx, k, old); i != nil {
			return i, pages.Lease{}
		}
		if c.store.reads.broken.Load() {
			break // what the other makes could not be read
		}
		if lease, held := c.lease(ctx, k); !held {
			return nil, lease
		}
	}
	return nil, pages.Lease{}
}

// newer reads the store again and returns what is there, if it tells more
// than what we have and may be served.
func (c *Cache) newer(ctx context.Context, k id, old *item) *item {
	entry, err := c.store.get(ctx, k.key())
	if err != nil {
		return nil
	}
	if old != nil && !entry.MadeAt.After(old.entry.MadeAt) && !entry.FreshUntil.After(old.entry.FreshUntil) && !entry.RetryAt.After(old.entry.RetryAt) {
		return nil
	}
	if old != nil && entry.MadeAt.Before(old.entry.MadeAt) {
		return nil
	}
	c.catchUp(0)
	i := c.fromStore(ctx, k, entry)
	if i == nil {
		return nil
	}
	if v := c.ledger.judge(i); v != good || i.phase(c.now(), v) == expired {
		return nil
	}
	return i
}
