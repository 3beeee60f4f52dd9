package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/work"
)

var quiet = slog.New(slog.DiscardHandler)

// tasks are the tasks of an app's jobs.
func tasks(t testing.TB, parts ...gorgon.Part) []gorgon.Task {
	t.Helper()
	app := gorgon.App{Name: "a", Parts: append(parts, gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return nil }})}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	return app.Tasks()
}

// machine is one instance over a store.
func machine(t testing.TB, store jobs.Store, o work.Options, parts ...gorgon.Part) *work.Machine {
	t.Helper()
	o.Store, o.Log = store, quiet
	m := work.New(o)
	app := gorgon.App{Parts: parts}
	m.Use(nil, nil, tasks(t, parts...), app.Services())
	return m
}

// during runs machines for a while of virtual time.
func during(d time.Duration, machines ...*work.Machine) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var all sync.WaitGroup
	for _, m := range machines {
		all.Go(func() { m.Run(ctx) })
	}
	all.Wait()
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A job that was added is run once, with its arguments, and knows itself.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		type run struct {
			what string
			late time.Duration
		}
		runs := make(chan run, 10)
		job := jobs.Job[string]{Name: "greet", Run: func(ctx context.Context, name string) error {
			c, ok := jobs.CurrentOf(ctx)
			runs <- run{fmt.Sprintln(name, c.Kind, c.Attempt, ok), time.Since(c.Due)}
			return nil
		}}
		go during(time.Minute, machine(t, store, work.Options{}, job), machine(t, store, work.Options{}, job))
		time.Sleep(10 * time.Second)
		added(t)(job.Add(t.Context(), store, "ada"))
		added(t)(job.Add(t.Context(), store, "bob", jobs.After(10*time.Second)))
		began := time.Now()
		if r := <-runs; r.what != "ada greet 1 true\n" || r.late > 100*time.Millisecond {
			t.Errorf("%+v", r)
		}
		if r := <-runs; r.what != "bob greet 1 true\n" || r.late > 300*time.Millisecond || time.Since(began) < 10*time.Second {
			t.Errorf("%+v after %s", r, time.Since(began))
		}
		time.Sleep(time.Hour)
		if len(runs) > 0 {
			t.Errorf("another run: %+v", <-runs)
		}
	})
}

// added is what an Add returned, which did not fail.
func added(t testing.TB) func(jobs.Added, error) jobs.Added {
	t.Helper()
	return func(a jobs.Added, err error) jobs.Added { return must(t, a, err) }
}

// Errors, panics, timeouts and the end of a goroutine are tried again, later each
// time, until the job is dead.
func TestFailures(t *testing.T) {
	for what, run := range map[string]func(ctx context.Context) error{
		"error":   func(context.Context) error { return errors.New("fails") },
		"panic":   func(context.Context) error { panic("fails") },
		"exit":    func(context.Context) error { runtime.Goexit(); return nil },
		"timeout": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := mem.NewJobs()
				var at []time.Time
				job := jobs.Job[int]{Name: "fails", MaxAttempts: 4, Timeout: time.Second, Run: func(ctx context.Context, _ int) error {
					at = append(at, time.Now())
					return run(ctx)
				}}
				added(t)(job.Add(t.Context(), store, 1))
				during(10*time.Minute, machine(t, store, work.Options{}, job))
				if len(at) != 4 || at[3].Sub(at[2]) < 60*time.Second || at[2].Sub(at[1]) < 10*time.Second || at[2].Sub(at[1]) > 25*time.Second {
					t.Errorf("runs at %v", at)
				}
				list, err := store.List(t.Context(), jobs.Filter{})
				if err != nil || len(list) != 1 || list[0].State != jobs.Died || list[0].Attempt != 4 {
					t.Errorf("%+v, %v", list, err)
				}
			})
		})
	}
}

// What an error says of the job counts.
func TestFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var runs []time.Duration
		began := time.Now()
		job := jobs.Job[string]{Name: "fates", Run: func(ctx context.Context, fate string) error {
			if fate == "fatal" {
				return fmt.Errorf("wrapped: %w", jobs.Fatal(errors.New("no use")))
			}
			if runs = append(runs, time.Since(began)); len(runs) < 3 {
				return jobs.RetryAfter(7*time.Minute, errors.New("later"))
			}
			return nil
		}}
		added(t)(job.Add(t.Context(), store, "fatal"))
		added(t)(job.Add(t.Context(), store, "later"))
		during(time.Hour, machine(t, store, work.Options{}, job))
		counts, err := store.Counts(t.Context())
		if err != nil || len(counts) != 1 || counts[0].Dead != 1 || len(runs) != 3 || runs[2] < 14*time.Minute || runs[2] > 15*time.Minute {
			t.Errorf("%+v, runs %v, %v", counts, runs, err)
		}
	})
}

