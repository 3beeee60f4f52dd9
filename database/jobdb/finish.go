// Finishing jobs.

package jobdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/jobs"
)

// tidyEvery is after how many calls what is over is removed.
const tidyEvery = 64

// Finish ends the running of jobs, in one transaction.
func (q *Queue) Finish(ctx context.Context, list ...jobs.Outcome) (late []jobs.Ref, err error) {
	var check error
	for i := range list {
		if err := list[i].Check(); err != nil {
			check = err
		}
	}
	err = q.call(ctx, "finish", q.calls.Committed(), check, func(ctx context.Context, tx Tx) error {
		late = nil
		rest, err := q.finishDone(ctx, tx, list)
		for _, o := range rest {
			if err != nil {
				return err
			}
			var found bool
			if found, err = q.finish(ctx, tx, o); !found {
				late = append(late, o.Ref)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if q.finishes.Add(1)%tidyEvery == 0 {
		// A failure is that of the next calls, and what was left is removed by
		// them.
		_ = q.call(ctx, "remove what is over", q.calls.Committed(), nil, func(ctx context.Context, tx Tx) error {
			_, err := tx.ExecContext(ctx, q.texts.tidy)
			if err == nil {
				_, err = tx.ExecContext(ctx, q.texts.abandoned)
			}
			return err
		})
	}
	return late, nil
}

// finishDone removes the jobs that are done, by one statement, and returns the
// other outcomes.
func (q *Queue) finishDone(ctx context.Context, tx Tx, list []jobs.Outcome) (rest []jobs.Outcome, err error) {
	var refs []jobs.Ref
	for _, o := range list {
		if o.Ending == jobs.Done {
			refs = append(refs, o.Ref)
		}
	}
	if len(refs) == 0 {
		return list, nil
	}
	data, err := listed(refs)
	if err != nil {
		return nil, err
	}
	removed := map[jobs.Ref]bool{}
	var following [][]byte
	err = apart.Rows(ctx, tx, func(scan func(...any) error) error {
		var r jobs.Ref
		var next []byte
		err := scan(&r.ID, &r.Token, &next)
		removed[r] = true
		following = append(following, next)
		return err
	}, q.texts.done, data)
	for _, next := range following {
		if err == nil {
			err = q.follow(ctx, tx, next)
		}
	}
	for _, o := range list {
		if !removed[o.Ref] {
			rest = append(rest, o)
		}
	}
	return rest, err
}

// follow adds the jobs that follow one that is done.
func (q *Queue) follow(ctx context.Context, tx Tx, next []byte) error {
	if len(next) == 0 {
		return nil
	}
	var list []jobs.New
	if err := json.Unmarshal(next, &list); err != nil {
		return errors.New("the jobs that follow another one cannot be read")
	}
	_, err := q.add(ctx, tx, list)
	return err
}

// A row is what finishing needs of a job.
type row struct {
	state   int
	series  bool
	keep    int64
	attempt int
	errors  string
	next    []byte
	now     int64
}

// finish ends one running; false if it is not the worker's any more.
func (q *Queue) finish(ctx context.Context, tx Tx, o jobs.Outcome) (found bool, err error) {
	var r row
	err = tx.QueryRowContext(ctx, q.texts.look, o.ID, o.Token).Scan(&r.state, &r.series, &r.keep, &r.attempt, &r.errors, &r.next, &r.now)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	if o.Ending == jobs.Failed || o.Ending == jobs.Dead {
		r.attempt++
		r.errors = jobs.AddError(r.errors, moment(r.now), r.attempt, o.Error)
	}
	due := r.now + apart.Milliseconds(o.After)
	if !o.At.IsZero() {
		due = millis(o.At)
	}
	again := func(due int64, attempt int) error {
		_, err := tx.ExecContext(ctx, q.texts.again, o.ID, due, attempt, r.errors, o.Report)
		return err
	}
	end := func(state int, due int64, attempt int) error {
		_, err := tx.ExecContext(ctx, q.texts.end, o.ID, due, attempt, r.errors, o.Report, state)
		return err
	}
	switch {
	case o.Ending == jobs.Done && !r.series:
		if err := q.follow(ctx, tx, r.next); err != nil {
			return true, err
		}
		return true, end(finished, r.now+r.keep, r.attempt+1)
	case r.state == cancelling:
		_, err := tx.ExecContext(ctx, q.texts.remove, o.ID)
		return true, err
	case o.Ending == jobs.Released:
		return true, again(r.now, r.attempt)
	case o.Ending == jobs.Failed:
		return true, again(due, r.attempt)
	case r.series:
		return true, again(due, 0)
	}
	return true, end(dead, r.now+jobs.DeadFor.Milliseconds(), r.attempt)
}
