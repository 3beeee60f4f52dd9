// The harness: how the laws are run against a store.

// Package roomstest tests stores against the contract of package rooms, and has a
// store that fails on demand: [Faults].
//
// A driver's own test is a few lines:
//
//	func TestRooms(t *testing.T) {
//		roomstest.Harness{Place: func(t *testing.T) func() rooms.Log {
//			place := newPlace(t) // empty
//			return func() rooms.Log { return open(t, place) }
//		}}.Run(t)
//	}
//
// Each law is one sentence. It is the name of its subtest and is printed when the
// store breaks it. Leases and times are counted by the clock of the store, so a
// run takes real time, some seconds.
//
// All handles of a run have the clock of one machine. That a driver does not take
// the time of the process for that of the store is what its own tests look at.
package roomstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// A Harness says how the kit opens stores. Place is required.
type Harness struct {
	// Place creates a new, empty place for rooms, and returns a function that opens
	// a store there. Each call returns one more handle, as another process would
	// have. The kit closes them.
	Place func(t *testing.T) (open func() rooms.Log)

	// Timeout is how long one law may take. Default: 2 min.
	Timeout time.Duration
}

// Run tests a store that is opened by Harness.Place.
func Run(t *testing.T, place func(t *testing.T) (open func() rooms.Log)) {
	Harness{Place: place}.Run(t)
}

