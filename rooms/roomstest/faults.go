// A store whose calls fail on demand.

package roomstest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// ErrFault is an error that no store gives: what [Fault] can have calls fail with.
var ErrFault = errors.New("a planted fault")

// Faults is a Log in front of another one. Its calls reach that, unless a [Fault]
// was planned for them. It begins no goroutine, so that it can be used in bubbles of
// testing/synctest. Make it with [NewFaults].
//
//	log := roomstest.NewFaults(mem.NewRooms())
//	log.Next("Append", roomstest.Fault{After: roomstest.ErrFault}) // stored, and the answer is lost
type Faults struct {
	log rooms.Log

	mu     sync.Mutex
	plan   func(Call) Fault
	queue  map[string][]Fault
	counts map[string]int
}

// A Call is one of a Log's methods.
type Call struct {
	Method string // "Append"
	Room   string // "" for a method of several rooms, or of none
	Number int    // how many calls of the method there have been, with this one
}

// A Fault is what becomes of a call. The zero Fault lets it through.
type Fault struct {
	// Wait is how long the call takes to reach the store, and Late how long the
	// answer takes to come back. If the context ends before, the call fails with
	// its error; if that is on the way back, it has had its effect.
	Wait, Late time.Duration

	// Before is what the call fails with, without reaching the store. After is what
	// it fails with when it has had its effect.
	Before, After error

	// HangBefore has the call wait until its context ends, without reaching the
	// store. HangAfter has it wait when it has had its effect.
	HangBefore, HangAfter bool

	// Reaches is after how long a call that failed by Before, HangBefore or Wait
	// reaches the store all the same. Its answer is thrown away. 0: it does not.
	Reaches time.Duration
}

// NewFaults returns a Log without faults. Close closes the other Log.
func NewFaults(l rooms.Log) *Faults {
	return &Faults{log: l, queue: map[string][]Fault{}, counts: map[string]int{}}
}

// Plan sets what decides about each call for which nothing else is planned; nil:
// they are let through. The function may be called at the same time by several
// goroutines.
func (f *Faults) Plan(plan func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = plan
}

// Next plans the next calls of a method, one fault for each.
func (f *Faults) Next(method string, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue[method] = append(f.queue[method], faults...)
}

// Count says how many calls of a method there have been.
func (f *Faults) Count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[method]
}

// fault counts a call, and is what was planned for it.
func (f *Faults) fault(method, room string) Fault {
	f.mu.Lock()
	f.counts[method]++
	call, plan := Call{method, room, f.counts[method]}, f.plan
	var fault Fault
	next := f.queue[method]
	if len(next) > 0 {
		fault, f.queue[method] = next[0], next[1:]
	}
	f.mu.Unlock()
	if len(next) == 0 && plan != nil {
		fault = plan(call)
	}
	return fault
}

// through makes a call, with its fault.
func through[T any](ctx context.Context, f *Faults, method, room string, call func(context.Context) (T, error)) (T, error) {
	var none T
	fault := f.fault(method, room)
	if err := fault.out(ctx); err != nil {
		if fault.Reaches > 0 {
			time.AfterFunc(fault.Reaches, func() { _, _ = call(context.WithoutCancel(ctx)) })
		}
		return none, err
	}
	answer, err := call(ctx)
	if lost := fault.back(ctx); lost != nil {
		return none, lost
	}
	return answer, err
}

// out is the way to the store.
func (f Fault) out(ctx context.Context) error {
	if err := pause(ctx, f.Wait); err != nil {
		return err
	}
	if f.HangBefore {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.Before
}

// back is the way back.
func (f Fault) back(ctx context.Context) error {
	if err := pause(ctx, f.Late); err != nil {
		return err
	}
	if f.HangAfter {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.After
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// only is through for a call without an answer.
func only(ctx context.Context, f *Faults, method, room string, call func(context.Context) error) error {
	_, err := through(ctx, f, method, room, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// Beat is that of the other Log, with its fault.
func (f *Faults) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) error {
	return only(ctx, f, "Beat", "", func(ctx context.Context) error { return f.log.Beat(ctx, i, lease) })
}

// Leave is that of the other Log, with its fault.
func (f *Faults) Leave(ctx context.Context, instance string) error {
	return only(ctx, f, "Leave", "", func(ctx context.Context) error { return f.log.Leave(ctx, instance) })
}

// Claim is that of the other Log, with its fault.
func (f *Faults) Claim(ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
	return through(ctx, f, "Claim", room, func(ctx context.Context) (rooms.Seat, error) { return f.log.Claim(ctx, room, c) })
}

// Release is that of the other Log, with its fault.
func (f *Faults) Release(ctx context.Context, room string, token uint64) error {
	return only(ctx, f, "Release", room, func(ctx context.Context) error { return f.log.Release(ctx, room, token) })
}

// Append is that of the other Log, with its fault.
func (f *Faults) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	return through(ctx, f, "Append", room, func(ctx context.Context) (rooms.Position, error) { return f.log.Append(ctx, room, a) })
}

// Read is that of the other Log, with its fault.
func (f *Faults) Read(ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
	return through(ctx, f, "Read", room, func(ctx context.Context) (rooms.Tail, error) { return f.log.Read(ctx, room, seq, limit) })
}

// Save is that of the other Log, with its fault.
func (f *Faults) Save(ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
	return only(ctx, f, "Save", room, func(ctx context.Context) error { return f.log.Save(ctx, room, at, snapshot, keep) })
}

// Positions is that of the other Log, with its fault.
func (f *Faults) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	return through(ctx, f, "Positions", "", func(ctx context.Context) ([]rooms.Position, error) { return f.log.Positions(ctx, names) })
}

// Sweep is that of the other Log, with its fault.
func (f *Faults) Sweep(ctx context.Context, prefix string, age time.Duration) (int, error) {
	return through(ctx, f, "Sweep", "", func(ctx context.Context) (int, error) { return f.log.Sweep(ctx, prefix, age) })
}

// Close closes the other Log.
func (f *Faults) Close() error { return f.log.Close() }
