// An instance's way to the store, which can be slow, cut, or lose things.

package cache_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A cut is a way that is interrupted: calls fail, or hang until it is over.
type cut struct {
	hangs bool
	final bool // it is never over
	over  chan struct{}
}

func newCut(d *dice) *cut { return &cut{hangs: d.oneIn(2), over: make(chan struct{})} }

func (c *cut) String() string {
	if c.hangs {
		return "and calls hang"
	}
	return "and calls fail"
}

// A link is the store as one instance sees it. Only its sequence is always
// known, as the contract of a Sequencer has it.
type link struct {
	full
	i *instance

	mu      sync.Mutex
	cut     *cut
	changed chan struct{} // closed when a cut begins
	failed  time.Time     // when a call failed last, or hung

	asked    int       // about leases, that are not answered yet
	answered time.Time // when the last one was, or the first of them was asked
	late     time.Time // when one was answered late
}

func newLink(i *instance) *link {
	l := &link{full: i.h.store, i: i, changed: make(chan struct{})}
	i.h.mu.Lock()
	defer i.h.mu.Unlock()
	l.cut = i.h.outage
	return l
}

// sever begins a cut. It ends when its channel is closed.
func (l *link) sever(c *cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut != nil && l.cut.final {
		return
	}
	l.cut = c
	close(l.changed)
	l.changed = make(chan struct{})
}

// breakdown cuts every instance off, also those to come; recover ends that.
func (h *history) breakdown(c *cut) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outage = c
	for _, i := range h.instances {
		if i.life.Load() != killed {
			i.link.sever(c)
		}
	}
}

func (h *history) recover(c *cut) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outage = nil
	close(c.over)
}

// state is the cut there is, nil for none, and what announces the next.
func (l *link) state() (*cut, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut == nil {
		return nil, l.changed
	}
	l.failed = time.Now()
	select {
	case <-l.cut.over:
		l.cut = nil
	default:
	}
	return l.cut, l.changed
}

func (l *link) fails(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = time.Now()
	return err
}

// apartFor is how long after a failure the breakers of an instance may still
// be open: a probe of each, one after the other, and the wait between.
const apartFor = 10 * time.Second

// apart says whether the instance may have to do without the store.
func (l *link) apart() bool {
	c, _ := l.state()
	l.mu.Lock()
	defer l.mu.Unlock()
	return c != nil || !l.failed.IsZero() && time.Since(l.failed) < apartFor ||
		l.asked > 0 && time.Since(l.answered) > stalled || time.Since(l.late) < stalled
}

// stalled is how long the store may leave every question about leases
// unanswered before the instance does without leases: half a second, but for
// what it does before it asks.
const stalled = 400 * time.Millisecond

// aboutLeases asks about a lease.
func (l *link) aboutLeases(ctx context.Context, ask func(context.Context) error) error {
	l.mu.Lock()
	if l.asked++; l.asked == 1 {
		l.answered = time.Now()
	}
	l.mu.Unlock()
	err := l.call(ctx, ask)
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.answered) > stalled {
		l.late = time.Now()
	}
	l.asked, l.answered = l.asked-1, time.Now()
	return err
}

// pass is the way of a question, or of its answer.
func (l *link) pass(ctx context.Context) error {
	h := l.i.h
	if err := l.delay(ctx); err != nil {
		return err
	}
	for {
		c, _ := l.state()
		if c == nil {
			break
		}
		if !c.hangs {
			return errBroken
		}
		select {
		case <-c.over:
		case <-ctx.Done():
			return l.fails(ctx.Err())
		}
	}
	if h.trouble == flaky && !h.isCalm() && l.i.dice.oneIn(30) {
		return l.fails(errBroken)
	}
	return nil
}

// delay takes a moment now and then, and rarely a long one.
func (l *link) delay(ctx context.Context) error {
	most := 30 * time.Millisecond
	switch n := l.i.dice.n(40); {
	case l.i.h.isCalm() || n > 10:
		return nil
	case n == 0:
		most = 400 * time.Millisecond
	}
	select {
	case <-time.After(l.i.dice.upTo(most)):
		return nil
	case <-ctx.Done():
		return l.fails(ctx.Err())
	}
}

// call takes a question to the store and its answer back, which may be lost.
func (l *link) call(ctx context.Context, ask func(context.Context) error) error {
	if err := l.pass(ctx); err != nil {
		return err
	}
	err := ask(ctx)
	if lost := l.pass(ctx); lost != nil {
		return lost
	}
	return err
}

