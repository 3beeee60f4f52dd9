// The contract: what stores do.

package jobs

import (
	"context"
	"errors"
	"time"
)

// Errors of a [Store], found with [errors.Is].
var (
	ErrInvalid  = errors.New("not valid for a store of jobs")
	ErrNotFound = errors.New("there is no such job")
	ErrClosed   = errors.New("the store of jobs is closed")
	ErrLayout   = errors.New("the tables of jobs are missing or old: run the migrate command")
)

// A New is a job to be added. [Job.New] makes one.
type New struct {
	Kind string // as the Name of a Job
	Args []byte // at most MaxArgs bytes

	// Key is unique among the jobs of the kind that have not begun, or, with
	// UntilDone, that are not over. At most 200 bytes. Default: none.
	Key       string
	UntilDone bool

	// Replace puts Args and the time in the place of those of the job that has the
	// Key, if that has not begun. Default: that job stays as it is.
	Replace bool

	At    time.Time     // when it may begin; zero: After from now
	After time.Duration // how long from now it may begin
	Keep  time.Duration // how long it can be looked at when it is done; 0: it is removed
	Then  []New         // what is added when it is done, in the same step
}

// An Added says what became of a [New].
type Added struct {
	ID      int64
	Existed bool // another job has the Key; ID is that of it
}

// An Adder adds jobs: a [Store], or one that does so in a transaction.
type Adder interface {
	// Add adds jobs, all or none. When it returns, or the transaction has been
	// committed, they are stored.
	Add(ctx context.Context, list ...New) ([]Added, error)
}

// A Queue is what runs jobs of.
type Queue interface {
	Adder

	// OnAdd sets what is called after this process has added jobs, perhaps in a
	// transaction that is not committed yet.
	OnAdd(f func())

	// Declare adds the series that are not there. A series is one job that is
	// never removed. One with another Text gets the times of its new one, unless
	// it runs.
	Declare(ctx context.Context, list ...Series) error

	// Next says, for each kind that has a job which waits or runs, when the first
	// one is due, or its lease is over; and what time it is now.
	Next(ctx context.Context, kinds []string) (now time.Time, list []Next, err error)

	// Take takes jobs that are due, the one that was due first before others: each
	// is the worker's for the time of the lease.
	Take(ctx context.Context, ask Ask) ([]Taken, error)

	// Renew begins leases again, and stores what jobs report. It says which jobs
	// are not the worker's any more and which have been cancelled.
	Renew(ctx context.Context, lease time.Duration, list ...Beat) (lost, cancelled []Ref, err error)

	// Finish ends the running of jobs. It says which were not the worker's any
	// more: nothing is changed by their outcome.
	Finish(ctx context.Context, list ...Outcome) (late []Ref, err error)
}

// A Desk is what people look after jobs with.
type Desk interface {
	// List lists jobs, the newest first.
	List(ctx context.Context, filter Filter) ([]Info, error)

	// Counts counts jobs by kind.
	Counts(ctx context.Context) ([]Count, error)

	// Cancel cancels jobs, and says how many. One that has not begun never runs.
	// The context of one that runs ends with [ErrCancelled] when its lease is
	// renewed, and it is not run again. A series is not cancelled.
	Cancel(ctx context.Context, which Which) (int, error)

	// Revive lets a dead job run again, as if it had just been added. It fails
	// with ErrNotFound if there is no such job, or it is not dead.
	Revive(ctx context.Context, id int64) error

	// RunNow makes a job due that waits for its time: one that was to begin later,
	// one that failed and is to run again, or a series, which waits for the next
	// time of its schedule afterwards. One that is due already stays as it is. It fails
	// with ErrNotFound if there is no such job, or it does not wait.
	RunNow(ctx context.Context, id int64) error

	// Remove removes a dead job before its time. It fails with ErrNotFound if there
	// is no such job, or it is not dead.
	Remove(ctx context.Context, id int64) error
}

