// Putting a value in place of the one there is, and forgetting one.

package cache

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Forget purges a value with pages.Expire, and what was made of it with
// pages.Stale.
func (v *values) Forget(ctx context.Context, path string) error {
	in := v.cache.coherence
	if _, err := in.Declare(ctx, pages.Expire, pages.PathSubject(path)); err != nil {
		return purgeError(err)
	}
	return v.declareStale(ctx, path, pages.TagSubject(viewctx.CacheKeyTag(v.page.Cache, path)))
}

func (v *values) declareStale(ctx context.Context, path string, subjects ...string) error {
	epoch, err := v.cache.coherence.Declare(ctx, pages.Stale, subjects...)
	if err == nil {
		err = v.cache.coherence.Settle(ctx, epoch, append(subjects, pages.PathSubject(path))...)
	}
	return purgeError(err)
}

// A putting is one Put.
type putting struct {
	v     *values
	ctx   context.Context
	path  string
	make  func(context.Context) (any, error)
	epoch uint64 // of the purge that it made
	err   error  // of that, or of make
}

// Put has a flight of its own for the key, after those under way. First it takes
// the lease, so that no instance that asks for one loads meanwhile; then it
// purges the value, so that whatever was begun before is older; and then it
// makes the new one.
func (v *values) Put(ctx context.Context, path string, key any, make func(context.Context) (any, error)) (any, error) {
	c, k := v.cache, v.id(path)
	p := &putting{v: v, ctx: context.WithoutCancel(ctx), path: path, make: make}
	known := c.coherence.Now().Known
	for {
		fl, began := c.flights.join(ctx, k, true, func(fl *flight) { c.maker.put(fl, k, p, v.loads(key)) })
		if err := c.flights.await(ctx, k, fl); err != nil {
			return nil, err
		}
		switch {
		case c.life.Err() != nil && fl.err != nil:
			return nil, fl.err
		case !began:
			select {
			case <-fl.over:
			case <-ctx.Done():
				return nil, &gorgon.Error{Op: "put", Path: path, Kind: gorgon.KindUnavailable, Err: context.Cause(ctx)}
			}
			continue
		case p.err != nil:
			return nil, p.err
		case fl.err != nil:
			return nil, fl.err
		}
		subjects := p.subjects()
		if err := purgeError(c.coherence.Settle(ctx, p.epoch, subjects...)); err != nil {
			return nil, err
		}
		return v.got(dataflow.ReadsOf(ctx), path, c.answer(fl.item, Made, fl.kept), nil, known)
	}
}

func (p *putting) subjects() []string {
	return []string{pages.PathSubject(p.path), pages.TagSubject(viewctx.CacheKeyTag(p.v.page.Cache, p.path))}
}

// put flies the flight of a Put. Requests that joined it and find that it failed
// are answered by the cache's own Load.
func (m *maker) put(fl *flight, k id, p *putting, own func(context.Context) (any, error)) {
	err := m.putNow(fl, k, p)
	if err == nil || fl.landed() || missing(err) {
		return
	}
	m.flights.mu.Lock()
	others := fl.waiting > 1
	m.flights.mu.Unlock()
	p.err, fl.err = err, err
	if others {
		fl.err, fl.load = nil, own
		old, _ := m.memory.GetIfPresent(k)
		m.renew(fl, k, old, true)
	}
}

// putNow lands only with a value, or if the function says that there is none.
func (m *maker) putNow(fl *flight, k id, p *putting) error {
	slot, err := m.admit(fl, k, true)
	if err != nil {
		return err
	}
	defer func() { slot.Free() }()
	var lease pages.Lease
	if m.stored(k) {
		slot.Pause()
		lease = m.claim(k)
		defer func() { m.coherence.Store.Release(lease) }()
		if err := m.resume(k, slot); err != nil {
			return err
		}
	}
	if p.epoch, err = m.coherence.Declare(p.ctx, pages.Stale, p.subjects()...); err != nil {
		return purgeError(err)
	}
	fl.load = p.make
	old, _ := m.memory.GetIfPresent(k)
	entry, as, err := m.make(fl, k, old, lease, slot)
	slot.Free()
	slot = nil
	switch {
	case err == nil:
		m.keep(fl, k, entry, lease)
		fl.land()
	case missing(err):
		fl.err = err
		m.remove(fl, k, old, failure.Kind(err), as, lease)
		fl.land()
	}
	return err
}

// claim waits for the lease of a value as long as one that has it may work, and
// goes on without it then: what is older, the fence refuses.
func (m *maker) claim(k id) pages.Lease {
	claim, began := rand.Text(), time.Now()
	patience, cancel := context.WithTimeout(m.life, leaseTime(k))
	defer cancel()
	for {
		lease, held := m.lease(k, claim)
		if !held {
			return lease
		}
		if !pause(patience, min(max(time.Since(began)/10, awaitMin), awaitMax)) {
			return pages.Lease{}
		}
	}
}
