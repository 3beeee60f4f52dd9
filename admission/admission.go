// Package admission decides which work starts, which waits for its turn, and
// which is refused, so that an overload leads to refusals and not to work that
// starts and cannot finish.
//
// A [Gate] controls one kind of work, such as the loaders of one pattern of
// pages. It has a fixed number of slots. When all are taken, work waits in one
// queue, first in, first out, but only if its turn is expected to come in time,
// judging by the duration of such work so far and by what is running now. All
// other work is refused at once. A caller that gives up while waiting leaves
// the queue, and its work does not start.
//
// Work that no request waits for, such as revalidating a stale page in the
// background, has separate slots and never waits: it is tried again later.
package admission

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// Limits are the limits of one [Gate]. The zero value works.
type Limits struct {
	Width   int           // work that requests wait for and that runs at once. Default: 64
	Reserve int           // additional slots for background work. Default: a quarter of Width, at least 1
	Queue   int           // work that may wait at once. Default: 16 times Width
	Wait    time.Duration // work that is expected to wait longer is refused. Default: 1 s
}

func (l Limits) width() int { return or(l.Width, 64) }

func (l Limits) reserve() int { return or(l.Reserve, max(1, l.width()/4)) }

func (l Limits) queue() int { return or(l.Queue, 16*l.width()) }

func (l Limits) wait() time.Duration { return or(l.Wait, time.Second) }

func or[T int | time.Duration](value, standard T) T {
	if value > 0 {
		return value
	}
	return standard
}

const (
	// unsure is how long work waits if it is not known when its turn comes, or
	// beyond three times the expected wait.
	unsure = 75 * time.Millisecond
	// brief is how long any work may run before it counts as overdue.
	brief = 50 * time.Millisecond
	// samples is about how many durations the measured average covers.
	samples = 32
)

// A Refused is the error of work that was refused.
type Refused struct {
	// After is about when to try again. 0: not known.
	After time.Duration
}

func (r *Refused) Error() string {
	return "more work is waiting than can be done in time"
}

// A Gate admits work of one kind. It is safe for concurrent use.
type Gate struct {
	limits Limits

	mu       sync.Mutex
	running  []*Slot // in slots of the width, the oldest first
	reserved int     // slots of the reserve that are taken
	paused   int     // slots that are lent to others for now
	queue    list.List
	measured int           // how many durations were measured, up to samples
	mean     time.Duration // of durations
	peak     time.Duration // the longest duration, forgotten gradually
	refused  uint64
	dropped  uint64
}

// NewGate returns a gate.
func NewGate(limits Limits) *Gate { return &Gate{limits: limits} }

// A Slot is the right to work. It is free again once every holder has freed it.
type Slot struct {
	gate    *Gate
	began   time.Time
	keepers int
	reserve bool
	paused  bool
}

// Keep keeps the slot taken until one more call of Free: for work that may
// outlive its caller.
func (s *Slot) Keep() {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.keepers++
}

// Free gives the slot back. On a nil slot it has no effect.
func (s *Slot) Free() {
	if s == nil {
		return
	}
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.keepers--; s.keepers == 0 {
		g.free(s)
	}
}

// Pause lends the slot to others while its work waits for something outside,
// such as a lease. If too much work is paused or waiting already, the slot
// stays taken; a slot of the reserve always does.
func (s *Slot) Pause() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.paused || s.reserve || s.keepers == 0 || g.paused+g.queue.Len() >= g.limits.queue() {
		return
	}
	s.paused = true
	g.paused++
	g.leave(s)
}

// Resume takes a paused slot again, before all work in the queue. If that is
// not possible, it fails like [Gate.Enter], and the slot must still be freed.
func (s *Slot) Resume(ctx context.Context) error {
	g := s.gate
	g.mu.Lock()
	if !s.paused {
		g.mu.Unlock()
		return nil
	}
	s.paused = false
	g.paused--
	if len(g.running) < g.limits.width() {
		g.run(s)
		g.mu.Unlock()
		return nil
	}
	at := g.queue.PushFront(&waiter{ready: make(chan struct{}), slot: s})
	g.mu.Unlock()
	patience := time.NewTimer(2 * g.limits.wait())
	defer patience.Stop()
	err := g.await(ctx, at, patience.C)
	if err != nil {
		g.mu.Lock()
		s.paused = true
		g.paused++
		g.mu.Unlock()
	}
	return err
}

// A waiter is work in the queue.
type waiter struct {
	ready   chan struct{} // closed once it is admitted
	slot    *Slot
	granted bool
}

// Enter waits for a slot if its turn is expected in time; otherwise it fails
// with a [*Refused]. It fails with the context's cause if the context ends
// first.
func (g *Gate) Enter(ctx context.Context) (*Slot, error) {
	s := &Slot{gate: g, keepers: 1}
	g.mu.Lock()
	if len(g.running) < g.limits.width() {
		g.run(s)
		g.mu.Unlock()
		return s, nil
	}
	expected, possible := g.expected(time.Now(), g.queue.Len())
	if !possible || g.queue.Len() >= g.limits.queue() || expected > g.limits.wait() {
		g.refused++
		g.mu.Unlock()
		return nil, &Refused{After: expected}
	}
	at := g.queue.PushBack(&waiter{ready: make(chan struct{}), slot: s})
	g.mu.Unlock()
	patience := time.NewTimer(min(unsure+3*expected, 2*g.limits.wait()))
	defer patience.Stop()
	if err := g.await(ctx, at, patience.C); err != nil {
		return nil, err
	}
	return s, nil
}

