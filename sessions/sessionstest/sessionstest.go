// The harness: how the laws are run against a store.

// Package sessionstest tests stores against the contract of package sessions.
//
// A driver's own test is a few lines:
//
//	func TestSessions(t *testing.T) {
//		sessionstest.Run(t, func(t *testing.T) func() sessions.Store {
//			place := newPlace(t) // empty
//			return func() sessions.Store { return open(t, place) }
//		})
//	}
//
// Each law is one sentence. It is the name of its subtest and is printed when
// the store breaks it. A run takes real time, about two seconds, since limits
// are counted by the clock of the store.
package sessionstest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// A Harness says how the kit opens stores. Place is required.
type Harness struct {
	// Place creates a new, empty place for records, and returns a function that
	// opens a store there. Each call returns one more handle, as another process
	// would have; the same one, if the technology knows but one. The kit closes
	// them.
	Place func(t *testing.T) (open func() sessions.Store)

	// Kept counts what the place of a store keeps: records, and limits of which
	// something is spent. It adds the laws about what is removed. Default: that
	// cannot be counted.
	Kept func(t *testing.T, s sessions.Store) (records, limits int)

	// Timeout is how long one law may take. Default: 1 min.
	Timeout time.Duration
}

// Run tests the stores of a place.
func Run(t *testing.T, place func(t *testing.T) (open func() sessions.Store)) {
	t.Helper()
	Harness{Place: place}.Run(t)
}

// Run tests a store, with one subtest for each law.
func (h Harness) Run(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.says, func(t *testing.T) {
			if err := h.try(t, l); err != nil {
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
	for _, part := range [][]law{recordLaws(), replaceLaws(), userLaws(), raceLaws(), expiryLaws(), limitLaws(), lifeLaws()} {
		all = append(all, part...)
	}
	return all
}

// env is what a law runs with: two handles on a store of its own, and a context
// that ends.
type env struct {
	sessions.Store
	other sessions.Store
	ctx   context.Context
	more  func() sessions.Store
	kept  func() (records, limits int) // nil: it cannot be counted
	ids   atomic.Int64
}

// try checks one law on a new store.
func (h Harness) try(t *testing.T, l law) error {
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(h.Timeout, time.Minute))
	defer cancel()
	open := h.Place(t)
	var opened []sessions.Store
	e := &env{ctx: ctx, more: func() sessions.Store {
		s := open()
		opened = append(opened, s)
		return s
	}}
	defer func() {
		for _, s := range opened {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	e.Store, e.other = e.more(), e.more()
	if h.Kept != nil {
		e.kept = func() (records, limits int) { return h.Kept(t, e.Store) }
	}
	done := make(chan error, 1)
	go func() { done <- l.check(e) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done(): // the store may ignore its context
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Second):
			return fmt.Errorf("still not done: %w", ctx.Err())
		}
	}
}

// The kind of most records, and their user.
const (
	kind = "session"
	user = "ada"
)

// id returns an ID that no other call returns.
func (e *env) id() sessions.ID { return sessions.IDOf(fmt.Sprint("secret ", e.ids.Add(1))) }

// record returns a record that lives for a day.
func (e *env) record(kind, user string) sessions.Record {
	now := time.Now()
	return sessions.Record{
		ID: e.id(), Kind: kind, User: user, Data: []byte("data of " + user),
		Made: now.Add(-time.Hour), Used: now.Add(-time.Minute), Expires: now.Add(24 * time.Hour),
	}
}

// put adds a record and returns it.
func (e *env) put(kind, user string) (sessions.Record, error) {
	r := e.record(kind, user)
	if err := e.Put(e.ctx, r); err != nil {
		return r, fmt.Errorf("put: %w", err)
	}
	return r, nil
}

// differs says how a record is not as another one was put.
func differs(got, put sessions.Record) error {
	for _, t := range []struct {
		name     string
		got, put time.Time
	}{{"Made", got.Made, put.Made}, {"Used", got.Used, put.Used}, {"Expires", got.Expires, put.Expires}} {
		if want := sessions.Moment(sessions.Millis(t.put)); !t.got.Equal(want) || t.got.IsZero() != t.put.IsZero() || t.got.Location() != time.UTC {
			return fmt.Errorf("%s is %v instead of %v", t.name, t.got, want)
		}
	}
	switch {
	case got.ID != put.ID:
		return fmt.Errorf("the ID is %v instead of %v", got.ID, put.ID)
	case got.Kind != put.Kind:
		return fmt.Errorf("the kind is %q instead of %q", got.Kind, put.Kind)
	case got.User != put.User:
		return fmt.Errorf("the user is %q instead of %q", got.User, put.User)
	case !bytes.Equal(got.Data, put.Data):
		return fmt.Errorf("%d bytes of data %.20q instead of %d bytes %.20q", len(got.Data), got.Data, len(put.Data), put.Data)
	}
	return nil
}

// holds checks that both handles find a record as it was put.
func (e *env) holds(r sessions.Record) error {
	for _, s := range []sessions.Store{e.Store, e.other} {
		got, err := s.Get(e.ctx, r.Kind, r.ID)
		if err != nil {
			return fmt.Errorf("get: %w", err)
		}
		if err := differs(got, r); err != nil {
			return err
		}
	}
	return nil
}

// lacks checks that neither handle finds a record.
func (e *env) lacks(r sessions.Record) error {
	for _, s := range []sessions.Store{e.Store, e.other} {
		if _, err := s.Get(e.ctx, r.Kind, r.ID); !errors.Is(err, sessions.ErrNotFound) {
			return fmt.Errorf("get gave %v instead of %q", err, sessions.ErrNotFound)
		}
	}
	return nil
}

// lists checks that the list of a user has these records in this order.
func (e *env) lists(kind, user string, want ...sessions.Record) error {
	for _, s := range []sessions.Store{e.Store, e.other} {
		got, err := s.List(e.ctx, kind, user)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if len(got) != len(want) {
			return fmt.Errorf("the list of %q has %d records instead of %d", user, len(got), len(want))
		}
		for i := range got {
			if err := differs(got[i], want[i]); err != nil {
				return fmt.Errorf("record %d in the list of %q: %w", i, user, err)
			}
		}
	}
	return nil
}

// want checks that an error is the expected one; nil for none.
func want(err, target error, doing string) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%s gave %v instead of %v", doing, err, target)
}

// first returns the first error.
func first(errs ...error) error { return cmp.Or(errs...) }
