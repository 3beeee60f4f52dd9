// The harness: how the laws are run against a store.

// Package jobstest tests stores against the contract of package jobs.
//
// A driver's own test is a few lines:
//
//	func TestJobs(t *testing.T) {
//		jobstest.Harness{Place: func(t *testing.T) func() jobs.Store {
//			place := newPlace(t) // empty
//			return func() jobs.Store { return open(t, place) }
//		}}.Run(t)
//	}
//
// Each law is one sentence. It is the name of its subtest and is printed when the
// store breaks it. Leases and times are counted by the clock of the store, so a
// run takes real time, some seconds.
package jobstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

// A Harness says how the kit opens stores. Place is required.
type Harness struct {
	// Place creates a new, empty place for jobs, and returns a function that opens
	// a store there. Each call returns one more handle, as another process would
	// have; the same one, if the technology knows but one. The kit closes them.
	Place func(t *testing.T) (open func() jobs.Store)

	// Begin begins a transaction of the app's own in the place of a store. It adds
	// the laws of transactions. Default: the technology has none.
	Begin func(t *testing.T, s jobs.Store) (in jobs.Adder, end func(commit bool) error)

	// Timeout is how long one law may take. Default: 1 min.
	Timeout time.Duration
}

// Run tests a store, with one subtest for each law.
func (h Harness) Run(t *testing.T) {
	for _, l := range laws() {
		if l.begins && h.Begin == nil {
			continue
		}
		t.Run(l.says, func(t *testing.T) {
			t.Parallel()
			if err := h.try(t, l); err != nil {
				t.Errorf("broken law: %s\n%v", l.says, err)
			}
		})
	}
}

// A law is one promise of the contract.
type law struct {
	says   string
	begins bool // it needs transactions
	check  func(e *env) error
}

func laws() []law {
	return slices.Concat(addLaws(), takeLaws(), leaseLaws(), finishLaws(), keyLaws(), seriesLaws(), cancelLaws(), deskLaws(), txLaws())
}

// env is what a law runs with: two handles on a store of its own, and a context
// that ends.
type env struct {
	jobs.Store
	other jobs.Store
	ctx   context.Context
	begin func(s jobs.Store) (in jobs.Adder, end func(commit bool) error)
}

// try checks one law on a new store.
func (h Harness) try(t *testing.T, l law) error {
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(h.Timeout, time.Minute))
	defer cancel()
	open := h.Place(t)
	e := &env{ctx: ctx, Store: open(), other: open()}
	defer func() {
		for _, s := range []jobs.Store{e.Store, e.other} {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	if h.Begin != nil {
		e.begin = func(s jobs.Store) (jobs.Adder, func(bool) error) { return h.Begin(t, s) }
	}
	return l.check(e)
}

// The kinds of most jobs.
const (
	kind    = "receipt"
	another = "another"
)

// Leases of the laws: one that ends while they run, and one that does not. The
// short one is long enough for a busy machine to renew it in time.
const (
	short = 600 * time.Millisecond
	long  = time.Hour
)

// add adds a job of the usual kind.
func (e *env) add(s jobs.Adder, change func(*jobs.New)) (jobs.Added, error) {
	n := jobs.New{Kind: kind, Args: []byte(`{"id":7}`)}
	if change != nil {
		change(&n)
	}
	added, err := s.Add(e.ctx, n)
	if err == nil && len(added) != 1 {
		err = fmt.Errorf("%d answers to one job", len(added))
	}
	if err != nil {
		return jobs.Added{}, fmt.Errorf("add: %w", err)
	}
	return added[0], nil
}

// take takes jobs of the usual kind.
func (e *env) take(s jobs.Store, n int, lease time.Duration) ([]jobs.Taken, error) {
	taken, err := s.Take(e.ctx, jobs.Ask{Worker: "w", Lease: lease, Wants: []jobs.Want{{Kind: kind, N: n}}})
	if err != nil {
		err = fmt.Errorf("take: %w", err)
	}
	return taken, err
}

// takeOne takes the one job that is due.
func (e *env) takeOne(s jobs.Store, lease time.Duration) (jobs.Taken, error) {
	taken, err := e.take(s, 10, lease)
	if err == nil && len(taken) != 1 {
		err = fmt.Errorf("%d jobs were taken, and one is due", len(taken))
	}
	if err != nil {
		return jobs.Taken{}, err
	}
	return taken[0], nil
}

// takesNone says that nothing is due.
func (e *env) takesNone(s jobs.Store) error {
	taken, err := e.take(s, 10, long)
	if err == nil && len(taken) > 0 {
		err = fmt.Errorf("job %d was taken, and none is due", taken[0].ID)
	}
	return err
}

// finish ends a running, which must be the worker's.
func (e *env) finish(s jobs.Store, o jobs.Outcome) error {
	late, err := s.Finish(e.ctx, o)
	if err == nil && len(late) > 0 {
		err = errors.New("a finish with the token of the lease is late")
	}
	return err
}

// isLate finishes a running that is not the worker's any more.
func (e *env) isLate(s jobs.Store, o jobs.Outcome) error {
	late, err := s.Finish(e.ctx, o)
	if err == nil && !slices.Equal(late, []jobs.Ref{o.Ref}) {
		err = errors.New("a finish with an old token is accepted")
	}
	return err
}

// info is what is known of a job.
func (e *env) info(id int64) (jobs.Info, error) {
	list, err := e.List(e.ctx, jobs.Filter{ID: id})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d jobs have an ID: %w", len(list), jobs.ErrNotFound)
	}
	if err != nil {
		return jobs.Info{}, err
	}
	return list[0], nil
}

// count is how many jobs of the usual kind are listed.
func (e *env) count(want int) error {
	list, err := e.List(e.ctx, jobs.Filter{Kind: kind, Limit: 1000})
	if err == nil && len(list) != want {
		err = fmt.Errorf("%d jobs are stored, want %d", len(list), want)
	}
	return err
}

// until waits until something is so.
func (e *env) until(what string, is func() (bool, error)) error {
	for {
		ok, err := is()
		if ok || err != nil {
			return err
		}
		select {
		case <-e.ctx.Done():
			return fmt.Errorf("still not so: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// pass waits until a time has passed by the clock of the store.
func (e *env) pass(d time.Duration) error {
	from, _, err := e.Next(e.ctx, nil)
	if err != nil {
		return err
	}
	return e.until("time passes", func() (bool, error) {
		now, _, err := e.Next(e.ctx, nil)
		return now.Sub(from) > d, err
	})
}

// together runs something in several goroutines at once.
func together(n int, f func(i int) error) error {
	var all sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return errors.Join(errs...)
}

// at is one of the two handles.
func (e *env) at(i int) jobs.Store {
	if i%2 == 0 {
		return e.Store
	}
	return e.other
}

// first is the first error of some steps.
func first(errs ...error) error { return cmp.Or(errs...) }
