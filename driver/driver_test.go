// Lives and hints, in virtual time.

package driver_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/driver"
	"github.com/gorgon-go/gorgon/pages"
)

func TestClose(t *testing.T) {
	for name, c := range map[string]struct {
		call, goodbye, want time.Duration // that they take, and Close
		cut                 bool
	}{
		"nothing in progress":             {0, 0, 0, false},
		"a call that ends":                {300 * time.Millisecond, 0, 300 * time.Millisecond, false},
		"a call that does not end":        {time.Hour, 0, driver.Grace, false},
		"a server that hangs at the end":  {0, 5 * time.Second, driver.Grace, true},
		"a call and a server that hang":   {time.Hour, 5 * time.Second, 2 * driver.Grace, true},
		"a goodbye that takes some time":  {0, driver.Grace / 2, driver.Grace / 2, false},
		"a call that ends just in time":   {driver.Grace - 1, 0, driver.Grace - 1, false},
		"a goodbye that is just too late": {0, driver.Grace + 1, driver.Grace, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				life := driver.NewLife(t.Context())
				ctx, end, err := life.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					defer end()
					select {
					case <-time.After(c.call):
					case <-ctx.Done():
					}
				}()
				var worked atomic.Bool
				life.Go(func() {
					for life.Pause(time.Minute) {
					}
					worked.Store(true)
				})
				broken := make(chan struct{})
				start := time.Now()
				life.Close(func() {
					select {
					case <-time.After(c.goodbye):
					case <-broken:
					}
				}, func() { close(broken) })
				if took := time.Since(start); took != c.want {
					t.Errorf("it took %v, want %v", took, c.want)
				}
				select {
				case <-broken:
					if !c.cut {
						t.Error("connections were cut")
					}
				default:
					if c.cut {
						t.Error("connections were not cut")
					}
				}
				if !worked.Load() || !life.Closed() || life.Calls().Err() == nil {
					t.Error("something goes on")
				}
				if _, _, err := life.Begin(t.Context()); !errors.Is(err, pages.ErrClosed) {
					t.Errorf("afterwards a call begins with %v", err)
				}
				life.Go(func() { t.Error("work begins after Close") })
				life.Close(func() { t.Error("it is closed twice") }, func() {})
			})
		})
	}
}

func TestBeginWithAnEndedContext(t *testing.T) {
	life := driver.NewLife(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := life.Begin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it begins with %v", err)
	}
	life.Close(func() {}, func() {}) // does not wait for it
}

var pauses = driver.Pauses{Live: time.Minute, Else: time.Second, Look: 5 * time.Second}

func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		live     bool
		announce time.Duration // 0 for never
		want     time.Duration // when the third purge, made after 10 s, is heard of
	}{
		"notifications arrive":       {true, 10 * time.Second, 10 * time.Second},
		"one is lost":                {true, 0, time.Minute},
		"none arrive":                {false, 0, 10 * time.Second},
		"one arrives unexpectedly":   {false, 10 * time.Second, 10 * time.Second},
		"one arrives before a purge": {true, 9 * time.Second, time.Minute + 9*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				life := driver.NewLife(t.Context())
				defer life.Close(func() {}, func() {})
				var hints driver.Hints
				hints.SetLive(c.live)
				start := time.Now()
				if c.announce > 0 {
					time.AfterFunc(c.announce, hints.Announce)
				}
				err := hints.Wait(t.Context(), life, pauses, func(context.Context) (bool, error) { return time.Since(start) >= 10*time.Second, nil })
				if took := time.Since(start); err != nil || took != c.want {
					t.Errorf("it returned after %v, %v; want %v", took, err, c.want)
				}
			})
		})
	}
}

func TestWaitEnds(t *testing.T) {
	gone := errors.New("the server is gone")
	synctest.Test(t, func(t *testing.T) {
		life := driver.NewLife(t.Context())
		var hints driver.Hints
		look := func(ctx context.Context) (bool, error) {
			_, end, err := life.Begin(ctx)
			if err == nil {
				end()
			}
			return false, err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := hints.Wait(ctx, life, pauses, look); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("its context ends: %v", err)
		}
		time.AfterFunc(1500*time.Millisecond, func() { life.Close(func() {}, func() {}) })
		if err := hints.Wait(t.Context(), life, pauses, look); !errors.Is(err, pages.ErrClosed) {
			t.Errorf("the store ends: %v", err)
		}
		start := time.Now()
		err := hints.Wait(t.Context(), driver.NewLife(t.Context()), pauses, func(ctx context.Context) (bool, error) {
			<-ctx.Done() // a server that hangs
			return false, gone
		})
		if took := time.Since(start); !errors.Is(err, gone) || took != pauses.Look {
			t.Errorf("a server hangs: %v after %v", err, took)
		}
	})
}

func TestStartsOnce(t *testing.T) {
	var hints driver.Hints
	if !hints.Start() || hints.Start() {
		t.Error("it does not say once that the listener is to be started")
	}
}

func ExampleLife() {
	life := driver.NewLife(context.Background())
	get := func(ctx context.Context) error {
		ctx, end, err := life.Begin(ctx)
		if err != nil {
			return err
		}
		defer end()
		return ctx.Err() // here the server is asked
	}
	fmt.Println(get(context.Background()))
	life.Close(func() { fmt.Println("connections closed") }, func() {})
	fmt.Println(get(context.Background()))
	// Output:
	// <nil>
	// connections closed
	// the store is closed
}
