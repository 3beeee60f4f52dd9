// What a job knows of itself, and says of itself.

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Current is the job that runs with a context.
type Current struct {
	ID      int64
	Kind    string
	Key     string
	Attempt int // 1 for the first
	Added   time.Time
	Due     time.Time // when it was due
}

// A Run is a running job, as the one who runs it sees it.
type Run struct {
	Current

	mu     sync.Mutex
	report []byte
}

type runKey struct{}

// WithRun is the context of a running job.
func WithRun(ctx context.Context, r *Run) context.Context { return context.WithValue(ctx, runKey{}, r) }

// CurrentOf is the job that runs with a context; false if none does.
func CurrentOf(ctx context.Context) (Current, bool) {
	r, _ := ctx.Value(runKey{}).(*Run)
	if r == nil {
		return Current{}, false
	}
	return r.Current, true
}

// Report says how far the job of a context is, or what came of it: any value, of
// at most 8 KB as JSON. The last one is stored when the lease is renewed, and when
// the job is done ([Job].Keep), and can be looked at by its ID.
func Report(ctx context.Context, v any) error {
	r, _ := ctx.Value(runKey{}).(*Run)
	if r == nil {
		return errors.New("report of a job: no job runs with this context: use the one that Run was called with")
	}
	data, err := json.Marshal(v)
	if err != nil {
		return errors.New("report of a job: it cannot be written as JSON")
	}
	if len(data) > MaxReport {
		return fmt.Errorf("report of a job: it has %d bytes, and %d are allowed", len(data), MaxReport)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report = data
	return nil
}

// Reported is what was reported last; nil if nothing was.
func (r *Run) Reported() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report
}

// A fate is an error that says what becomes of the job.
type fate struct {
	err   error
	fatal bool
	after time.Duration
}

func (f *fate) Error() string { return f.err.Error() }
func (f *fate) Unwrap() error { return f.err }

// Fatal is an error of Run after which the job is not tried again: it is dead. Of
// nil, it is nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return &fate{err: err, fatal: true}
}

// errAgain is the error of a job that named none.
var errAgain = errors.New("it asked to be tried again")

// RetryAfter is an error of Run after which the job is tried again when a time
// has passed, in place of [Job].Backoff. The error can be nil: it is an attempt
// all the same.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		err = errAgain
	}
	return &fate{err: err, after: max(d, 0)}
}

// FateOf is what an error of Run says of the job: whether it is dead, or how long
// it waits, if ok.
func FateOf(err error) (fatal bool, after time.Duration, ok bool) {
	f, ok := errors.AsType[*fate](err)
	if !ok {
		return false, 0, false
	}
	return f.fatal, f.after, !f.fatal
}

// Notes say whether jobs were added with a context. Use it by pointer.
type Notes struct{ added atomic.Bool }

// Added says whether jobs were added.
func (n *Notes) Added() bool { return n.added.Load() }

type notesKey struct{}

// WithNotes is a context in which it is noted that jobs were added.
func WithNotes(ctx context.Context, n *Notes) context.Context {
	return context.WithValue(ctx, notesKey{}, n)
}

// NoteAdded notes that jobs were added. Stores call it where they add some.
func NoteAdded(ctx context.Context) {
	if n, _ := ctx.Value(notesKey{}).(*Notes); n != nil {
		n.added.Store(true)
	}
}
