package supervise_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/supervise"
)

var quiet = slog.New(slog.DiscardHandler)

// during runs instances of services over a store for a while.
func during(d time.Duration, instances int, store pages.Store, services ...gorgon.Service) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	ended := make(chan struct{})
	for range instances {
		go func() {
			supervise.Run(ctx, supervise.Config{Services: services, Store: store, Log: quiet})
			ended <- struct{}{}
		}()
	}
	for range instances {
		<-ended
	}
}

// A worker runs until the end, whatever happens to it meanwhile.
func TestWorker(t *testing.T) {
	for what, fails := range map[string]func(){
		"returns": func() {},
		"panics":  func() { panic("oh") },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var starts atomic.Int64
				ended := false
				during(time.Minute, 1, nil, gorgon.Service{Name: "w", Run: func(ctx context.Context) error {
					if starts.Add(1) < 4 {
						fails()
						return errors.New("failed")
					}
					<-ctx.Done()
					ended = true
					return ctx.Err()
				}})
				if starts.Load() != 4 || !ended {
					t.Errorf("%d starts, ended with its context: %t", starts.Load(), ended)
				}
			})
		})
	}
}

// A worker that fails at once is not restarted in a busy loop.
func TestWorkerRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var starts atomic.Int64
		during(time.Hour, 1, nil, gorgon.Service{Name: "w", Run: func(context.Context) error { starts.Add(1); return nil }})
		if n := starts.Load(); n < 50 || n > 80 {
			t.Errorf("%d starts in an hour, want about one a minute", n)
		}
	})
}

// However many instances share a store, scheduled work is done once in each
// period, and a restart does not repeat it.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.Open(mem.Options{})
		defer store.Close()
		var runs, under atomic.Int64
		s := gorgon.Service{Name: "s", Every: time.Hour, Run: func(ctx context.Context) error {
			if under.Add(1) > 1 {
				t.Error("two runs at once")
			}
			defer under.Add(-1)
			time.Sleep(20 * time.Minute)
			runs.Add(1)
			return nil
		}}
		for range 4 {
			during(6*time.Hour+25*time.Minute, 3, store, s)
		}
		if n := runs.Load(); n < 23 || n > 27 {
			t.Errorf("%d runs in 26 hours or so, want one an hour", n)
		}
	})
}

// Failed work is tried again before its next period; work that never ends is
// cut off.
func TestScheduleFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.Open(mem.Options{})
		defer store.Close()
		var runs atomic.Int64
		during(30*time.Minute, 2, store, gorgon.Service{Name: "s", Every: 24 * time.Hour, Run: func(context.Context) error {
			if runs.Add(1) < 3 {
				return errors.New("failed")
			}
			return nil
		}})
		if runs.Load() != 3 {
			t.Errorf("%d runs, want 3", runs.Load())
		}
		start := time.Now()
		_, err := supervise.Due(t.Context(), supervise.Config{Log: quiet, Services: []gorgon.Service{{Name: "h", Every: 24 * time.Hour, Run: func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}}})
		if took := time.Since(start); err == nil || took != time.Hour {
			t.Errorf("work that hangs ends after %s with %v", took, err)
		}
	})
}

// Due work is done once, and a failure is reported.
func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.Open(mem.Options{})
		defer store.Close()
		bad := errors.New("no mail today")
		c := supervise.Config{Store: store, Log: quiet, Services: []gorgon.Service{
			{Name: "hourly", Every: time.Hour, Run: func(context.Context) error { return nil }},
			{Name: "mail", Every: time.Minute, Run: func(context.Context) error { return bad }},
			{Name: "worker", Run: func(context.Context) error { t.Error("a worker is not due"); return nil }},
		}}
		for _, want := range [][]string{{"hourly"}, nil} {
			done, err := supervise.Due(t.Context(), c)
			if !slices.Equal(done, want) || !errors.Is(err, bad) {
				t.Errorf("done %v, %v; want %v", done, err, want)
			}
		}
		time.Sleep(time.Hour)
		if done, _ := supervise.Due(t.Context(), c); !slices.Equal(done, []string{"hourly"}) {
			t.Errorf("after an hour: %v", done)
		}
	})
}

// Without its store, scheduled work is not done: it might be done twice.
func TestStoreDown(t *testing.T) {
	store := mem.Open(mem.Options{})
	store.Close()
	_, err := supervise.Due(t.Context(), supervise.Config{Store: store, Log: quiet, Services: []gorgon.Service{
		{Name: "s", Every: time.Hour, Run: func(context.Context) error { t.Error("it is done"); return nil }},
	}})
	if err == nil {
		t.Error("it is not reported")
	}
}
