// Looking after jobs.

package jobdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/jobs"
)

// List lists jobs, the newest first.
func (q *Queue) List(ctx context.Context, f jobs.Filter) (list []jobs.Info, err error) {
	if err := q.calls.Ready(ctx, nil); err != nil {
		return nil, err
	}
	text, args := q.listText(f)
	err = apart.Rows(dataflow.Apart(q.calls.DB.Leave(ctx)), q.calls.DB.SQL(), func(scan func(...any) error) error {
		i, err := scanInfo(scan)
		if err == nil && f.Matches(i) {
			list = append(list, i)
		}
		return err
	}, text, args...)
	return list, q.calls.Explain(ctx, "list", err)
}

// listText is the statement of a list. Whether a lease is over is decided by the
// clock of the statement.
func (q *Queue) listText(f jobs.Filter) (text string, args []any) {
	var where []string
	with := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	where = append(where, "(state = 0 OR due > "+q.texts.clock+")")
	if f.ID != 0 {
		with("id = $%d", f.ID)
	}
	if f.Kind != "" {
		with("kind = $%d", f.Kind)
	}
	if f.Key != "" {
		with("key = $%d", f.Key)
	}
	if f.Before != 0 {
		with("id < $%d", f.Before)
	}
	switch f.State {
	case jobs.Waiting:
		where = append(where, "state = 0 AND (worker IS NULL OR due <= "+q.texts.clock+")")
	case jobs.Running:
		where = append(where, "state = 0 AND worker IS NOT NULL AND due > "+q.texts.clock)
	case jobs.Cancelling:
		where = append(where, "state = 1")
	case jobs.Finished:
		where = append(where, "state = 2")
	case jobs.Died:
		where = append(where, "state = 3")
	}
	return fmt.Sprintf("%s%s ORDER BY id DESC LIMIT %d", q.texts.list, strings.Join(where, " AND "), f.Most()), args
}

// stateOf is the state of a column's value.
func stateOf(value int) jobs.State {
	switch value {
	case cancelling:
		return jobs.Cancelling
	case finished:
		return jobs.Finished
	case dead:
		return jobs.Died
	}
	return jobs.Waiting
}

func scanInfo(scan func(...any) error) (i jobs.Info, err error) {
	var state int
	var due, added, begun, now int64
	var worker sql.NullString
	if err := scan(&i.ID, &i.Kind, &i.Key, &state, &i.Args, &i.Attempt, &i.Deaths, &due, &added, &begun, &worker, &i.Errors, &i.Report, &i.Series, &now); err != nil {
		return i, err
	}
	i.State, i.Due, i.Added, i.Begun, i.Worker = stateOf(state), moment(due), moment(added), moment(begun), worker.String
	if worker.Valid && state == live {
		if i.Attempt++; due > now {
			i.State = jobs.Running
		} else {
			i.Worker = "" // its process has ended
		}
	}
	return i, nil
}

// Counts counts jobs by kind.
func (q *Queue) Counts(ctx context.Context) (list []jobs.Count, err error) {
	if err := q.calls.Ready(ctx, nil); err != nil {
		return nil, err
	}
	err = apart.Rows(dataflow.Apart(q.calls.DB.Leave(ctx)), q.calls.DB.SQL(), func(scan func(...any) error) error {
		var c jobs.Count
		var oldest int64
		err := scan(&c.Kind, &c.Waiting, &c.Due, &c.Running, &c.Dead, &oldest)
		c.Oldest = time.Duration(oldest) * time.Millisecond
		list = append(list, c)
		return err
	}, q.texts.counts)
	return list, q.calls.Explain(ctx, "count", err)
}

// Cancel cancels jobs. In a [database.DB.Scope] it does so in that transaction.
func (q *Queue) Cancel(ctx context.Context, which jobs.Which) (n int, err error) {
	where, args := "id = $1", []any{which.ID}
	if which.ID == 0 {
		where, args = "kind = $1 AND key = $2", []any{which.Kind, which.Key}
	}
	err = q.call(ctx, "cancel", nil, which.Check(), func(ctx context.Context, tx Tx) error {
		n = 0
		// What others are taking or finishing is waited for.
		if err := apart.Rows(ctx, tx, func(func(...any) error) error { return nil }, strings.Replace(q.texts.hold, "{which}", where, 1), args...); err != nil {
			return err
		}
		for _, text := range []string{q.texts.cancelWaiting, q.texts.cancel} {
			result, err := tx.ExecContext(ctx, strings.Replace(text, "{which}", where, 1), args...)
			if err != nil {
				return err
			}
			some, err := result.RowsAffected()
			if err != nil {
				return err
			}
			n += int(some)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Revive lets a dead job run again.
func (q *Queue) Revive(ctx context.Context, id int64) error {
	return q.makesDue(ctx, "revive", q.texts.dead, id)
}

// RunNow makes a job due that waits.
func (q *Queue) RunNow(ctx context.Context, id int64) error {
	return q.makesDue(ctx, "run now", q.texts.now, id)
}

// makesDue executes a statement that makes one job due.
func (q *Queue) makesDue(ctx context.Context, doing, text string, id int64) error {
	err := q.call(ctx, doing, q.calls.Committed(), nil, ofOne(text, id))
	if err == nil {
		q.tell(ctx)
	}
	return err
}

// Remove removes a dead job.
func (q *Queue) Remove(ctx context.Context, id int64) error {
	return q.call(ctx, "remove", nil, nil, ofOne(q.texts.bury, id))
}

// ofOne executes a statement that changes one job.
func ofOne(text string, id int64) func(context.Context, Tx) error {
	return func(ctx context.Context, tx Tx) error {
		result, err := tx.ExecContext(ctx, text, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return first(err, jobs.ErrNotFound)
		}
		return nil
	}
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