// Wait waits for a slot until ctx ends, however many others wait.
func (g *Gate) Wait(ctx context.Context) (*Slot, error) {
	s := &Slot{gate: g, keepers: 1}
	g.mu.Lock()
	if len(g.running) < g.limits.width() {
		g.run(s)
		g.mu.Unlock()
		return s, nil
	}
	at := g.queue.PushBack(&waiter{ready: make(chan struct{}), slot: s})
	g.mu.Unlock()
	if err := g.await(ctx, at, nil); err != nil {
		return nil, err
	}
	return s, nil
}

// Try takes a slot for background work if one is free: of the reserve first, so
// that requests find the others free.
func (g *Gate) Try() (*Slot, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &Slot{gate: g, keepers: 1}
	switch {
	case g.reserved < g.limits.reserve():
		g.reserved++
		s.reserve, s.began = true, time.Now()
	case len(g.running) < g.limits.width():
		g.run(s)
	default:
		return nil, false
	}
	return s, true
}

// Idle says whether a slot for background work is free at this moment.
func (g *Gate) Idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reserved < g.limits.reserve() || len(g.running) < g.limits.width()
}

// await waits for a slot until the context ends or the patience runs out.
func (g *Gate) await(ctx context.Context, at *list.Element, patience <-chan time.Time) error {
	w := at.Value.(*waiter)
	var err error
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-patience:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !w.granted:
		g.queue.Remove(at)
	case err == nil: // its turn came at the same instant
		return nil
	default:
		g.leave(w.slot)
	}
	if err != nil {
		g.dropped++
		return err
	}
	g.refused++
	expected, _ := g.expected(time.Now(), g.queue.Len())
	return &Refused{After: expected}
}

// run puts work into a free slot. The caller holds mu, as for all methods
// below.
func (g *Gate) run(s *Slot) {
	s.began = time.Now()
	g.running = append(g.running, s)
}

// leave removes work from its slot, and gives the slot to the first waiter.
func (g *Gate) leave(s *Slot) {
	for i, r := range g.running {
		if r == s {
			g.running = append(g.running[:i], g.running[i+1:]...)
			break
		}
	}
	if first := g.queue.Front(); first != nil {
		w := g.queue.Remove(first).(*waiter)
		g.run(w.slot)
		w.granted = true
		close(w.ready)
	}
}

// free takes a slot back and measures the work.
func (g *Gate) free(s *Slot) {
	if s.paused { // there is nothing to give back
		g.paused--
		return
	}
	g.measure(time.Since(s.began))
	if s.reserve {
		g.reserved--
		return
	}
	g.leave(s)
}

// measure adds a duration to the measurements.
func (g *Gate) measure(took time.Duration) {
	g.measured = min(g.measured+1, samples)
	g.mean += (took - g.mean) / time.Duration(g.measured)
	g.peak = max(took, g.peak-(g.peak-took)/samples)
}

// expected returns the likely wait for work with n others before it in the
// queue, while every slot is taken. There is no answer if everything that runs
// has taken much longer than usual: it may never end.
func (g *Gate) expected(now time.Time, n int) (wait time.Duration, possible bool) {
	overdue := max(2*g.peak, brief)
	running := g.running
	for len(running) > 0 && now.Sub(running[0].began) > overdue {
		running = running[1:]
	}
	if len(running) == 0 {
		return overdue, false
	}
	// Slots become free at the rate at which work ends, but not before the
	// running work has had its usual time: all of it may have started at once.
	rate := g.mean * time.Duration(n+1) / time.Duration(len(running))
	turn := running[n%len(running)].began.Add(g.mean * time.Duration(1+n/len(running))).Sub(now)
	return max(rate, turn), true
}

// Stats are the numbers of a gate, or of several.
type Stats struct {
	Width   int    // slots for work that requests wait for
	Running int    // slots that are taken, also by background work
	Waiting int    // work in the queue
	Refused uint64 // so far
	Dropped uint64 // so far: left the queue because no request waited for it any more
}

// Stats returns the current numbers of the gate.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Stats{Width: g.limits.width(), Running: len(g.running) + g.reserved, Waiting: g.queue.Len(), Refused: g.refused, Dropped: g.dropped}
}

// Add adds another gate's numbers.
func (s Stats) Add(o Stats) Stats {
	return Stats{s.Width + o.Width, s.Running + o.Running, s.Waiting + o.Waiting, s.Refused + o.Refused, s.Dropped + o.Dropped}
}

// String is for logs and tests.
func (s Stats) String() string {
	return fmt.Sprintf("%d running, %d waiting, %d refused, %d dropped", s.Running, s.Waiting, s.Refused, s.Dropped)
}
