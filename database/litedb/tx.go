// A transaction of the app.

package litedb

import (
	"context"
	"database/sql/driver"
)

// A tx is a transaction that the app began with BeginTx.
type tx struct {
	conn     *conn
	raw      driver.Tx
	ctx      context.Context // that of BeginTx; a commit has none of its own
	readOnly bool
	lost     bool // SQLite has rolled it back
}

// Commit commits, and reports it if something was written.
func (t *tx) Commit() error {
	if t.lost {
		t.end()
		return ErrLost
	}
	err := t.raw.Commit()
	t.end()
	return err
}

// Rollback rolls back. It succeeds if SQLite has done that.
func (t *tx) Rollback() error {
	var err error
	if !t.lost {
		err = t.raw.Rollback()
	}
	t.conn.committed = false
	t.end()
	return err
}

func (t *tx) end() {
	t.conn.tx = nil
	t.conn.settle(t.ctx, "")
}