// A Store stores jobs until they are done. It is safe for concurrent use, and by
// several processes at once if its technology allows. A call whose context has
// ended fails with the context's error. After Close every method fails with
// [ErrClosed].
type Store interface {
	Queue
	Desk

	// Close releases the store's resources. A second Close has no effect.
	Close() error
}

// A Series is a kind of which one job repeats.
type Series struct {
	Kind string
	Text string // its schedule in words; another one is another schedule
	// First is when it is due first.
	First func(now time.Time) time.Time
}

// A Next is when the first job of a kind is due.
type Next struct {
	Kind string
	Due  time.Time
}

// An Ask is what a worker wants.
type Ask struct {
	Worker string        // its name, at most 100 bytes
	Lease  time.Duration // above zero
	Wants  []Want
}

// A Want is how many jobs of a kind a worker has room for.
type Want struct {
	Kind string
	N    int // above zero

	// Everywhere is how many may run at once on all instances; 0: any number.
	Everywhere int
}

// A Ref is one running of a job.
type Ref struct {
	ID    int64
	Token int64 // another one each time that the job is taken
}

// A Taken is a job that is the worker's for the time of its lease.
type Taken struct {
	Ref
	Kind    string
	Key     string
	Args    []byte
	Attempt int       // 1 for the first
	Deaths  int       // how often in a row a process ended that was running it
	Due     time.Time // when it was due
	Added   time.Time
	Now     time.Time // when it was taken
	Series  bool
}

// A Beat says that a job is running.
type Beat struct {
	Ref
	Report []byte // what it says of itself, at most MaxReport bytes; nil: as before
}

// An Ending is how a running ended.
type Ending int

// The endings.
const (
	Done     Ending = iota // it is over
	Failed                 // it is run again at Outcome.At or After, with another Attempt
	Dead                   // it is not run again, and stored for DeadFor
	Released               // it is run again at once, as if it had not begun
)

// DeadFor is how long a dead job is stored.
const DeadFor = 30 * 24 * time.Hour

// An Outcome is how a running of a job ended.
type Outcome struct {
	Ref
	Ending Ending
	At     time.Time     // Failed: when it is run again; a series: when it is due next, whatever the Ending, except Released
	After  time.Duration // Failed, without At: how long from now
	Error  string        // Failed, Dead: why; what is longer than MaxError bytes is cut
	Report []byte        // as in Beat
}

// Limits of what a job has, in bytes.
const (
	MaxArgs   = 64 << 10
	MaxReport = 8 << 10
	MaxError  = 2 << 10
	MaxKey    = 200
	MaxErrors = 8 << 10 // of all errors of a job
)

// A Which names jobs: by ID, or by kind and key.
type Which struct {
	ID   int64
	Kind string
	Key  string
}

// A State is what a job is doing.
type State string

// The states.
const (
	Waiting    State = "waiting"
	Running    State = "running"
	Cancelling State = "cancelling" // it was cancelled while it ran
	Finished   State = "finished"   // it is done, and kept to be looked at
	Died       State = "dead"
)

// A Filter says which jobs are listed. The zero Filter lists all.
type Filter struct {
	ID     int64 // 0: any
	Kind   string
	Key    string
	State  State
	Limit  int   // at most 1,000. Default: 100
	Before int64 // only those with a smaller ID; 0: all
}

// An Info describes a job.
type Info struct {
	ID      int64
	Kind    string
	Key     string
	State   State
	Args    []byte
	Attempt int       // that runs, or ran last; 0: none has begun
	Deaths  int       // in a row
	Due     time.Time // when it is run, or, of one that runs, when its lease ends
	Added   time.Time
	Begun   time.Time // last; zero: it has not
	Worker  string    // that runs it
	Errors  string    // of its attempts, a line each, the last ones
	Report  []byte
	Series  string // the schedule in words; "" for none
}

// A Count is how many jobs of a kind there are.
type Count struct {
	Kind    string
	Waiting int // to be due
	Due     int // and not running
	Running int
	Dead    int

	// Oldest is how long the one that was due first has been due and is not
	// running.
	Oldest time.Duration
}