// What the next build cannot read, and what kills its process again and again, is
// dead, and in no other's way.
func TestParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		ran := 0
		job := jobs.Job[int]{Name: "number", Run: func(context.Context, int) error { ran++; return nil }}
		_, err := store.Add(t.Context(), jobs.New{Kind: "number", Args: []byte(`"text"`)}, jobs.New{Kind: "unknown"}, jobs.New{Kind: "number", Args: []byte("3")})
		if err != nil {
			t.Fatal(err)
		}
		during(time.Minute, machine(t, store, work.Options{Hands: 1}, job))
		added(t)(job.Add(t.Context(), store, 4))
		for range 3 { // processes that end while they run it
			taken, err := store.Take(t.Context(), jobs.Ask{Worker: "dies", Lease: time.Second, Wants: []jobs.Want{{Kind: "number", N: 1}}})
			if err != nil || len(taken) != 1 {
				t.Fatal(taken, err)
			}
			time.Sleep(2 * time.Second)
		}
		during(time.Minute, machine(t, store, work.Options{}, job))
		counts, err := store.Counts(t.Context())
		if err != nil || ran != 1 || len(counts) != 2 || counts[0].Dead != 2 || counts[1].Due != 1 {
			t.Errorf("ran %d, %+v, %v", ran, counts, err)
		}
	})
}

// A job that takes many leases runs once, beside instances that would take it.
func TestLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var runs atomic.Int64
		job := jobs.Job[int]{Name: "long", Timeout: time.Hour, Run: func(ctx context.Context, _ int) error {
			runs.Add(1)
			select {
			case <-time.After(10 * time.Minute):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}
		added(t)(job.Add(t.Context(), store, 1))
		during(20*time.Minute, machine(t, store, work.Options{}, job), machine(t, store, work.Options{}, job))
		if n := runs.Load(); n != 1 {
			t.Errorf("it ran %d times", n)
		}
		if list, err := store.List(t.Context(), jobs.Filter{}); err != nil || len(list) > 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// An instance that stops lets jobs end; what does not is stopped, and runs at once
// elsewhere, which is not counted as an attempt.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var ended []string
		job := jobs.Job[time.Duration]{Name: "work", Run: func(ctx context.Context, d time.Duration) error {
			c, _ := jobs.CurrentOf(ctx)
			select {
			case <-time.After(d):
				ended = append(ended, fmt.Sprint(d, c.Attempt))
				return nil
			case <-ctx.Done():
				ended = append(ended, context.Cause(ctx).Error())
				return ctx.Err()
			}
		}}
		added(t)(job.Add(t.Context(), store, 5*time.Second))
		added(t)(job.Add(t.Context(), store, time.Minute))
		began := time.Now()
		during(time.Second, machine(t, store, work.Options{}, job))
		if took := time.Since(began); took != 11*time.Second {
			t.Errorf("stopping took %s", took-time.Second)
		}
		go during(3*time.Minute, machine(t, store, work.Options{}, job))
		time.Sleep(70 * time.Second)
		synctest.Wait()
		if want := []string{"5s 1", jobs.ErrStopped.Error(), "1m0s 1"}; !slices.Equal(ended, want) {
			t.Errorf("%q, want %q", ended, want)
		}
		time.Sleep(10 * time.Minute)
	})
}

// A job that is cancelled while it runs ends within a third of the lease, and does
// not run again.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		causes := make(chan error, 1)
		job := jobs.Job[string]{Name: "work", Key: func(k string) string { return k }, Run: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		}}
		go during(20*time.Minute, machine(t, store, work.Options{}, job))
		added(t)(job.Add(t.Context(), store, "k"))
		time.Sleep(time.Second)
		began := time.Now()
		if n, err := store.Cancel(t.Context(), jobs.Which{Kind: "work", Key: "k"}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		cause := <-causes
		if took := time.Since(began); !errors.Is(cause, jobs.ErrCancelled) || took > 11*time.Second {
			t.Errorf("%v after %s", cause, time.Since(began))
		}
		time.Sleep(time.Minute)
		if list, err := store.List(t.Context(), jobs.Filter{}); err != nil || len(list) > 0 {
			t.Errorf("%+v, %v", list, err)
		}
		time.Sleep(time.Hour)
	})
}

