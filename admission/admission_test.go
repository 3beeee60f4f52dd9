// Tests of which work starts, waits or is refused, in virtual time.

package admission_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/admission"
)

func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// enter takes a slot that must be free.
func enter(t *testing.T, g *admission.Gate) *admission.Slot {
	t.Helper()
	began := time.Now()
	s, err := g.Enter(t.Context())
	if err != nil || time.Since(began) > 0 {
		t.Fatalf("a slot was to be had at once: %v after %v (%s)", err, time.Since(began), g.Stats())
	}
	return s
}

// work runs work of a duration in a gate, so that the gate measures it.
func work(t *testing.T, g *admission.Gate, took time.Duration, times int) {
	t.Helper()
	for range times {
		s := enter(t, g)
		time.Sleep(took)
		s.Free()
	}
}

func wantRefused(t *testing.T, g *admission.Gate, within time.Duration) *admission.Refused {
	t.Helper()
	began := time.Now()
	_, err := g.Enter(t.Context())
	refused, ok := errors.AsType[*admission.Refused](err)
	if took := time.Since(began); !ok || took > within {
		t.Fatalf("%v after %v, want a refusal within %v (%s)", err, took, within, g.Stats())
	}
	return refused
}

func TestFirstInFirstOut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 1})
		work(t, g, 10*time.Millisecond, 1)
		first := enter(t, g)
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for n := range 10 {
			all.Go(func() {
				s, err := g.Enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				s.Free()
			})
			synctest.Wait()
		}
		time.Sleep(10 * time.Millisecond)
		first.Free()
		all.Wait()
		if fmt.Sprint(order) != "[0 1 2 3 4 5 6 7 8 9]" {
			t.Errorf("they were admitted in the order %v", order)
		}
	})
}

func TestWhatCannotBeInTimeIsRefusedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 2})
		work(t, g, 300*time.Millisecond, 3)
		var all sync.WaitGroup
		var served atomic.Int64
		for range 2 { // both begin at the same moment
			all.Go(func() { s := enter(t, g); time.Sleep(300 * time.Millisecond); s.Free() })
		}
		synctest.Wait()
		for range 6 { // turns at 0.3, 0.3, 0.6, 0.6, 0.9 and 0.9 s
			all.Go(func() {
				began := time.Now()
				s, err := g.Enter(t.Context())
				if err != nil || time.Since(began) > time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
					return
				}
				served.Add(1)
				time.Sleep(300 * time.Millisecond)
				s.Free()
			})
		}
		synctest.Wait()
		if refused := wantRefused(t, g, 0); refused.After < time.Second || refused.After > 2*time.Second {
			t.Errorf("it is to try again after %v", refused.After)
		}
		all.Wait()
		if s := g.Stats(); served.Load() != 6 || s.Refused != 1 || s.Waiting != 0 || s.Running != 0 {
			t.Errorf("%d served, %s", served.Load(), s)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 1, Queue: 3})
		work(t, g, time.Millisecond, 1)
		s := enter(t, g)
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := g.Enter(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wantRefused(t, g, 0)
		leave()
		all.Wait()
		if s := g.Stats(); s.Waiting != 0 || s.Dropped != 3 || s.Refused != 1 {
			t.Errorf("after three have left: %s", s)
		}
		s.Free()
		enter(t, g).Free()
	})
}

// With no measurements, or wrong ones, the wait is short.
func TestWhatHangsIsNotWaitedFor(t *testing.T) {
	for name, known := range map[string]bool{"nothing is known": false, "it was fast": true, "it took its time": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				g := admission.NewGate(admission.Limits{Width: 4})
				usual := time.Duration(0)
				if known {
					usual = 10 * time.Millisecond
					if name == "it took its time" {
						usual = time.Second
					}
					work(t, g, usual, 40)
				}
				var hung []*admission.Slot
				for range 4 {
					hung = append(hung, enter(t, g))
				}
				most := time.Duration(0)
				for range 100 {
					began := time.Now()
					_, err := g.Enter(t.Context())
					if _, ok := errors.AsType[*admission.Refused](err); !ok {
						t.Fatal(err)
					}
					if most = max(most, time.Since(began)); time.Since(began) > 2*time.Second || !known && time.Since(began) > 100*time.Millisecond {
						t.Fatalf("refused after %v", time.Since(began))
					}
					time.Sleep(20 * time.Millisecond)
				}
				time.Sleep(2 * usual)
				wantRefused(t, g, 0)
				for _, s := range hung {
					s.Free()
				}
				enter(t, g).Free()
			})
		})
	}
}

