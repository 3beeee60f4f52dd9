// A statement of the app, and its rows.

package litedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// A stmt is a compiled statement. A text of several statements is compiled when
// it runs, by the driver.
type stmt struct {
	conn   *conn
	raw    rawStmt
	text   string
	script bool
	use    *use
	facts  *facts // what follows from use for who reads; nil if that is not known yet
	failed bool
	stale  bool // SQLite compiled it again
	closed bool
}

// statement compiles a text, unless it is kept.
func (c *conn) statement(ctx context.Context, text string) (*stmt, error) {
	if s := c.kept.take(text); s != nil {
		s.closed = false
		return s, nil
	}
	s := &stmt{conn: c, text: text, script: isScript(text), use: new(use)}
	c.seeing = s.use
	prepared, err := c.raw.PrepareContext(ctx, text)
	c.seeing = nil
	if err != nil {
		return nil, c.engine.timedOut(ctx, err)
	}
	var ok bool
	if s.raw, ok = prepared.(rawStmt); !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statement is a %T, which lacks what is needed", prepared), prepared.Close())
	}
	return s, nil
}

// Close keeps the statement for its next use, if that may come.
func (s *stmt) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.failed || s.stale || s.script || s.use.passing || len(s.text) > keptText {
		return s.raw.Close()
	}
	return s.conn.kept.put(s)
}

func (s *stmt) NumInput() int { return s.raw.NumInput() }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	r, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	result, err := s.raw.ExecContext(r.ctx, args)
	if err != nil {
		result, err = s.execAgain(r.ctx, args, err)
	}
	if err = r.end(err); err != nil {
		return nil, err
	}
	return result, nil
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.query(ctx, args, false)
}

// query runs a query. Its rows close the statement if it is theirs.
func (s *stmt) query(ctx context.Context, args []driver.NamedValue, theirs bool) (driver.Rows, error) {
	r, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	got, err := s.raw.QueryContext(r.ctx, args)
	s.conn.seeing = nil
	if err != nil {
		return nil, r.end(err)
	}
	raw, ok := got.(rawRows)
	if !ok {
		err = fmt.Errorf("the driver's rows are a %T, which lacks what is needed", got)
	} else if reads := s.conn.readsOf(ctx); reads != nil {
		err = s.note(r.ctx, reads, args)
	}
	if err != nil {
		return nil, r.end(errors.Join(err, got.Close()))
	}
	return &rows{rawRows: raw, run: r, theirs: theirs}, nil
}

// Exec is ExecContext without a context.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), numbered(args))
}

// Query is QueryContext without a context.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), numbered(args))
}

// rawRows are rows of the driver.
type rawRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// rows are those of a query. The statement runs until they are closed.
type rows struct {
	rawRows
	run    *run
	theirs bool
	err    error
}

// Next reads a row. The driver interrupts a query only until its first row: after
// that, a query whose time is over ends between two rows.
func (r *rows) Next(row []driver.Value) error {
	err := r.run.ctx.Err()
	if err == nil {
		err = r.rawRows.Next(row)
	}
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, io.EOF):
		err = r.run.explain(err)
		r.err = err
	}
	r.run.stmt.conn.settle(r.run.outer, "") // a statement that returns rows commits when they end
	return err
}

func (r *rows) Close() error {
	closing := r.rawRows.Close()
	err := r.run.end(errors.Join(r.err, closing))
	if r.theirs {
		_ = r.run.stmt.Close()
	}
	if closing == nil {
		return nil
	}
	return err
}
