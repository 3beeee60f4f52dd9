// An instance's way to the store, which can be slow, cut, or lose answers.

package coherence_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

var errBroken = errors.New("the network is down")

// A full store can report purges in every way.
type full interface {
	pages.Store
	pages.Sequencer
	pages.Acknowledger
}

type (
	plain        struct{ pages.Store } // what every store can
	acknowledged struct {              // and which instances know of a purge
		pages.Store
		pages.Acknowledger
	}
	forgetting struct{ full } // it lists no purge for long enough to be read
)

func (s forgetting) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	list, floor, err := s.full.Changes(ctx, since)
	for _, c := range list {
		floor = max(floor, c.Sequence)
	}
	return nil, floor, err
}

var kindsOfStore = map[string]func(full) pages.Store{
	"sequencer":    func(s full) pages.Store { return s },
	"acknowledger": func(s full) pages.Store { return acknowledged{s, s} },
	"plain":        func(s full) pages.Store { return plain{s} },
	"forgetting":   func(s full) pages.Store { return plain{forgetting{s}} },
}

// A cut is a way that is interrupted: calls fail, or hang until it is over.
type cut struct {
	hangs bool
	final bool // it is never over
	over  chan struct{}
}

func newCut(d *dice) *cut { return &cut{hangs: d.oneIn(2), over: make(chan struct{})} }

// A link is the store as one instance sees it. Only its sequence is always
// known, as the contract of a Sequencer has it.
type link struct {
	full
	i *instance

	mu     sync.Mutex
	cut    *cut
	failed time.Time // when a call failed last, or hung
}

// sever begins a cut. It ends when its channel is closed.
func (l *link) sever(c *cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut == nil || !l.cut.final {
		l.cut = c
	}
}

// state is the cut there is, nil for none.
func (l *link) state() *cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut == nil {
		return nil
	}
	l.failed = time.Now()
	select {
	case <-l.cut.over:
		l.cut = nil
	default:
	}
	return l.cut
}

func (l *link) fails(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = time.Now()
	return err
}

// apart says whether the instance may have to do without the store: its
// circuit breakers may be open for a while after the last failure.
func (l *link) apart() bool {
	c := l.state()
	l.mu.Lock()
	defer l.mu.Unlock()
	return c != nil || !l.failed.IsZero() && time.Since(l.failed) < 10*time.Second
}

// pass is the way of a question, or of its answer.
func (l *link) pass(ctx context.Context) error {
	h := l.i.h
	if !h.isCalm() && l.i.dice.oneIn(4) {
		most := 30 * time.Millisecond
		if l.i.dice.oneIn(10) {
			most = 400 * time.Millisecond
		}
		select {
		case <-time.After(l.i.dice.upTo(most)):
		case <-ctx.Done():
			return l.fails(ctx.Err())
		}
	}
	for c := l.state(); c != nil; c = l.state() {
		if !c.hangs {
			return errBroken
		}
		select {
		case <-c.over:
		case <-ctx.Done():
			return l.fails(ctx.Err())
		}
	}
	if h.trouble == flaky && !h.isCalm() && l.i.dice.oneIn(20) {
		return l.fails(errBroken)
	}
	return nil
}

// through takes a question to the store and its answer back, which may be lost.
func through[T any](ctx context.Context, l *link, ask func() (T, error)) (answer T, err error) {
	var none T
	if err := l.pass(ctx); err != nil {
		return none, err
	}
	answer, err = ask()
	if lost := l.pass(ctx); lost != nil {
		return none, lost
	}
	return answer, err
}

func (l *link) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	return through(ctx, l, func() (pages.Record, error) { return l.full.Get(ctx, key) })
}

func (l *link) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	_, err := through(ctx, l, func() (any, error) { return nil, l.full.Put(ctx, r, f) })
	return err
}

func (l *link) Delete(ctx context.Context, key pages.Key, f pages.Fence) error {
	_, err := through(ctx, l, func() (any, error) { return nil, l.full.Delete(ctx, key, f) })
	return err
}

func (l *link) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	return through(ctx, l, func() (pages.Epochs, error) { return l.full.Epochs(ctx, subjects...) })
}

// bumped is the key of a context that ends when the store has made a purge.
type bumped struct{}

func (l *link) Bump(ctx context.Context, v pages.Verb, subjects ...string) (uint64, error) {
	n, err := through(ctx, l, func() (uint64, error) { return l.full.Bump(ctx, v, subjects...) })
	if cancel, ok := ctx.Value(bumped{}).(context.CancelFunc); ok {
		cancel()
	}
	return n, err
}

func (l *link) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	list, err = through(ctx, l, func() (list []pages.Change, err error) {
		list, floor, err = l.full.Changes(ctx, since)
		return list, err
	})
	return list, floor, err
}

func (l *link) Wait(ctx context.Context, since uint64) error {
	_, err := through(ctx, l, func() (any, error) { return nil, l.full.Wait(ctx, since) })
	return err
}

func (l *link) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	return through(ctx, l, func() (pages.Lease, error) {
		lease, err := l.full.Lease(ctx, key, claim, ttl)
		if err == nil {
			l.i.h.granted(l.i, key)
		}
		return lease, err
	})
}

func (l *link) Release(ctx context.Context, lease pages.Lease) error {
	_, err := through(ctx, l, func() (any, error) { return nil, l.full.Release(ctx, lease) })
	return err
}

func (l *link) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	return through(ctx, l, func() (uint64, error) { return l.full.Acknowledge(ctx, instance, sequence, ttl) })
}

func (l *link) Lagging(ctx context.Context, sequence uint64) (int, error) {
	return through(ctx, l, func() (int, error) { return l.full.Lagging(ctx, sequence) })
}
