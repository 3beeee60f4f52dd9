// The jobs that run.

package work

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
)

// A crew runs the jobs of one call of Run or Tick.
type crew struct {
	m    *Machine
	ctx  context.Context // of all jobs
	stop context.CancelCauseFunc

	mu      sync.Mutex
	running map[jobs.Ref]*hand
	busy    int            // hands that have not returned
	kinds   map[string]int // of them
	ran     int
	failed  int

	free  chan struct{} // a hand has returned, or what ended is stored
	ended chan jobs.Outcome
	all   sync.WaitGroup // hands
	desk  sync.WaitGroup // what renews and finishes
	close chan struct{}
}

// A hand runs one job.
type hand struct {
	taken   jobs.Taken
	task    gorgon.Task
	run     *jobs.Run
	cancel  context.CancelCauseFunc
	start   time.Time // when it began
	renewed time.Time // before the call that began the lease
	over    bool      // it has returned, and is not finished yet
	late    time.Time // when it was last reported that it does not end
}

// foreign says whether it is a series that this build does not have: its job is
// one that the app adds, and has arguments. It is not run.
func (h *hand) foreign() bool { return h.taken.Series && h.task.Next == nil }

// newCrew begins to renew and to finish.
func (m *Machine) newCrew(ctx context.Context) *crew {
	c := &crew{
		m: m, running: map[jobs.Ref]*hand{}, kinds: map[string]int{},
		free: make(chan struct{}, 1), ended: make(chan jobs.Outcome, m.options.Hands), close: make(chan struct{}),
	}
	if m.base != nil {
		ctx = m.base
	}
	c.ctx, c.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	c.desk.Go(c.renew)
	c.desk.Go(c.watch)
	c.desk.Go(c.finish)
	return c
}

// leave ends a crew that has no hands, or whose hands do not come back.
func (c *crew) leave() {
	c.stop(jobs.ErrStopped)
	close(c.close)
	c.desk.Wait()
}

// wait waits until all hands have returned; false if it took too long.
func (c *crew) wait(d time.Duration) bool {
	done := make(chan struct{})
	go func() { c.all.Wait(); close(done) }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// room is how many more jobs of a task may run.
func (c *crew) room(t gorgon.Task) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := c.m.options.Hands - c.busy
	if t.Limit > 0 {
		free = min(free, t.Limit-c.kinds[t.Name])
	}
	return max(free, 0)
}

// idle is how many hands are free.
func (c *crew) idle() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m.options.Hands - c.busy
}

// round takes what is due, as far as there is room, and begins it. It says how
// much that was, whether there may be more, and how long it takes until another
// job is due; below 0 if none is.
func (c *crew) round(ctx context.Context) (n int, more bool, wait time.Duration, err error) {
	m := c.m
	kinds := make([]string, 0, len(m.tasks))
	for name := range m.tasks {
		kinds = append(kinds, name)
	}
	now, next, err := m.options.Store.Next(ctx, kinds)
	if err != nil {
		return 0, false, -1, err
	}
	list, wait := due(now, next, m.tasks)
	wants := m.lanes.share(c.idle(), list, c.room)
	if len(wants) == 0 {
		return 0, false, wait, nil
	}
	asked := time.Now()
	taken, err := m.options.Store.Take(ctx, jobs.Ask{Worker: m.worker, Lease: m.options.Lease, Wants: wants})
	if err != nil {
		return 0, false, wait, err
	}
	m.lanes.paid(wants, taken)
	for _, t := range taken {
		c.begin(t, asked)
	}
	return len(taken), len(taken) > 0, wait, nil
}

// begin runs a job that was taken.
func (c *crew) begin(t jobs.Taken, asked time.Time) {
	task := c.m.tasks[t.Kind]
	h := &hand{taken: t, task: task, start: time.Now(), renewed: asked, run: &jobs.Run{Current: jobs.Current{
		ID: t.ID, Kind: t.Kind, Key: t.Key, Attempt: t.Attempt, Added: t.Added, Due: t.Due,
	}}}
	ctx, cancel := context.WithCancelCause(jobs.WithRun(c.ctx, h.run))
	h.cancel = cancel
	c.mu.Lock()
	c.running[t.Ref] = h
	c.busy++
	c.kinds[t.Kind]++
	c.mu.Unlock()
	c.m.state.running.Add(1)
	c.m.state.kinds[t.Kind].running.Add(1)
	c.all.Go(func() {
		defer cancel(nil)
		c.work(ctx, h)
	})
}

// work runs a job, and says what became of it.
func (c *crew) work(ctx context.Context, h *hand) {
	began := time.Now()
	var err error
	switch {
	case h.foreign():
	case h.taken.Deaths >= h.task.MaxDeaths:
		err = jobs.Fatal(fmt.Errorf("%d processes in a row ended while they ran it", h.taken.Deaths))
	default:
		limited, cancel := context.WithTimeoutCause(ctx, h.task.Timeout, &tooLong{h.task.Timeout})
		err = call(limited, h)
		if cause := context.Cause(limited); err != nil && cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		cancel()
	}
	o := c.m.outcome(h, err, time.Since(began))
	c.mu.Lock()
	h.over = true
	c.busy--
	c.kinds[h.taken.Kind]--
	c.ran++
	if err != nil {
		c.failed++
	}
	c.mu.Unlock()
	c.m.state.running.Add(-1)
	c.m.state.kinds[h.taken.Kind].running.Add(-1)
	c.m.tell(h, o, err, time.Since(began))
	c.ended <- o
	c.signal()
}

// signal lets the one who waits for room look again.
func (c *crew) signal() {
	select {
	case c.free <- struct{}{}:
	default:
	}
}

// tooLong is why a context ended after the timeout of its job.
type tooLong struct{ after time.Duration }

func (e *tooLong) Error() string { return fmt.Sprintf("it took longer than %s", e.after) }

// errExit is the error of a job whose goroutine ended.
var errExit = errors.New("it ended its goroutine (runtime.Goexit)")

// call turns a panic into an error.
func call(ctx context.Context, h *hand) (err error) {
	done := make(chan error, 1)
	go func() { // so that one that ends its goroutine does not end the hand
		err := errExit
		defer func() {
			if r := recover(); r != nil {
				err = &panicked{r, debug.Stack()}
			}
			done <- err
		}()
		if err = h.task.Run(ctx, h.taken.Args); err != nil {
			_ = err.Error() // here, where its panic is that of the job
		}
	}()
	return <-done
}

// panicked is the error of a job that panicked.
type panicked struct {
	with  any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.with) }