func TestBackgroundWorkHasAShare(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 4, Reserve: 2})
		var taken, behind []*admission.Slot
		for range 4 {
			taken = append(taken, enter(t, g))
		}
		for range 2 {
			s, ok := g.Try()
			if !ok {
				t.Fatal("the reserve is not available")
			}
			behind = append(behind, s)
		}
		if _, ok := g.Try(); ok || g.Idle() {
			t.Error("more than the reserve is available")
		}
		behind[0].Free()
		if !g.Idle() {
			t.Error("a freed slot of the reserve is not available")
		}
		wantRefused(t, g, 100*time.Millisecond) // it is not for work that requests wait for
		taken[0].Free()
		if s, ok := g.Try(); !ok {
			t.Error("the reserve is not available again")
		} else {
			s.Free()
		}
	})
}

// Work that keeps a slot, for instance past its deadline, holds it.
func TestKeep(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 1})
		s := enter(t, g)
		s.Keep()
		s.Free()
		wantRefused(t, g, 100*time.Millisecond)
		s.Free()
		enter(t, g).Free()
		var none *admission.Slot
		none.Free()
	})
}

func TestPausedSlotsAreLent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 1, Queue: 2})
		work(t, g, 50*time.Millisecond, 1)
		first := enter(t, g)
		first.Pause()
		first.Pause() // is the same
		second := enter(t, g)
		waiting := make(chan error)
		go func() { _, err := g.Enter(t.Context()); waiting <- err }()
		synctest.Wait()
		resumed := make(chan error)
		go func() { resumed <- first.Resume(t.Context()) }()
		synctest.Wait()
		second.Free()
		select {
		case err := <-resumed: // before the waiters in the queue
			if err != nil {
				t.Fatal(err)
			}
		case err := <-waiting:
			t.Fatalf("the queue was served first: %v", err)
		}
		first.Free()
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
		if s := g.Stats(); s.Running != 1 || s.Waiting != 0 {
			t.Errorf("in the end: %s", s)
		}
	})
	inBubble(t, func(t *testing.T) {
		g := admission.NewGate(admission.Limits{Width: 1})
		first := enter(t, g)
		first.Pause()
		second := enter(t, g)
		if err := first.Resume(t.Context()); err == nil { // second hangs
			t.Fatal("two run where one may")
		}
		first.Free()
		second.Free()
		if s := g.Stats(); s.Running != 0 {
			t.Errorf("in the end: %s", s)
		}
		enter(t, g).Free()
	})
	inBubble(t, func(t *testing.T) { // as many are lent as may wait, and no more
		g := admission.NewGate(admission.Limits{Width: 1, Queue: 2})
		for range 2 {
			enter(t, g).Pause()
		}
		enter(t, g).Pause()
		wantRefused(t, g, 100*time.Millisecond)
	})
}

// Under many concurrent calls, no slot is lost or duplicated.
func TestSlotsAddUp(t *testing.T) {
	g := admission.NewGate(admission.Limits{Width: 3, Reserve: 1, Queue: 50, Wait: 5 * time.Millisecond})
	var now, most atomic.Int64
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			for i := range 20 {
				var s *admission.Slot
				var err error
				if n%5 == 0 {
					ok := false
					if s, ok = g.Try(); !ok {
						continue
					}
				} else {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*100*time.Microsecond)
					s, err = g.Enter(ctx)
					cancel()
					if err != nil {
						continue
					}
				}
				for was := now.Add(1); ; {
					high := most.Load()
					if was <= high || most.CompareAndSwap(high, was) {
						break
					}
				}
				now.Add(-1)
				if i%7 == 0 {
					s.Pause()
					if s.Resume(t.Context()) != nil && i%2 == 0 {
						s.Pause()
					}
				}
				s.Free()
			}
		})
	}
	all.Wait()
	if s := g.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("in the end: %s", s)
	}
	if most.Load() > 4 {
		t.Errorf("%d ran at once", most.Load())
	}
	for n := range 3 {
		if _, err := g.Enter(t.Context()); err != nil {
			t.Errorf("slot %d is lost: %v", n, err)
		}
	}
}
