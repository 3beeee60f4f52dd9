// Package work runs the jobs of an app.
//
//	queue := jobdb.In(db)
//	command.Main(app, command.Config{Database: db, Jobs: work.New(work.Options{Store: queue})})
//
// A [Machine] takes jobs that are due, runs them, renews their leases and finishes
// them. [Machine.Run] does so until its context ends; [Machine.Tick] does one
// bounded batch, for where nothing runs between requests. Both are the same code,
// and any number of them may work on one store at once.
//
// # When jobs begin
//
// A job that this process added begins at once, others when the machine looks
// next: five times a second while it has room (Options.Poll). A machine that has
// no jobs makes one statement each time, and nothing else.
//
// # How an instance ends
//
// When the context of Run ends, nothing is taken any more. What runs has
// Options.Grace to end, then its context ends with [jobs.ErrStopped]. A job that
// was stopped that way runs again at once, elsewhere, and that is not counted as
// an attempt.
//
// An instance that cannot renew a lease ends the job's context with
// [jobs.ErrLost] before the lease is over, by its own clock: before another one
// can begin it.
package work

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
)

// Options of a machine. Store is required.
type Options struct {
	// Store is where jobs are: jobdb.In(db).
	Store jobs.Store

	// Hands is how many jobs run at once on an instance. Default: 10.
	Hands int

	// Lease is how long a job belongs to a process that is not heard of any more.
	// It is renewed every third of it. Default: 30 s.
	Lease time.Duration

	// Poll is how often the store is looked at. Default: 200 ms.
	Poll time.Duration

	// Grace is how long jobs have to end when the instance stops, before their
	// contexts end. Default: 10 s.
	Grace time.Duration

	// Log receives failures. Default: that of the program.
	Log *slog.Logger
}

// A Machine runs jobs. Make it with [New].
type Machine struct {
	options Options
	base    context.Context // of jobs; nil: that of the call
	worker  string          // the name of this process
	wake    chan struct{}
	tasks   map[string]gorgon.Task
	lanes   lanes
	state   state
}

// New returns a machine. It contacts nothing. It panics without a Store.
func New(o Options) *Machine {
	if o.Store == nil {
		panic("work: Options has no Store: give the queue of the app, jobdb.In(db)")
	}
	o.Hands = cmp.Or(max(o.Hands, 0), 10)
	o.Lease = cmp.Or(max(o.Lease, 0), 30*time.Second)
	o.Poll = cmp.Or(max(o.Poll, 0), 200*time.Millisecond)
	o.Grace = cmp.Or(max(o.Grace, 0), 10*time.Second)
	m := &Machine{options: o, worker: name(), wake: make(chan struct{}, 1), tasks: map[string]gorgon.Task{}}
	m.state.kinds = map[string]*kindState{}
	o.Store.OnAdd(m.added)
	return m
}

// name is that of this process: the machine's, so that people find it, and a
// part by which it differs from all others.
func name() string {
	host, _ := os.Hostname()
	return host[:min(len(host), 60)] + "-" + rand.Text()[:12]
}

// Use sets the log, where the options have none, the context whose values jobs
// find in theirs, and what there is to run: tasks, and services that have an
// Every, which are series. It is called once, before the machine runs. Without a
// context, jobs have the values of that of Run or Tick.
func (m *Machine) Use(log *slog.Logger, base context.Context, tasks []gorgon.Task, services []gorgon.Service) {
	if m.options.Log == nil {
		m.options.Log = log
	}
	m.base = base
	for _, s := range services {
		if s.Every > 0 {
			tasks = append(tasks[:len(tasks):len(tasks)], serviceTask(s))
		}
	}
	for _, t := range tasks {
		m.tasks[t.Name] = t
		m.state.kinds[t.Name] = &kindState{}
	}
}

// longest limits one run of a service.
const longest = time.Hour

// serviceTask is a service as a series.
func serviceTask(s gorgon.Service) gorgon.Task {
	j := jobs.Job[struct{}]{Name: "service/" + s.Name, Every: s.Every, Timeout: min(max(s.Every, time.Minute), longest),
		Run: func(ctx context.Context, _ struct{}) error { return s.Run(ctx) }}
	t, _ := j.Part().(gorgon.Task)
	return t
}

func (m *Machine) log() *slog.Logger {
	if m.options.Log == nil {
		return slog.Default()
	}
	return m.options.Log
}

// Noting is a context in which it is noted that jobs were added.
func (m *Machine) Noting(ctx context.Context) (noting context.Context, added func() bool) {
	notes := new(jobs.Notes)
	return jobs.WithNotes(ctx, notes), notes.Added
}

// Store is where the machine's jobs are.
func (m *Machine) Store() jobs.Store { return m.options.Store }

// Needs lists what the store requires of the target.
func (m *Machine) Needs() []gorgon.Need {
	if s, ok := m.options.Store.(interface{ Needs() []gorgon.Need }); ok {
		return s.Needs()
	}
	return nil
}

// Close closes the store.
func (m *Machine) Close() error { return m.options.Store.Close() }

// added is called when this process has added jobs.
func (m *Machine) added() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
