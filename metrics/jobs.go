// What is known of jobs.

package metrics

import (
	"context"
	"time"
)

// A Kind is what is known of the jobs of one kind.
type Kind struct {
	Name    string        `json:"name"`
	Waiting int           `json:"waiting"` // to be due
	Due     int           `json:"due"`     // and not running
	Dead    int           `json:"dead"`    // not tried again
	Oldest  time.Duration `json:"oldest"`  // how long the one that was due first has been due
	Running int64         `json:"running"` // on this instance; to a desk, on all
	Done    uint64        `json:"-"`       // on this instance so far, as the next two
	Failed  uint64        `json:"-"`       // attempts, which are repeated
	Died    uint64        `json:"-"`       // jobs that failed for good
}

// A Batch is what a bounded batch of jobs came to.
type Batch struct {
	Ran    int `json:"ran"`    // jobs that were run
	Failed int `json:"failed"` // of them
	Due    int `json:"due"`    // kinds of which jobs are still due

	// Next is when the next other job is due, in seconds from now; below 0 if none
	// is.
	Next float64 `json:"next"`
}

// A Job describes one job to the people who look after jobs.
type Job struct {
	ID      int64     `json:"id"`
	Kind    string    `json:"kind"`
	Key     string    `json:"key,omitempty"` // "" too if the kind hides its arguments
	State   string    `json:"state"`         // waiting, running, cancelling, finished or dead
	Attempt int       `json:"attempt"`       // that runs, or ran last
	Deaths  int       `json:"deaths,omitempty"`
	Due     time.Time `json:"due"`
	Added   time.Time `json:"added"`
	Begun   time.Time `json:"begun,omitzero"`
	Worker  string    `json:"worker,omitempty"`
	Series  string    `json:"series,omitempty"` // the schedule in words
	Errors  string    `json:"errors,omitempty"` // a line for each attempt, the last ones
	Report  string    `json:"report,omitempty"` // JSON
	Args    string    `json:"args,omitempty"`   // JSON; "" if the kind hides them
	Known   bool      `json:"known"`            // this program runs its kind
}

// A JobFilter says which jobs are listed. The zero JobFilter lists all.
type JobFilter struct {
	ID    int64
	Kind  string
	State string
	Limit int // default: 100, at most 1,000
}

// A Desk is what people look after jobs with.
type Desk interface {
	// Kinds counts the jobs of each kind that has some.
	Kinds(ctx context.Context) ([]Kind, error)

	// List lists jobs, the newest first.
	List(ctx context.Context, f JobFilter) ([]Job, error)

	// Cancel cancels a job that waits or runs, and says whether there was one.
	Cancel(ctx context.Context, id int64) (bool, error)

	// Revive lets a dead job run again, and says whether there was one.
	Revive(ctx context.Context, id int64) (bool, error)

	// RunNow makes a job due that waits, and says whether there was one.
	RunNow(ctx context.Context, id int64) (bool, error)

	// Remove removes a dead job for good, and says whether there was one.
	Remove(ctx context.Context, id int64) (bool, error)
}
