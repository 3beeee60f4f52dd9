// One connection of the driver, and the statements that the engine itself runs on
// it.

package litedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A raw is a connection of the driver.
type raw interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.AuthorizerRegisterer
	RegisterCommitHook(sqlite.CommitHookFn)
	RegisterRollbackHook(sqlite.RollbackHookFn)
}

// rawStmt is a statement of the driver.
type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// A session runs the engine's own statements. It is used by one goroutine at a
// time.
type session struct {
	raw  raw
	kept map[string]rawStmt
}

// dial opens a connection.
func (p place) dial(ctx context.Context) (*session, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(p.dsn())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.path, err)
	}
	c, err := connector.Connect(ctx)
	if err != nil {
		return nil, p.fault("open", err)
	}
	r, ok := c.(raw)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open %s: the driver's connection is a %T, which lacks what is needed", p.path, c), c.Close())
	}
	s := &session{raw: r, kept: map[string]rawStmt{}}
	if err := s.log(ctx); err != nil {
		return nil, errors.Join(p.fault("open", err), s.close())
	}
	return s, nil
}

// log makes the file have a write-ahead log.
func (s *session) log(ctx context.Context) error {
	for {
		mode, err := s.value(ctx, "pragma journal_mode")
		if err != nil || mode == "wal" {
			return err
		}
		_, err = s.raw.ExecContext(ctx, "pragma journal_mode = wal", nil)
		switch {
		case primary(err) == sqlite3.SQLITE_READONLY:
			return nil
		case primary(err) != sqlite3.SQLITE_BUSY:
			return err
		}
		// Another process does the same now: SQLite does not wait for that.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *session) close() error {
	for _, stmt := range s.kept {
		_ = stmt.Close()
	}
	return s.raw.Close()
}

func (s *session) stmt(ctx context.Context, text string) (rawStmt, error) {
	if stmt, ok := s.kept[text]; ok {
		return stmt, nil
	}
	prepared, err := s.raw.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(rawStmt)
	if !ok {
		return nil, fmt.Errorf("the driver's statement is a %T, which lacks what is needed", prepared)
	}
	s.kept[text] = stmt
	return stmt, nil
}

func numbered[T any](args []T) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, a := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return list
}

// exec runs a statement.
func (s *session) exec(ctx context.Context, text string, args ...any) error {
	stmt, err := s.stmt(ctx, text)
	if err == nil {
		_, err = stmt.ExecContext(ctx, numbered(args))
	}
	return err
}

// rows runs a query and returns all its rows.
func (s *session) rows(ctx context.Context, text string, args ...any) (all [][]driver.Value, err error) {
	stmt, err := s.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, numbered(args))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	width := len(rows.Columns())
	for {
		row := make([]driver.Value, width)
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, row)
	}
}

// value runs a query and returns the first column of its first row; nil if there
// is none.
func (s *session) value(ctx context.Context, text string, args ...any) (driver.Value, error) {
	all, err := s.rows(ctx, text, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0][0], nil
}

// transact runs f in a transaction that takes the write lock.
func (s *session) transact(ctx context.Context, f func() error) error {
	err := s.exec(ctx, "begin immediate")
	if err == nil {
		if err = f(); err == nil {
			err = s.exec(ctx, "commit")
		}
	}
	if err != nil {
		// It fails where SQLite has not begun, or has rolled back by itself.
		_ = s.exec(context.Background(), "rollback")
	}
	return err
}
