// One call: its context, its statements, and what its errors mean.

package roomdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/rooms"
)

// maxTries is how often a call is made at most that others are in the way of.
const maxTries = 10

// A runner is a *sql.DB or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

// do makes a call, unless the check of its arguments failed. Each of its
// statements is committed at once.
func (s *store) do(ctx context.Context, doing string, check error, f func(ctx context.Context, db runner) error) error {
	return s.call(ctx, doing, check, func(ctx context.Context, again bool) error {
		if again { // it now waits for others, whatever the isolation level is by default
			return s.within(ctx, f)
		}
		return f(ctx, s.db.SQL())
	})
}

// transact makes a call whose statements are one transaction.
func (s *store) transact(ctx context.Context, doing string, check error, f func(ctx context.Context, db runner) error) error {
	return s.call(ctx, doing, check, func(ctx context.Context, _ bool) error { return s.within(ctx, f) })
}

// call makes a call again that the database rolled back because of others.
func (s *store) call(ctx context.Context, doing string, check error, f func(ctx context.Context, again bool) error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.closed.Load():
		return rooms.ErrClosed
	case check != nil:
		return check
	}
	engine, err := s.db.Engine()
	if err != nil {
		return s.explain(ctx, doing, err)
	}
	inner := dataflow.Apart(ctx)
	err = f(inner, false)
	// With SQLite, it has waited for its turn already.
	for try := 1; s.postgres && err != nil && try < maxTries && ctx.Err() == nil && engine.Retry(err); try++ {
		err = f(inner, true)
	}
	return s.explain(ctx, doing, err)
}

// within runs f in a transaction in which each statement sees what others have
// committed before it.
func (s *store) within(ctx context.Context, f func(ctx context.Context, db runner) error) error {
	var options *sql.TxOptions
	if s.postgres {
		options = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	tx, err := s.db.SQL().BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// explain translates an error of the database into one of the contract, if it is
// one.
func (s *store) explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isOurs(err):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("rooms: %s: %w", doing, ctx.Err())
	case errors.Is(err, database.ErrClosed), s.isClosed():
		return rooms.ErrClosed
	case isMissing(err):
		return fmt.Errorf("rooms: %s: %w", doing, rooms.ErrLayout)
	case sqlState(err) == "42501": // insufficient_privilege
		return fmt.Errorf("rooms: %s: %w: the role of the database's URL needs usage on the schema %q, and select, insert, update and delete on its tables rooms, rooms_entries, rooms_snapshots and rooms_instances",
			doing, err, s.db.Options().Schema)
	}
	return fmt.Errorf("rooms: %s: %w", doing, err)
}

// isOurs says that an error is what a call decided.
func isOurs(err error) bool {
	return errors.Is(err, rooms.ErrMoved) || errors.Is(err, rooms.ErrAbsent) || errors.Is(err, rooms.ErrSuperseded)
}

// isClosed says whether the store or the database was closed.
func (s *store) isClosed() bool {
	_, err := s.db.Engine()
	return s.closed.Load() || errors.Is(err, database.ErrClosed)
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

// changed is how many rows a statement has changed.
func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// scanRows calls scan for each row of a query.
func scanRows(ctx context.Context, db runner, scan func(scan func(...any) error) error, text string, args ...any) error {
	rows, err := db.QueryContext(ctx, text, args...)
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

// milliseconds is a duration as the columns have it, rounded up.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