func (l *link) Get(ctx context.Context, key pages.Key) (r pages.Record, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		r, err = l.full.Get(ctx, key)
		return err
	})
	return r, err
}

func (l *link) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	err := l.put(ctx, r, f)
	l.i.h.heardOf(l.i, r, err)
	return err
}

func (l *link) put(ctx context.Context, r pages.Record, f pages.Fence) error {
	put := func(ctx context.Context) error {
		err := l.full.Put(ctx, r, f)
		l.i.h.wrote(l.i, r, err)
		return err
	}
	h, d := l.i.h, l.i.dice
	if h.trouble != pauses || h.isCalm() || r.Key.Path == "" || !d.oneIn(3) {
		return l.call(ctx, put)
	}
	r.Data = bytes.Clone(r.Data)
	return l.delayed(ctx, 4*time.Second+d.upTo(8*time.Second), d.oneIn(2), put)
}

// delayed lets a question arrive late, whatever became of who asked: he gives
// up when his context ends, or, where he is stuck, does not.
func (l *link) delayed(ctx context.Context, d time.Duration, stuck bool, ask func(context.Context) error) error {
	h := l.i.h
	answer := make(chan error, 1)
	h.late.Go(func() {
		h.rest(d)
		answer <- ask(context.WithoutCancel(ctx))
	})
	gone := ctx.Done()
	if stuck {
		gone = nil
	}
	select {
	case err := <-answer:
		return err
	case <-gone:
		return l.fails(ctx.Err())
	}
}

func (l *link) Delete(ctx context.Context, key pages.Key, f pages.Fence) error {
	return l.call(ctx, func(ctx context.Context) error { return l.full.Delete(ctx, key, f) })
}

func (l *link) Epochs(ctx context.Context, subjects ...string) (e pages.Epochs, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		e, err = l.full.Epochs(ctx, subjects...)
		return err
	})
	return e, err
}

func (l *link) Bump(ctx context.Context, v pages.Verb, subjects ...string) (n uint64, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		l.i.h.bumps(l.i, v, subjects)
		n, err = l.full.Bump(ctx, v, subjects...)
		return err
	})
	if cancel, ok := ctx.Value(bumped{}).(context.CancelFunc); ok {
		cancel()
	}
	return n, err
}

func (l *link) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (lease pages.Lease, _ error) {
	err := l.aboutLeases(ctx, func(ctx context.Context) (err error) {
		lease, err = l.full.Lease(ctx, key, claim, ttl)
		if key.Path != "" {
			l.i.h.claims(l.i, key.Path, claim, lease.Token, err)
			l.i.h.note(key.Path, "%s asks for the lease: %d until %v, %v", l.i, lease.Token, clock(lease.Until), err)
		}
		return err
	})
	return lease, err
}

func (l *link) Release(ctx context.Context, lease pages.Lease) error {
	return l.aboutLeases(ctx, func(ctx context.Context) error {
		if lease.Key.Path != "" {
			l.i.h.givesBack(l.i, lease.Key.Path, lease.Token)
			l.i.h.note(lease.Key.Path, "%s gives lease %d back", l.i, lease.Token)
		}
		return l.full.Release(ctx, lease)
	})
}

func (l *link) Claim(ctx context.Context, owner string, takeOver bool) error {
	return l.call(ctx, func(ctx context.Context) error { return l.full.Claim(ctx, owner, takeOver) })
}

func (l *link) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		list, floor, err = l.full.Changes(ctx, since)
		return err
	})
	return list, floor, err
}

// Wait is interrupted by a cut, and then fails, or waits again after it.
func (l *link) Wait(ctx context.Context, since uint64) error {
	for {
		_, changed := l.state()
		if err := l.pass(ctx); err != nil {
			return err
		}
		inner, cancel := context.WithCancel(ctx)
		answer := make(chan error, 1)
		go func() { answer <- l.full.Wait(inner, since) }()
		select {
		case err := <-answer:
			cancel()
			return err
		case <-changed:
			cancel()
			<-answer
		}
	}
}

func (l *link) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (n uint64, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		n, err = l.full.Acknowledge(ctx, instance, sequence, ttl)
		return err
	})
	return n, err
}

func (l *link) Lagging(ctx context.Context, sequence uint64) (n int, _ error) {
	err := l.call(ctx, func(ctx context.Context) (err error) {
		n, err = l.full.Lagging(ctx, sequence)
		return err
	})
	return n, err
}
