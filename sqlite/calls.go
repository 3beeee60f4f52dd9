// What every call does: take a connection, and wait for locks.

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/pages"
)

// A lock that is held is tried again after a delay that doubles, within these
// bounds. SQLite's own waiting ignores contexts.
const (
	minBusy = 50 * time.Microsecond
	maxBusy = 4 * time.Millisecond
)

// begin starts every call: Close waits until end is called.
func (s *Store) begin(ctx context.Context) (end func(), err error) {
	s.life.RLock()
	select {
	case <-s.done:
		err = pages.ErrClosed
	default:
		err = ctx.Err()
	}
	if err == nil {
		err = s.file.look()
	}
	if err != nil {
		s.life.RUnlock()
		return nil, err
	}
	return s.life.RUnlock, nil
}

// read runs f on a connection for reading. It may run it more than once.
func (s *Store) read(ctx context.Context, f func(c *conn) error) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return pages.ErrClosed
	}
	defer func() { s.readers <- c }()
	age := s.file.age()
	if c != nil && c.age != age {
		c.close()
		c = nil
	}
	return s.patient(ctx, func() (err error) {
		if c == nil {
			if c, err = s.dialReader(); err != nil {
				return err
			}
			c.age = age
		}
		if err = f(c); spoiled(err) {
			c.close()
			c = nil
		}
		return err
	})
}

// view is read for several statements that see one state of the file.
func (s *Store) view(ctx context.Context, f func(c *conn) error) error {
	return s.read(ctx, func(c *conn) error {
		return c.transact("DEFERRED", func() error { return f(c) })
	})
}

// write runs f in a transaction of its own, alone among all processes. If it is
// durable, it survives power loss once write has returned, and so does
// everything that was written before.
func (s *Store) write(ctx context.Context, durable bool, f func(c *conn) error) error {
	return s.exclusive(ctx, func(c *conn) error {
		if err := c.durable(durable); err != nil {
			return err
		}
		return c.transact("IMMEDIATE", func() error {
			if err := f(c); err != nil {
				return err
			}
			return ctx.Err() // the caller has stopped waiting
		})
	})
}

// exclusive runs f on the connection for writing. It may run it more than once.
func (s *Store) exclusive(ctx context.Context, f func(c *conn) error) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if s.readOnly {
		return pages.ErrReadOnly
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return pages.ErrClosed
	}
	defer func() { s.turn <- struct{}{} }()
	return s.patient(ctx, func() (err error) {
		if s.writer == nil {
			if s.writer, err = s.dialWriter("rw"); err != nil {
				return err
			}
		}
		if err = f(s.writer); spoiled(err) {
			s.writer.close()
			s.writer = nil
		}
		return err
	})
}

// patient calls try again while another holds a lock that it needs.
func (s *Store) patient(ctx context.Context, try func() error) error {
	for wait := minBusy; ; wait = min(wait*2, maxBusy) {
		err := try()
		if !busy(err) {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: another holds the file's lock (%v)", ctx.Err(), err)
		case <-s.done:
			timer.Stop()
			return pages.ErrClosed
		}
	}
}

// code returns SQLite's extended result code of an error; 0 if the error is not
// SQLite's.
func code(err error) int {
	if fault, ok := errors.AsType[*sqlite.Error](err); ok {
		return fault.Code()
	}
	return 0
}

// primary returns the primary result code.
func primary(err error) int { return code(err) & 0xff }

// busy says that another holds a lock. The lock protocol fails when many
// readers come and go at once.
func busy(err error) bool {
	return primary(err) == sqlite3.SQLITE_BUSY || primary(err) == sqlite3.SQLITE_PROTOCOL
}

// spoiled says that a connection may be in a wrong state.
func spoiled(err error) bool {
	return code(err) != 0 && !busy(err)
}
