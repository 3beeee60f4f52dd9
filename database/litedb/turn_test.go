// The turn is held by one at a time, and none waits without end.

package litedb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTurn(t *testing.T) {
	var turn turn
	var inside, took, left atomic.Int64
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if (g+i)%3 == 0 { // some give up, at any moment
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(i)*time.Microsecond)
				}
				if err := turn.take(ctx); err != nil {
					if left.Add(1); !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				} else {
					if took.Add(1); inside.Add(1) != 1 {
						t.Error("two have the turn")
					}
					if i%50 == 0 {
						time.Sleep(patience + patience/2) // so that it is given to the next
					}
					inside.Add(-1)
					turn.pass()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if took.Load()+left.Load() != 16*200 || took.Load() < 16*200/2 {
		t.Errorf("%d took the turn and %d left", took.Load(), left.Load())
	}
	if turn.held || len(turn.waiting) > 0 {
		t.Errorf("in the end it is %+v", &turn)
	}
}

// A writer that runs without a pause does not keep another from its turn.
func TestTurnIsFair(t *testing.T) {
	var turn turn
	stop := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := turn.take(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(50 * time.Microsecond)
			turn.pass()
		}
	})
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := turn.take(ctx); err != nil {
			t.Error(err)
		} else {
			turn.pass()
		}
		cancel()
	}
	close(stop)
	busy.Wait()
}