// broken is a store that cannot be reached for a while: calls fail, or hang until
// their contexts end.
type broken struct {
	jobs.Store
	away  atomic.Bool
	hangs bool
}

func (b *broken) fail(ctx context.Context) error {
	if b.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errAway
}

var errAway = errors.New("away")

func (b *broken) Renew(ctx context.Context, lease time.Duration, list ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	if b.away.Load() {
		return nil, nil, b.fail(ctx)
	}
	return b.Store.Renew(ctx, lease, list...)
}

func (b *broken) Next(ctx context.Context, kinds []string) (time.Time, []jobs.Next, error) {
	if b.away.Load() {
		return time.Time{}, nil, b.fail(ctx)
	}
	return b.Store.Next(ctx, kinds)
}

// An instance that cannot renew ends its jobs before another one can begin them:
// two never run a job at once.
func TestLost(t *testing.T) {
	for what, hangs := range map[string]bool{"calls fail": false, "calls hang": true} {
		t.Run(what, func(t *testing.T) { lost(t, hangs) })
	}
}

func lost(t *testing.T, hangs bool) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		cut := &broken{Store: store, hangs: hangs}
		var at, most, runs atomic.Int64
		job := jobs.Job[int]{Name: "work", Run: func(ctx context.Context, _ int) error {
			most.Store(max(most.Load(), at.Add(1)))
			defer at.Add(-1)
			runs.Add(1)
			select {
			case <-time.After(2 * time.Minute):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}
		added(t)(job.Add(t.Context(), store, 1))
		go during(time.Hour, machine(t, cut, work.Options{}, job))
		time.Sleep(time.Second)
		go during(time.Hour, machine(t, store, work.Options{}, job))
		cut.away.Store(true)
		time.Sleep(5 * time.Minute)
		if most.Load() != 1 || runs.Load() != 2 {
			t.Errorf("%d at once, %d runs", most.Load(), runs.Load())
		}
		time.Sleep(2 * time.Hour)
	})
}

// A series runs at its times, one at once and in one place, whatever fails, and
// once after a time when nothing ran.
func TestSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var at, most atomic.Int64
		var mu sync.Mutex
		var runs []time.Time
		job := jobs.Job[struct{}]{Name: "often", Every: time.Minute, MaxAttempts: 2, Run: func(context.Context, struct{}) error {
			most.Store(max(most.Load(), at.Add(1)))
			defer at.Add(-1)
			time.Sleep(10 * time.Second)
			mu.Lock()
			defer mu.Unlock()
			if runs = append(runs, time.Now()); len(runs)%3 == 0 {
				return errors.New("fails")
			}
			return nil
		}}
		run := func(d time.Duration) int {
			mu.Lock()
			runs = nil
			mu.Unlock()
			during(d, machine(t, store, work.Options{}, job), machine(t, store, work.Options{}, job), machine(t, store, work.Options{}, job))
			return len(runs)
		}
		if n := run(time.Hour); n < 75 || n > 90 { // each third one is tried again at once
			t.Errorf("%d runs in an hour", n)
		}
		time.Sleep(24 * time.Hour)
		if n := run(30 * time.Second); n != 1 {
			t.Errorf("%d runs after a day without instances", n)
		}
		if most.Load() != 1 {
			t.Errorf("%d runs at once", most.Load())
		}
	})
}

// counting is a store that counts calls.
type counting struct {
	jobs.Store
	looks, others atomic.Int64
}

func (c *counting) Next(ctx context.Context, kinds []string) (time.Time, []jobs.Next, error) {
	c.looks.Add(1)
	return c.Store.Next(ctx, kinds)
}

func (c *counting) Take(ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
	c.others.Add(1)
	return c.Store.Take(ctx, ask)
}

func (c *counting) Renew(ctx context.Context, lease time.Duration, list ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	c.others.Add(1)
	return c.Store.Renew(ctx, lease, list...)
}

