// One call: its transaction, and what its errors mean.

package jobdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/jobs"
)

// apart is a context for statements of the queue: what they read is not noted for
// pages, and what they change purges nothing.
func apart(ctx context.Context) context.Context { return dataflow.Apart(ctx) }

// ready says why a call cannot be made.
func (q *Queue) ready(ctx context.Context, check error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case q.closed.Load():
		return jobs.ErrClosed
	}
	return check
}

// committed are the options of transactions of workers: what others have committed
// counts, whatever the database's default is.
func (q *Queue) committed() *sql.TxOptions {
	if q.postgres {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return nil
}

// call makes a call in a transaction, which is run again if others were in its
// way.
func (q *Queue) call(ctx context.Context, doing string, options *sql.TxOptions, check error, f func(ctx context.Context, tx Tx) error) error {
	if err := q.ready(ctx, check); err != nil {
		return err
	}
	inner := apart(ctx)
	err := q.db.Tx(inner, options, func(tx *sql.Tx) error { return f(inner, tx) })
	return q.explain(ctx, doing, err)
}

// explain translates an error of the database into one of the contract, if it is
// one.
func (q *Queue) explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("jobs: %s: %w", doing, ctx.Err())
	case errors.Is(err, database.ErrClosed), q.closed.Load():
		return jobs.ErrClosed
	case errors.Is(err, jobs.ErrNotFound):
		return err
	case isMissing(err):
		return fmt.Errorf("jobs: %s: %w", doing, jobs.ErrLayout)
	case sqlState(err) == "42501": // insufficient_privilege
		return fmt.Errorf("jobs: %s: %w: the role of the database's URL needs usage on the schema %q, and select, insert, update and delete on its table jobs",
			doing, err, q.db.Options().Schema)
	}
	return fmt.Errorf("jobs: %s: %w", doing, err)
}

// sqlState is the SQLSTATE of a fault of PostgreSQL.
func sqlState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// isMissing says that a table or column is missing.
func isMissing(err error) bool {
	switch sqlState(err) {
	case "42P01", "3F000", "42703":
		return true
	}
	e, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	return ok && e.Code() == 1 && (strings.Contains(e.Error(), "no such table") || strings.Contains(e.Error(), "no such column") ||
		strings.Contains(e.Error(), "has no column"))
}

// scanRows calls scan for each row of a query.
func scanRows(ctx context.Context, tx Tx, scan func(scan func(...any) error) error, text string, args ...any) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// millis is a time as the columns have it.
func millis(t time.Time) int64 { return t.UnixMilli() }

// moment is the time of a column; zero for 0.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// milliseconds is a duration as the columns have it, rounded up.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
