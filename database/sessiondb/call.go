// One call: its context, its statement, and what its errors mean.

package sessiondb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
)

// maxTries is how often a statement is run at most that others are in the way
// of.
const maxTries = 10

// A runner is a *sql.DB or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

// do makes a call, unless the checks of its arguments fail. A statement that the
// database refused because of others is run again.
func (s *store) do(ctx context.Context, doing string, checks []error, f func(ctx context.Context, db runner) error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.closed.Load():
		return sessions.ErrClosed
	}
	if err := cmp.Or(checks...); err != nil {
		return err
	}
	engine, err := s.db.Engine()
	if err != nil {
		return s.explain(ctx, doing, err)
	}
	inner := dataflow.Apart(ctx)
	err = f(inner, s.db.SQL())
	// With SQLite, a statement has waited for its turn already.
	for try := 1; s.postgres && err != nil && try < maxTries && ctx.Err() == nil && engine.Retry(err); try++ {
		err = s.again(inner, f)
	}
	return s.explain(ctx, doing, err)
}

// again runs a statement that failed because of others. It now waits for them,
// whatever the isolation level is by default: at a higher one, it could fail again
// and again.
func (s *store) again(ctx context.Context, f func(ctx context.Context, db runner) error) error {
	tx, err := s.db.SQL().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// exec executes a statement, and returns how many rows it has changed.
func (s *store) exec(ctx context.Context, doing, text string, checks []error, args ...any) (n int64, err error) {
	err = s.do(ctx, doing, checks, func(ctx context.Context, db runner) error {
		result, err := db.ExecContext(ctx, text, args...)
		if err == nil {
			n, err = result.RowsAffected()
		}
		return err
	})
	return n, err
}

// query reads records.
func (s *store) query(ctx context.Context, doing, text string, checks []error, args ...any) (all []sessions.Record, err error) {
	err = s.do(ctx, doing, checks, func(ctx context.Context, db runner) error {
		all = nil
		rows, err := db.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scan(rows)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func scan(rows *sql.Rows) (r sessions.Record, err error) {
	var id []byte
	var made, used int64
	var expires sql.NullInt64
	if err := rows.Scan(&id, &r.Kind, &r.User, &r.Data, &made, &used, &expires); err != nil {
		return r, err
	}
	if len(id) != len(r.ID) {
		return r, errors.New("the ID of a record has not the length of one")
	}
	copy(r.ID[:], id)
	r.Made, r.Used = sessions.Moment(made), sessions.Moment(used)
	if expires.Valid {
		r.Expires = sessions.Moment(expires.Int64)
	} else {
		r.Expires = sessions.Moment(sessions.Never)
	}
	return r, nil
}

// explain translates an error of the database into one of the contract, if it is
// one.
func (s *store) explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("sessions: %s: %w", doing, ctx.Err())
	case errors.Is(err, database.ErrClosed), s.isClosed():
		return sessions.ErrClosed
	case isTaken(err):
		return sessions.ErrExists
	case isMissing(err):
		return fmt.Errorf("sessions: %s: %w: run the program's migrate command", doing, sessions.ErrLayout)
	case sqlState(err) == "42501": // insufficient_privilege
		return fmt.Errorf("sessions: %s: %w: the role of the database's URL needs usage on the schema %q, and select, insert, update and delete on its tables sessions and limits",
			doing, err, s.db.Options().Schema)
	}
	return fmt.Errorf("sessions: %s: %w", doing, err)
}

// isClosed says whether the database was closed.
func (s *store) isClosed() bool {
	_, err := s.db.Engine()
	return errors.Is(err, database.ErrClosed)
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

// sqliteCode is the code of a fault of SQLite.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()
	}
	return 0
}

// Codes of SQLite.
const (
	sqliteError      = 1
	constraintKey    = 1555 // of a primary key
	constraintUnique = 2067
)

// isTaken says that an ID is taken.
func isTaken(err error) bool {
	code := sqliteCode(err)
	return sqlState(err) == "23505" || code == constraintKey || code == constraintUnique
}

// isMissing says that a table or column is missing.
func isMissing(err error) bool {
	switch sqlState(err) {
	case "42P01", "3F000", "42703":
		return true
	}
	return sqliteCode(err) == sqliteError && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column") ||
		strings.Contains(err.Error(), "has no column"))
}
