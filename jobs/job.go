// The word: a job as an app declares it.

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/schedule"
)

// A Job is a kind of work for later. It is a part of the app; Name and Run are
// required. Its arguments are stored as JSON: those of a build are read by the
// next one.
type Job[A any] struct {
	// Name is the name of the kind: lower-case letters, digits, dashes and dots.
	// Jobs that wait are found by it: it does not change.
	Name string

	// Run does the work. It may be called again for the same job, after an
	// error, a panic, or the end of the process that was running it. Its context
	// ends after Timeout, when the job is cancelled ([ErrCancelled]), when the
	// instance stops ([ErrStopped]), and when the store could not be reached for
	// so long that another instance may run the job ([ErrLost]): these are found
	// by [context.Cause].
	Run func(ctx context.Context, args A) error

	// Key makes a job unique: while one of the kind with the same key waits to
	// begin, another one is not added. At most 200 bytes; "" is none. Default:
	// none.
	Key func(args A) string

	// UntilDone lets the key hold until the job is over. Default: until it begins.
	UntilDone bool

	// Every and Cron make it a series: one job, which is run again and again with
	// the zero value of A, by one instance at a time. Every is an interval. Cron
	// is an expression, see package schedule; In is where its times are. Times
	// that pass while nothing runs jobs become one run. Default: the app adds
	// jobs; In: UTC.
	Every time.Duration
	Cron  string
	In    *time.Location

	// Timeout is how long an attempt may take. Default: 15 minutes.
	Timeout time.Duration

	// MaxAttempts is how often it is tried, until it is dead; a series then waits
	// for its next time. Default: 20.
	MaxAttempts int

	// MaxDeaths is how many processes in a row may end while they run it, until it
	// is dead. They do not count as attempts. Default: 3.
	MaxDeaths int

	// Backoff is how long it waits after an attempt, the first being 1, has
	// failed. Default: the fourth power of the attempt in seconds, an hour at
	// most, and up to a tenth more or less by chance.
	Backoff func(attempt int) time.Duration

	// Limit is how many of the kind run on an instance at once. LimitEverywhere is
	// how many run on all instances. Default: as many as the instance runs.
	Limit           int
	LimitEverywhere int

	// Priority says which kinds go first where many jobs are due. Default: Normal.
	Priority Priority

	// Keep is how long a job can be looked at when it is done. Default: it is
	// removed.
	Keep time.Duration

	// Show allows the arguments to be shown to those who look after jobs. Default:
	// they are hidden.
	Show bool

	// Needs lists what Run requires of the target it runs on. Default: nothing.
	Needs []gorgon.Need
}

// A Priority says which kinds go first where more jobs are due than run at once.
// The others still have a share.
type Priority int

// The priorities. If jobs of three kinds are due, of 21 that begin 16 are High, 4
// Normal and 1 is Low.
const (
	Low    Priority = -1
	Normal Priority = 0
	High   Priority = 1
)

// Causes of the end of a job's context.
var (
	ErrCancelled = errors.New("the job was cancelled")
	ErrStopped   = errors.New("the instance stops")
	ErrLost      = errors.New("the lease is over: another instance may run the job")
)

const (
	defaultTimeout  = 15 * time.Minute
	defaultAttempts = 20
	defaultDeaths   = 3
)

// Part returns the task that the job consists of.
func (j Job[A]) Part() gorgon.Part {
	t := gorgon.Task{
		Name: j.Name, Backoff: j.Backoff, Timeout: or(j.Timeout, defaultTimeout),
		MaxAttempts: or(j.MaxAttempts, defaultAttempts), MaxDeaths: or(j.MaxDeaths, defaultDeaths),
		Limit: j.Limit, LimitEverywhere: j.LimitEverywhere, Weight: j.Priority.weight(), Show: j.Show, Needs: j.Needs,
		Faults: j.faults(),
	}
	if t.Backoff == nil {
		t.Backoff = backoff
	}
	if run := j.Run; run != nil {
		t.Run = func(ctx context.Context, data []byte) error {
			args, err := decode[A](data)
			if err != nil {
				return err
			}
			return run(ctx, args)
		}
	}
	if s, err := j.schedule(); err == nil && !s.Never() {
		Repeat(&t, s)
	}
	return t
}

// Repeat makes a task a series.
func Repeat(t *gorgon.Task, s schedule.Schedule) {
	t.Next, t.First, t.Text = s.Next, s.First, s.String()
}

