// The harness: how the laws are run against a store.

// Package pagestest tests stores against the contract of package pages.
//
// A driver's own test is a few lines:
//
//	func TestStore(t *testing.T) {
//		pagestest.Run(t, func(t *testing.T) pages.Store { return mem.Open(mem.Options{}) })
//	}
//
// and where several instances can share the store:
//
//	pagestest.Harness{Place: func(t *testing.T) func() pages.Store {
//		dir := t.TempDir()
//		return func() pages.Store {
//			s, err := disk.Open(dir, disk.Options{})
//			…
//			return s
//		}
//	}}.Run(t)
//
// Each law is one sentence. It is the name of its subtest and is printed when
// the store breaks it. Laws about optional interfaces ([Lister],
// [pages.Sequencer], [pages.Acknowledger], [pages.Sweeper]) pass for a store
// without them. A run takes real time: about ten lease times.
package pagestest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A Harness says how the kit opens stores. Either Open or Place is required.
type Harness struct {
	// Open makes a new, empty store.
	Open func(t *testing.T) pages.Store

	// Place creates a new, empty place for a store, and returns a function that
	// opens a store there. Each call returns one more handle, as another
	// instance would have, also after the others were closed. It is used
	// instead of Open, and adds the laws about several instances and about
	// reopening.
	Place func(t *testing.T) (open func() pages.Store)

	// Snapshot copies everything that the technology keeps for a store, and
	// returns a function that restores it while the store is open, like
	// restoring a backup or failing over to a standby that lags. It adds the
	// laws about that.
	Snapshot func(t *testing.T, s pages.Store) (restore func())

	// Replace puts another, empty store in the place of one that is open. It
	// adds the law about that, if Place is set. Default: this cannot happen to
	// the technology.
	Replace func(t *testing.T, s pages.Store)

	// TTL is a lease time that the store keeps to within a third. Default: 150
	// ms.
	TTL time.Duration

	// Large is the size in bytes of the largest record tried. Default: 8 MiB.
	Large int

	// Timeout is how long one law may take. Default: 1 min.
	Timeout time.Duration
}

// Run tests the stores that open returns, each new and empty. The kit closes
// them.
func Run(t *testing.T, open func(t *testing.T) pages.Store) {
	t.Helper()
	Harness{Open: open}.Run(t)
}

// Run tests a store, with one subtest for each law.
func (h Harness) Run(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.says, func(t *testing.T) {
			err := h.try(t, l)
			switch {
			case errors.Is(err, errSkip):
				t.Log(err) // a law about an interface that the store does not implement passes
			case err != nil:
				t.Errorf("broken law: %s\n%v", l.says, err)
			}
		})
	}
}

// A law is one promise of the contract.
type law struct {
	says  string
	check func(e *env) error
}

func laws() []law {
	var all []law
	for _, part := range [][]law{
		recordLaws(), keyLaws(), fenceLaws(), epochLaws(), leaseLaws(), ownerLaws(),
		raceLaws(), watchLaws(), acknowledgeLaws(), sweepLaws(), lifeLaws(), backupLaws(),
	} {
		all = append(all, part...)
	}
	return all
}

// errSkip marks a law that does not apply to the store.
var errSkip = errors.New("does not apply to this store")

func skip(why string) error { return fmt.Errorf("%w: %s", errSkip, why) }

// env is what a law runs with: a store of its own and a context that ends.
type env struct {
	pages.Store
	ctx   context.Context
	ttl   time.Duration
	large int
	more  func() pages.Store // nil: there are no other handles

	snapshot func(s pages.Store) (restore func()) // nil: it cannot be done
	replace  func(s pages.Store)                  // the same
	claims   atomic.Uint64
}

// another opens one more handle on the same store; it returns the same handle
// if there are no others.
func (e *env) another() pages.Store {
	if e.more == nil {
		return e.Store
	}
	return e.more()
}

// try checks one law on a new store.
func (h Harness) try(t *testing.T, l law) error {
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(h.Timeout, time.Minute))
	defer cancel()
	e := &env{ctx: ctx, ttl: cmp.Or(h.TTL, 150*time.Millisecond), large: cmp.Or(h.Large, 8<<20)}
	if h.Snapshot != nil {
		e.snapshot = func(s pages.Store) func() { return h.Snapshot(t, s) }
	}
	if h.Replace != nil {
		e.replace = func(s pages.Store) { h.Replace(t, s) }
	}
	var opened []pages.Store
	defer func() {
		for _, s := range opened {
			if err := s.Close(); err != nil && !errors.Is(err, pages.ErrClosed) {
				t.Errorf("close: %v", err)
			}
		}
	}()
	if h.Place != nil {
		open := h.Place(t)
		e.more = func() pages.Store {
			s := open()
			opened = append(opened, s)
			return s
		}
		e.Store = e.more()
	} else {
		e.Store = h.Open(t)
		opened = append(opened, e.Store)
	}

	done := make(chan error, 1)
	go func() { done <- l.check(e) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		// The store may ignore its context; do not wait for it without limit.
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Second):
			return fmt.Errorf("still not done: %w", ctx.Err())
		}
	}
}

// key returns a key that no other name gives.
func key(name string) pages.Key { return pages.Key{Route: "/{name}", Path: "/" + name} }

func record(key pages.Key, data string) pages.Record {
	return pages.Record{Key: key, Data: []byte(data)}
}

// put puts data without a fence.
func (e *env) put(key pages.Key, data string) error {
	if err := e.Put(e.ctx, record(key, data), pages.Unfenced); err != nil {
		return fmt.Errorf("put %.40q: %w", key.Path, err)
	}
	return nil
}

// holds checks that a store has exactly this data under a key.
func (e *env) holds(s pages.Store, key pages.Key, data string) error {
	got, err := s.Get(e.ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("get %.40q: %w", key.Path, err)
	case got.Key != key:
		return fmt.Errorf("got the record of %.80q instead of %.80q", fmt.Sprint(got.Key), fmt.Sprint(key))
	case string(got.Data) != data:
		return fmt.Errorf("got %d bytes %.20q instead of %d bytes %.20q", len(got.Data), got.Data, len(data), data)
	}
	return nil
}

// lacks checks that a store has nothing under a key.
func (e *env) lacks(s pages.Store, key pages.Key) error {
	got, err := s.Get(e.ctx, key)
	if err == nil {
		return fmt.Errorf("get %.40q gave %d bytes instead of ErrNotFound", key.Path, len(got.Data))
	}
	return want(err, pages.ErrNotFound, "get")
}

// want checks that an error is the expected one.
func want(err, target error, doing string) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%s gave %v instead of %q", doing, err, target)
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
