// What becomes of a making: kept in memory and store, put off, or removed.

package cache

import (
	"errors"
	mathrand "math/rand/v2"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// keep writes a new entry to the store and to memory. One that was purged
// while it was made is stale from the start, and later than what there was.
func (m *maker) keep(fl *flight, k id, e *pages.Entry, lease pages.Lease) {
	i := m.sources.item(k, e)
	fl.item, fl.renewed, fl.made = i, true, true
	m.memory.Set(k, i)
	if !m.stored(k) {
		return
	}
	m.coherence.CatchUp(0) // it may have been purged meanwhile
	err := m.write(fl, e.Key, e, pages.Fence{Epoch: e.Epoch, Token: lease.Token})
	if !errors.Is(err, pages.ErrFenced) {
		return
	}
	// The store has a later version, or another instance is making one.
	m.refused.Add(1)
	m.coherence.Read()
	if other := m.later(k, i); other != nil {
		m.memory.Set(k, other)
		return
	}
	other := m.sources.item(k, e)
	other.foreign = true // so that the next request looks again
	m.memory.Set(k, other)
	if !fl.landed() {
		fl.item = other
	}
}

// replace puts a changed copy of what there is into memory and store.
func (m *maker) replace(fl *flight, k id, old *item, e *pages.Entry, t coherence.Attempt, lease pages.Lease) {
	i := m.sources.item(k, e)
	// The copy of a page of the seed is judged like the seed's own until it
	// has an epoch.
	i.copy.Dated, i.foreign, i.tried = old.copy.Dated && e.Epoch == 0, old.foreign, t
	m.memory.Set(k, i)
	fl.item = i
	// Without the lease it could take the place of a newer version.
	if m.stored(k) && lease.Token != 0 {
		_ = m.write(fl, e.Key, e, pages.Fence{Epoch: e.Epoch, Token: lease.Token})
	}
}

// rearm starts the interval of an entry again, whose page said that it need
// not be made.
func (m *maker) rearm(fl *flight, k id, old *item, known uint64, lease pages.Lease) {
	fl.item = old
	if k.page.RevalidateAfter == 0 && old.entry.Failures == 0 {
		return // it is asked at every request; there is no interval
	}
	e := *old.entry
	e.Failures, e.RetryAt, e.Failure = 0, time.Time{}, ""
	e.Epoch = max(e.Epoch, known) // it was judged good as of then
	if k.page.RevalidateAfter > 0 {
		render.Schedule(&e, k.page, m.config.Now())
		fl.renewed = true
	}
	m.replace(fl, k, old, &e, coherence.Attempt{}, lease)
}

// backOff keeps the old entry and says when the next try is due.
func (m *maker) backOff(fl *flight, k id, old *item, as making, lease pages.Lease, err error) {
	fl.err = err
	if m.life.Err() != nil {
		fl.err = stopping(k) // that is not a failure of the page
		return
	}
	failures := 1
	if old != nil {
		failures = old.entry.Failures + 1
	}
	wait := m.config.RetryMin
	for n := 1; n < failures && wait < m.config.RetryMax; n++ {
		wait *= 2
	}
	wait = pages.Scale(min(wait, m.config.RetryMax), 0.9+0.2*mathrand.Float64())
	if old == nil {
		// There is nothing to put the next try off with: each request tries.
		m.failed(k, err)
		return
	}
	m.failed(k, err, "failures", failures, "retry", wait.Round(time.Millisecond))
	e := *old.entry
	e.Failures, e.RetryAt, e.Failure = failures, m.config.Now().Add(wait), safeFailure(err)
	if v, certain := m.coherence.Judge(&old.copy); old.copy.Dated && certain && v == coherence.Good {
		e.Epoch = as.known
	}
	if old.foreign {
		e.FreshUntil = e.MadeAt // it bears this build's name now, and is stale all the same
	}
	m.replace(fl, k, old, &e, as.Attempt, lease)
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

// remove removes a page whose loader reports that it does not exist. It writes
// a tombstone only for a page of the seed, or one that the store failed to
// delete, since these would come back; for any other path it stores nothing,
// however many paths are requested.
func (m *maker) remove(fl *flight, k id, old *item, kind gorgon.Kind, as making, lease pages.Lease) {
	lasts := m.config.NegativeFor
	if k.page.NegativeFor > 0 {
		lasts = min(k.page.NegativeFor, pages.Century)
	}
	until := dataflow.Earlier(m.config.Now().Add(lasts), as.reads.Limits().FreshUntil)
	m.memory.Invalidate(k)
	if a, ok := absent(k, as); ok {
		m.negative.put(k, kind, until, a)
	}
	if _, listed := m.sources.fromSeed(k); !listed {
		if old == nil || !m.stored(k) {
			return
		}
		err := m.write(fl, k.key(), nil, pages.Fence{Epoch: as.Epoch, Token: lease.Token})
		if err == nil || errors.Is(err, pages.ErrFenced) {
			return
		}
	}
	epoch, stale := as.reads.Epoch(as.Epoch)
	if stale {
		until = as.At
	}
	tombstone := &pages.Entry{
		Key: k.key(), Build: m.config.Renderer.Build, Status: kind.Status(), Header: http.Header{},
		MadeAt: as.At, ModifiedAt: as.At, FreshUntil: until, StaleUntil: until, Epoch: epoch,
		Tags: as.reads.Tags(), Doubts: as.reads.Doubts(),
	}
	if m.records != nil {
		err := m.write(fl, tombstone.Key, tombstone, pages.Fence{Epoch: as.Epoch, Token: lease.Token})
		if errors.Is(err, pages.ErrFenced) {
			return
		}
	}
	m.memory.Set(k, m.sources.item(k, tombstone))
}

// failed writes that a page could not be made: once at once and then once for
// each window and pattern, since visitors may choose the paths.
func (m *maker) failed(k id, err error, more ...any) {
	now := m.failures.Note(k.page.Path, k.key().String(), func(count int, examples []string) {
		m.config.Log.Error("pages could not be made", "route", k.page.Path, "count", count, "pages", examples, "err", err)
	})
	if now {
		m.config.Log.Error("a page could not be made", append([]any{"page", k.key().String(), "err", err}, more...)...)
	}
}
