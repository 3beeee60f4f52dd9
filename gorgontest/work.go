// The app's jobs in a test.

package gorgontest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/work"
)

// A Ran is a job that [Site.Work] has run.
type Ran struct {
	ID      int64
	Kind    string
	Key     string
	Attempt int    // 1 for the first
	Err     string // why it failed; "" if it did not
	Dead    bool   // it failed, and is not tried again
}

// Work runs the jobs that are due until none is, and returns what has run:
//
//	site.Post("/orders", order).Want(200)
//	for _, job := range site.Work() {
//		if job.Err != "" {
//			t.Error(job.Kind, job.Err)
//		}
//	}
//
// They run one after the other, the one that was due first before others, and so
// do those that they add and those that follow them. Their context is that of
// [Site.Context], and what was committed is purged before each. A job that failed
// and waits to be tried again is not due. A series with Every is due at once, one
// with Cron at its time.
//
// What is due is a matter of the store's clock. That of mem.NewJobs is [time.Now]:
// within [testing/synctest], [Site.Advance] moves it. That of a database is not
// moved by a test.
func (s *Site) Work() []Ran {
	s.t.Helper()
	if s.work == nil {
		s.t.Fatalf("gorgontest: Work: set Options.Jobs to the queue of the app's jobs")
	}
	ran, err := s.work.batch(s.t.Context())
	if err != nil {
		s.t.Fatalf("gorgontest: Work: %v; %d jobs were run\n%s", err, len(ran), s.log.since(0))
	}
	s.catchUp()
	return ran
}

// A worker runs the jobs of a site.
type worker struct {
	jobs.Store
	machine *work.Machine
	catchUp func()

	calls sync.Mutex // one batch at a time

	mu    sync.Mutex
	taken map[jobs.Ref]jobs.Taken
	ran   []Ran
}

// employ makes the site's worker.
func (s *shared) employ(ctx context.Context, o Options, log *slog.Logger) error {
	if db, ok := o.Database.(interface {
		Migrate(ctx context.Context) ([]string, error)
	}); ok { // the tables of the queue: what made the test's database did not know of it
		if _, err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	s.work = &worker{Store: o.Jobs, catchUp: s.catchUp}
	s.work.machine = work.New(work.Options{Store: s.work, Hands: 1, Log: log})
	s.work.machine.Use(log, s.background(ctx), s.app.Tasks(), nil)
	return nil
}

// batch runs what is due.
func (w *worker) batch(ctx context.Context) ([]Ran, error) {
	w.calls.Lock()
	defer w.calls.Unlock()
	w.mu.Lock()
	w.ran, w.taken = nil, map[jobs.Ref]jobs.Taken{}
	w.mu.Unlock()
	b, err := w.machine.Tick(ctx, longest)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && b.Due > 0 {
		err = errors.New("jobs are still due after " + longest.String())
	}
	return w.ran, err
}

// Bounds of what one call of Work runs.
const (
	longest = 5 * time.Minute
	most    = 10_000
)

var errEndless = errors.New("jobs are due again and again: perhaps one adds itself, or asks to be tried again at once")

// Take notes what is run.
func (w *worker) Take(ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
	w.catchUp()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.taken) >= most {
		return nil, errEndless
	}
	list, err := w.Store.Take(ctx, ask)
	for _, t := range list {
		w.taken[t.Ref] = t
	}
	return list, err
}

// Finish notes how it ended.
func (w *worker) Finish(ctx context.Context, list ...jobs.Outcome) (late []jobs.Ref, err error) {
	if late, err = w.Store.Finish(ctx, list...); err != nil {
		return late, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range list {
		t := w.taken[o.Ref]
		w.ran = append(w.ran, Ran{ID: o.ID, Kind: t.Kind, Key: t.Key, Attempt: t.Attempt, Err: o.Error, Dead: o.Ending == jobs.Dead})
	}
	return late, nil
}
