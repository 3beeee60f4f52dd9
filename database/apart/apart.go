// Package apart makes the calls of Gorgon's own stores in the app's database, such
// as those of sessions and of rooms: apart from the app's transactions, from what
// its pages read and from what its commits purge.
package apart

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// Calls are those of one store. Its fields are set before the first call.
type Calls struct {
	DB *database.DB

	// Of is what the store keeps, which begins its errors: "rooms".
	Of string

	// Tables are those that a role needs rights on, as words: "tables sessions
	// and limits".
	Tables string

	// Closed and Layout are the errors of a store that is closed, and of one whose
	// tables are missing.
	Closed, Layout error

	// Decides says of an error that a call has decided on it: it is returned as
	// it is. Default: none is.
	Decides func(err error) bool

	closed atomic.Bool
}

// Postgres says whether the database is a PostgreSQL.
func (c *Calls) Postgres() bool { return c.DB.Dialect().Name() == database.PostgreSQL }

// Close ends the use of the store, and leaves the database open.
func (c *Calls) Close() error {
	c.closed.Store(true)
	return nil
}

// Ready says why a call cannot be made: the check of its arguments failed, or the
// store is closed.
func (c *Calls) Ready(ctx context.Context, check error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case c.closed.Load():
		return c.Closed
	}
	return check
}

// Do makes a call each of whose statements is committed at once. Where others were
// in the way of a statement, the call is made again.
func (c *Calls) Do(ctx context.Context, doing string, check error, f func(ctx context.Context, tx Tx) error) error {
	return c.call(ctx, doing, check, func(ctx context.Context, again bool) error {
		if again { // it now waits for others, whatever the isolation level is by default
			return c.within(ctx, f)
		}
		return f(ctx, c.DB.SQL())
	})
}

// Transact makes a call whose statements are one transaction, which is run again
// where others were in its way.
func (c *Calls) Transact(ctx context.Context, doing string, check error, f func(ctx context.Context, tx Tx) error) error {
	return c.call(ctx, doing, check, func(ctx context.Context, _ bool) error { return c.within(ctx, f) })
}

// maxTries is how often a call is made at most that others are in the way of.
const maxTries = 10

func (c *Calls) call(ctx context.Context, doing string, check error, f func(ctx context.Context, again bool) error) error {
	if err := c.Ready(ctx, check); err != nil {
		return err
	}
	engine, err := c.DB.Engine()
	if err != nil {
		return c.Explain(ctx, doing, err)
	}
	inner := dataflow.Apart(ctx)
	err = f(inner, false)
	// With SQLite, it has waited for its turn already.
	for try := 1; err != nil && c.Postgres() && try < maxTries && ctx.Err() == nil && engine.Retry(err); try++ {
		err = f(inner, true)
	}
	return c.Explain(ctx, doing, err)
}

// Committed are the options of a transaction in which each statement sees what
// others have committed before it, whatever the database's default is.
func (c *Calls) Committed() *sql.TxOptions {
	if c.Postgres() {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return nil
}

// within runs f in a transaction.
func (c *Calls) within(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	tx, err := c.DB.SQL().BeginTx(ctx, c.Committed())
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Explain says what an error of the database means for the store, and what was
// being done.
func (c *Calls) Explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case c.Decides != nil && c.Decides(err):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %s: %w", c.Of, doing, ctx.Err())
	case errors.Is(err, database.ErrClosed), c.isClosed():
		return c.Closed
	case IsMissing(err):
		return fmt.Errorf("%s: %s: %w", c.Of, doing, c.Layout)
	case isForbidden(err):
		return fmt.Errorf("%s: %s: %w: the role of the database's URL needs usage on the schema %q, and select, insert, update and delete on its %s",
			c.Of, doing, err, c.DB.Options().Schema, c.Tables)
	}
	return fmt.Errorf("%s: %s: %w", c.Of, doing, err)
}

// isClosed says whether the store or the database was closed.
func (c *Calls) isClosed() bool {
	_, err := c.DB.Engine()
	return c.closed.Load() || errors.Is(err, database.ErrClosed)
}

// A Tx makes statements: a *sql.DB or a *sql.Tx.
type Tx interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

// Changed is how many rows a statement has changed.
func Changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Rows calls scan for each row of a query.
func Rows(ctx context.Context, tx Tx, scan func(scan func(...any) error) error, text string, args ...any) error {
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

// Milliseconds is a duration as columns have it, rounded up.
func Milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