func or[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

func (p Priority) weight() int {
	switch {
	case p > 0:
		return 16
	case p < 0:
		return 1
	}
	return 4
}

// errArgs is why the arguments of a job cannot be read. They are not part of it.
var errArgs = errors.New("the arguments cannot be read: they were stored by another build")

func decode[A any](data []byte) (args A, err error) {
	if len(data) == 0 {
		return args, nil
	}
	if err := json.Unmarshal(data, &args); err != nil {
		return args, Fatal(errArgs)
	}
	return args, nil
}

// backoff is the default of Job.Backoff.
func backoff(attempt int) time.Duration {
	d := time.Duration(math.Pow(float64(min(attempt, 8)), 4)) * time.Second
	d = min(d, time.Hour)
	return d - d/10 + rand.N(d/5+1)
}

// schedule is that of a series.
func (j *Job[A]) schedule() (schedule.Schedule, error) {
	switch {
	case j.Every != 0 && j.Cron != "":
		return schedule.Schedule{}, errors.New("it has Every and Cron: use one of them")
	case j.Every != 0:
		return schedule.Every(j.Every)
	case j.Cron != "":
		return schedule.Cron(j.Cron, j.In)
	case j.In != nil:
		return schedule.Schedule{}, errors.New("In is the location of Cron, and there is none: remove it")
	}
	return schedule.Schedule{}, nil
}

// faults lists what is wrong with the job.
func (j *Job[A]) faults() (list []string) {
	fault := func(wrong bool, text string, args ...any) {
		if wrong {
			list = append(list, fmt.Sprintf(text, args...))
		}
	}
	s, err := j.schedule()
	series := err == nil && !s.Never()
	fault(!goodName(j.Name), "Name %q: use at most 80 lower-case letters, digits, dashes and dots, such as \"receipt\"", j.Name)
	fault(j.Run == nil, "there is no Run: add one")
	fault(err != nil, "%v", err)
	fault(series && j.Key != nil, "a series is one job: remove Key")
	fault(j.UntilDone && j.Key == nil, "UntilDone says how long Key holds, and there is none: add it")
	fault(j.Timeout < 0 || j.Keep < 0 || j.MaxAttempts < 0 || j.MaxDeaths < 0 || j.Limit < 0 || j.LimitEverywhere < 0,
		"a number or a time of it is below zero")
	fault(series && j.Keep != 0, "a series is never done: remove Keep")
	return list
}

func goodName(name string) bool {
	for _, c := range []byte(name) {
		if c == '/' {
			return false
		}
	}
	return CheckKind(name) == nil
}

// Add adds a job to a queue, or to what a queue's method In returns for a
// transaction. If Key finds another job, that is not a failure: Added.Existed says so.
func (j Job[A]) Add(ctx context.Context, to Adder, args A, options ...Option) (Added, error) {
	n, err := j.New(args, options...)
	if err != nil {
		return Added{}, err
	}
	added, err := to.Add(ctx, n)
	if err != nil {
		return Added{}, fmt.Errorf("add job %s: %w", j.Name, err)
	}
	return added[0], nil
}

// New is a job to be added, with others at once or after another one.
func (j Job[A]) New(args A, options ...Option) (New, error) {
	data, err := json.Marshal(args)
	if err != nil {
		return New{}, fmt.Errorf("job %s: its arguments cannot be written as JSON: a field is of a type that JSON has not, such as a function", j.Name)
	}
	n := New{Kind: j.Name, Args: data, UntilDone: j.UntilDone, Keep: j.Keep}
	if j.Key != nil {
		n.Key = j.Key(args)
	}
	if n.Key == "" {
		n.UntilDone = false
	}
	for _, o := range options {
		o(&n)
	}
	if err := n.Check(); err != nil {
		return New{}, fmt.Errorf("job %s: %w", j.Name, err)
	}
	return n, nil
}

// An Option changes a job that is added.
type Option func(*New)

// After lets a job begin when a time has passed. Default: at once.
func After(d time.Duration) Option { return func(n *New) { n.After, n.At = d, time.Time{} } }

// At lets a job begin at a time. Default: at once.
func At(t time.Time) Option { return func(n *New) { n.At, n.After = t, 0 } }

// Replace puts the job in the place of the one that has its key and has not
// begun: with its arguments, at its time. So the last of many calls counts.
// Default: the one that is there stays as it is.
func Replace() Option { return func(n *New) { n.Replace = true } }

// Then adds other jobs when this one is done, in the same step.
func Then(next ...New) Option { return func(n *New) { n.Then = append(n.Then, next...) } }
