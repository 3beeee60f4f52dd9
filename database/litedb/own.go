// The engine's own connection.

package litedb

import (
	"context"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/database"
)

// own is the engine's own connection.
type own struct {
	turn    turn     // one caller at a time
	session *session // nil until it is needed, and after a fault
	closed  bool

	untaken int64 // the number of the last change that was listed and not taken
}

// with calls f with the engine's own connection.
func (e *engine) with(ctx context.Context, doing string, f func(*session) error) error {
	o := &e.own
	if err := o.turn.take(ctx); err != nil {
		return err
	}
	defer o.turn.pass()
	if o.closed {
		return database.ErrClosed
	}
	if o.session == nil {
		s, err := e.place.dial(ctx)
		if err != nil {
			return err
		}
		o.session = s
	}
	err := f(o.session)
	if err == nil {
		return nil
	}
	switch primary(err) {
	case 0, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_ERROR:
	default: // the next call begins with a connection that knows of no fault
		_ = o.session.close()
		o.session = nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// write is with, in a transaction that writes.
func (e *engine) write(ctx context.Context, doing string, f func(*session) error) error {
	return e.with(ctx, doing, func(s *session) error {
		if err := e.turn.take(ctx); err != nil {
			return err
		}
		defer e.turn.pass()
		return s.transact(ctx, func() error { return f(s) })
	})
}

func (o *own) close() error {
	_ = o.turn.take(context.Background())
	defer o.turn.pass()
	o.closed = true
	if o.session == nil {
		return nil
	}
	s := o.session
	o.session = nil
	return s.close()
}