func (c *counting) Finish(ctx context.Context, list ...jobs.Outcome) ([]jobs.Ref, error) {
	c.others.Add(1)
	return c.Store.Finish(ctx, list...)
}

// A machine that has nothing to do looks 300 times a minute, and does nothing
// else; one without jobs, or that does not run, does nothing at all.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counting{Store: mem.NewJobs()}
		job := jobs.Job[int]{Name: "job", Run: func(context.Context, int) error { return nil }}
		added(t)(job.Add(t.Context(), c.Store, 1, jobs.After(time.Hour)))
		machine(t, c, work.Options{}, job) // as in the role web
		during(10*time.Minute, machine(t, c, work.Options{}))
		if n := c.looks.Load() + c.others.Load(); n != 0 {
			t.Errorf("without jobs: %d calls", n)
		}
		during(10*time.Minute, machine(t, c, work.Options{}, job))
		if n := c.looks.Load(); n < 2990 || n > 3010 || c.others.Load() != 0 {
			t.Errorf("in ten minutes: %d looks, %d other calls", n, c.others.Load())
		}
	})
}

// Limits hold on an instance and everywhere; a flood of one kind stops no other.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var mu sync.Mutex
		at, most := map[string]int{}, map[string]int{}
		order := []string{}
		kind := func(name string, change func(*jobs.Job[int])) jobs.Job[int] {
			j := jobs.Job[int]{Name: name, Run: func(context.Context, int) error {
				mu.Lock()
				at[name]++
				most[name] = max(most[name], at[name])
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				at[name]--
				return nil
			}}
			if change != nil {
				change(&j)
			}
			return j
		}
		two := kind("two", func(j *jobs.Job[int]) { j.Limit = 2 })
		three := kind("three", func(j *jobs.Job[int]) { j.LimitEverywhere = 3 })
		low := kind("low", func(j *jobs.Job[int]) { j.Priority = jobs.Low })
		high := kind("high", func(j *jobs.Job[int]) { j.Priority = jobs.High })
		for i := range 60 {
			for _, j := range []jobs.Job[int]{two, three, low, high} {
				added(t)(j.Add(t.Context(), store, i))
			}
		}
		options := work.Options{Hands: 10}
		during(10*time.Minute, machine(t, store, options, two, three, low, high), machine(t, store, options, two, three, low, high))
		if most["two"] != 4 || most["three"] != 3 || len(order) != 240 {
			t.Errorf("at once %v, %d runs", most, len(order))
		}
		first := map[string]int{}
		for _, name := range order[:100] {
			first[name]++
		}
		if first["low"] == 0 || first["high"] < 40 {
			t.Errorf("of the first hundred: %v", first)
		}
	})
}

// A batch runs what is due and what follows it, within its budget, and says what
// is left.
func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		ran := 0
		var mu sync.Mutex
		job := jobs.Job[time.Duration]{Name: "work", Run: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			ran++
			return nil
		}}
		m := machine(t, store, work.Options{}, job)
		if r, err := m.Tick(t.Context(), time.Minute); err != nil || r != (metrics.Batch{Next: -1}) {
			t.Errorf("nothing is due: %+v, %v", r, err)
		}
		next, err := job.New(time.Second)
		must(t, next, err)
		added(t)(job.Add(t.Context(), store, time.Second, jobs.Then(next, next)))
		added(t)(job.Add(t.Context(), store, time.Second, jobs.After(time.Hour)))
		began := time.Now()
		r, err := m.Tick(t.Context(), time.Minute)
		if err != nil || r.Ran != 3 || r.Due != 0 || r.Next < 3500 || time.Since(began) > 3*time.Second {
			t.Errorf("%+v, %v after %s", r, err, time.Since(began))
		}
		for range 100 {
			added(t)(job.Add(t.Context(), store, 4*time.Second))
		}
		began = time.Now()
		r, err = m.Tick(t.Context(), 10*time.Second)
		if err != nil || r.Ran != 30 || r.Failed != 10 || r.Due != 1 || ran != 23 || time.Since(began) > 11*time.Second {
			t.Errorf("%+v, %d done, %v after %s", r, ran, err, time.Since(began))
		}
		for r.Due > 0 {
			if r, err = m.Tick(t.Context(), 10*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if ran != 103 {
			t.Errorf("%d done", ran)
		}
	})
}
