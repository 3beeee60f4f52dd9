// A connection of the app.

package litedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon/dataflow"
)

// A conn is a connection of the app. It is used by one goroutine at a time.
type conn struct {
	*session
	engine *engine
	kept   kept
	seeing *use // where the authorizer notes; nil while that is not wanted

	// What SQLite has done during the call, as its hooks say.
	committed  bool
	rolledBack bool

	tx    *tx  // of BeginTx; nil if there is none
	begun bool // the app began a transaction by a text
	holds bool // it has the turn to write
}

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
)

// connect opens a connection for the app.
func (e *engine) connect(ctx context.Context) (driver.Conn, error) {
	s, err := e.place.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{session: s, engine: e}
	if err := s.raw.RegisterAuthorizer(c.authorize); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", e.place.path, err), s.close())
	}
	s.raw.RegisterCommitHook(func() int32 {
		c.committed = true
		return 0
	})
	s.raw.RegisterRollbackHook(func() { c.rolledBack = true })
	return c, nil
}

// Unwrap returns the driver's own connection.
func (c *conn) Unwrap() driver.Conn { return c.raw }

// Close closes the connection, and rolls back what is not committed.
func (c *conn) Close() error {
	c.kept.empty()
	err := c.close()
	c.tx, c.begun = nil, false
	c.release()
	return err
}

func (c *conn) Ping(ctx context.Context) error { return c.raw.Ping(ctx) }

func (c *conn) ResetSession(ctx context.Context) error { return c.raw.ResetSession(ctx) }

// IsValid is called when the app gives the connection back. A transaction that
// it has left open is rolled back: it would keep all others from writing.
func (c *conn) IsValid() bool {
	if c.begun {
		c.begun = false
		_, err := c.raw.ExecContext(context.Background(), "rollback", nil)
		if c.release(); err == nil {
			c.engine.config.Log.Warn("a transaction was begun by a statement and left open: it is rolled back. Use BeginTx, or one connection until it is committed")
		}
		c.committed, c.rolledBack = false, false
	}
	return c.raw.IsValid()
}

// inTransaction says whether statements are not committed each on its own.
func (c *conn) inTransaction() bool { return c.tx != nil || c.begun }

// take takes the turn to write, unless the connection has it.
func (c *conn) take(ctx context.Context) error {
	if c.holds {
		return nil
	}
	err := c.engine.turn.take(ctx)
	c.holds = err == nil
	return err
}

// release passes the turn on at the end of a transaction.
func (c *conn) release() {
	if c.holds && !c.inTransaction() {
		c.holds = false
		c.engine.turn.pass()
	}
}

// settle is called after each call, with what a text without error did about
// transactions. It draws the conclusions from that and from what SQLite has
// done.
func (c *conn) settle(ctx context.Context, turns string) {
	committed, rolledBack := c.committed, c.rolledBack
	c.committed, c.rolledBack = false, false
	if rolledBack && c.tx != nil {
		c.tx.lost = true
	}
	if committed || rolledBack {
		c.begun = false
	}
	if turns != "" {
		c.begun = turns == "begin" && c.tx == nil
	}
	c.release()
	if committed {
		c.engine.committed(ctx)
	}
}

// BeginTx begins a transaction. One that writes has the lock from the beginning
// on: it cannot fail later since another one has written meanwhile.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := c.engine.outside(ctx); err != nil {
		return nil, err
	}
	limited, cancel := c.engine.limit(ctx)
	defer cancel()
	if !options.ReadOnly {
		if err := c.take(limited); err != nil {
			return nil, c.engine.timedOut(ctx, err)
		}
	}
	raw, err := c.raw.BeginTx(ctx, options)
	if err != nil {
		c.settle(ctx, "")
		return nil, err
	}
	c.tx = &tx{conn: c, raw: raw, ctx: ctx, readOnly: options.ReadOnly}
	return c.tx, nil
}

// Begin is BeginTx without a context.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *conn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Prepare is PrepareContext without a context.
func (c *conn) Prepare(text string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), text)
}

func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.ExecContext(ctx, args)
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, args, true)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return rows, nil
}

// readsOf is where the reads of a statement are noted; nil if nowhere.
func (c *conn) readsOf(ctx context.Context) *dataflow.Reads {
	if r := dataflow.ReadsOf(ctx); r != nil || c.tx == nil || dataflow.IsApart(ctx) {
		return r
	}
	return dataflow.ReadsOf(c.tx.ctx)
}