// Run tests a store, with one subtest for each law.
func (h Harness) Run(t *testing.T) {
	for _, l := range laws() {
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
	says  string
	check func(e *env) error
}

func laws() []law {
	return slices.Concat(appendLaws(), fenceLaws(), readLaws(), saveLaws(), claimLaws(), overLaws(), buildLaws(), sweepLaws(), inspectLaws(), limitLaws(), endLaws())
}

// env is what a law runs with: two handles on a store of its own, and a context
// that ends.
type env struct {
	rooms.Log
	other  rooms.Log
	ctx    context.Context
	open   func() rooms.Log // one more handle
	probes atomic.Int64
}

// try checks one law on a new store.
func (h Harness) try(t *testing.T, l law) error {
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(h.Timeout, 2*time.Minute))
	defer cancel()
	open := h.Place(t)
	e := &env{ctx: ctx, Log: open(), other: open(), open: open}
	defer func() {
		for _, s := range []rooms.Log{e.Log, e.other} {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	return l.check(e)
}

// room is the room of most laws.
const room = "canvas/7"

// Leases of the laws: one that ends while they run, and one that does not.
const (
	short = 600 * time.Millisecond
	long  = time.Hour
)

// slack is what the clocks of two machines may differ within a second, and how
// coarse that of a store may be.
const slack = 20 * time.Millisecond

// The builds of the laws. The order of their names is not that of their age.
const (
	build = "v2"
	newer = "v10"
)

// instance is the instance of an ID.
func instance(id string) rooms.Instance {
	return rooms.Instance{ID: id, Address: "[fd00::1]:80/" + id, Key: "key of " + id}
}

// beats begins the leases of instances.
func (e *env) beats(s rooms.Log, lease time.Duration, ids ...string) error {
	for _, id := range ids {
		if err := s.Beat(e.ctx, instance(id), lease); err != nil {
			return fmt.Errorf("beat: %w", err)
		}
	}
	return nil
}

// claim asks for the room with the usual build.
func (e *env) claim(s rooms.Log, id string, change func(*rooms.Claim)) (rooms.Seat, error) {
	c := rooms.Claim{Instance: id, Build: build, Age: time.Hour}
	if change != nil {
		change(&c)
	}
	seat, err := s.Claim(e.ctx, room, c)
	if err != nil {
		err = fmt.Errorf("claim: %w", err)
	}
	return seat, err
}

// gets claims the room, which must be given.
func (e *env) gets(s rooms.Log, id string, change func(*rooms.Claim)) (token uint64, err error) {
	seat, err := e.claim(s, id, change)
	if err == nil && (!seat.Mine || seat.Token == 0 || seat.Owner != instance(id)) {
		err = fmt.Errorf("the room is not given to instance %s: %+v", id, seat)
	}
	return seat.Token, err
}

// briefly claims the room, and shortens the lease of its owner then: a busy
// machine may take longer for the claim than a short lease is.
func (e *env) briefly(s rooms.Log, id string, change func(*rooms.Claim)) (token uint64, err error) {
	if err := e.beats(s, long, id); err != nil {
		return 0, err
	}
	token, err = e.gets(s, id, change)
	return token, first(err, e.beats(s, short, id))
}

// held claims the room, which another instance must own.
func (e *env) held(s rooms.Log, id, owner string, change func(*rooms.Claim)) error {
	seat, err := e.claim(s, id, change)
	if err == nil && (seat.Mine || seat.Owner != instance(owner)) {
		err = fmt.Errorf("the room is not that of instance %s: %+v", owner, seat)
	}
	return err
}

// over is a claim of a room whose owner does not answer.
func over(token uint64) func(*rooms.Claim) { return func(c *rooms.Claim) { c.Over = token } }

// fails says that an error is another one.
func fails(what string, got, want error) error {
	if !errors.Is(got, want) {
		return fmt.Errorf("%s gave %w, want %w", what, cmp.Or(got, errors.New("no error")), want)
	}
	return nil
}

// texts are entries.
func texts(list ...string) [][]byte {
	entries := make([][]byte, len(list))
	for i, text := range list {
		entries[i] = []byte(text)
	}
	return entries
}

// numbered are entries that can be told apart.
func numbered(n int) [][]byte {
	entries := make([][]byte, n)
	for i := range entries {
		entries[i] = fmt.Appendf(nil, "entry %d", i+1)
	}
	return entries
}

// appends appends entries to a room, where it is.
func (e *env) appends(s rooms.Log, name string, entries ...[]byte) error {
	at, err := e.at(s, name)
	if err != nil {
		return err
	}
	got, err := s.Append(e.ctx, name, rooms.Append{Build: build, After: at, Entries: entries})
	if err == nil && got != at.After(entries) {
		err = fmt.Errorf("after an append the room is said to be at %v, and is at %v", got, at.After(entries))
	}
	if err != nil {
		err = fmt.Errorf("append: %w", err)
	}
	return err
}

// at is where a room is.
func (e *env) at(s rooms.Log, name string) (rooms.Position, error) {
	list, err := s.Positions(e.ctx, []string{name})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d positions of one room", len(list))
	}
	if err != nil {
		return rooms.Position{}, fmt.Errorf("positions: %w", err)
	}
	return list[0], nil
}

// has says that a room has these entries, and is where they lead.
func (e *env) has(s rooms.Log, name string, entries ...[]byte) error {
	want := rooms.Tail{At: rooms.Position{}.After(entries), Entries: entries}
	got, err := s.Read(e.ctx, name, 0, 1<<20)
	if err == nil {
		err = same(got, want)
	}
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	at, err := e.at(s, name)
	if err == nil && at != want.At {
		err = fmt.Errorf("the room is at %v, want %v", at, want.At)
	}
	return err
}

// same compares what was read, entry by entry.
func same(got, want rooms.Tail) error {
	switch {
	case got.At != want.At:
		return fmt.Errorf("the room is at %v, want %v", got.At, want.At)
	case got.Snapshot == nil && got.From.Seq != want.From.Seq, got.Snapshot != nil && got.From != want.From:
		return fmt.Errorf("it is from %v, want %v", got.From, want.From)
	case (got.Snapshot == nil) != (want.Snapshot == nil):
		return fmt.Errorf("there is a snapshot: %t, want %t", got.Snapshot != nil, want.Snapshot != nil)
	case string(got.Snapshot) != string(want.Snapshot):
		return fmt.Errorf("the snapshot is %s, want %s", brief(got.Snapshot), brief(want.Snapshot))
	case len(got.Entries) != len(want.Entries):
		return fmt.Errorf("there are %d entries, want %d", len(got.Entries), len(want.Entries))
	}
	for i := range want.Entries {
		if string(got.Entries[i]) != string(want.Entries[i]) {
			return fmt.Errorf("entry %d is %s, want %s", got.From.Seq+uint64(i)+1, brief(got.Entries[i]), brief(want.Entries[i]))
		}
	}
	return nil
}

func brief(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%q… (%d bytes)", b[:40], len(b))
	}
	return fmt.Sprintf("%q", b)
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

// pass waits until a time has passed by the clock of the store: until a lease of
// that time is over.
func (e *env) pass(d time.Duration) error {
	name := fmt.Sprint("probe ", e.probes.Add(1))
	first, second := rooms.Claim{Instance: name}, rooms.Claim{Instance: name + " of another"}
	if err := e.beats(e, d, first.Instance); err != nil {
		return err
	}
	if err := e.beats(e, long, second.Instance); err != nil {
		return err
	}
	if seat, err := e.Claim(e.ctx, name, first); errors.Is(err, rooms.ErrAbsent) {
		return nil // it has passed
	} else if err != nil || !seat.Mine {
		return fmt.Errorf("a new room is not free: %+v: %v", seat, err)
	}
	return e.until("a lease is over", func() (bool, error) {
		seat, err := e.Claim(e.ctx, name, second)
		return seat.Mine, err
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

// handle is one of the two handles.
func (e *env) handle(i int) rooms.Log {
	if i%2 == 0 {
		return e.Log
	}
	return e.other
}

// first is the first error of some steps that were made.
func first(errs ...error) error { return cmp.Or(errs...) }
