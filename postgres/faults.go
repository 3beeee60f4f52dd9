// Faults: which to try again after, and what to say of them.

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/gorgon-go/gorgon/pages"
)

// code is the SQLSTATE of an error.
func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// unprepared says that a statement was not run because what was prepared for
// it is on another connection of a proxy.
func unprepared(err error) bool {
	c := code(err)
	return c == "26000" || c == "42P05" // invalid_sql_statement_name, duplicate_prepared_statement
}

// lost says that a connection turned out to be dead. A new one that cannot be
// made is something else.
func lost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.SeverityUnlocalized == "FATAL" || pg.Severity == "FATAL"
	}
	if pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	fault, ok := errors.AsType[net.Error](err)
	return ok && !fault.Timeout()
}

// unknown says that a part of the layout is not there, or not ours.
func unknown(err error) bool {
	if errors.Is(err, errNoRow) {
		return true
	}
	switch code(err) {
	case "3F000", "42P01", "42703", "42883": // no such schema, table, column, function
		return true
	}
	return false
}

// checkLayout says what is wrong with the layout as a whole.
func (s *Store) checkLayout(ctx context.Context) error {
	version, err := s.layout(ctx)
	switch {
	case err != nil:
		return err
	case version == 0:
		return fmt.Errorf("%w: there is none in the schema %q: run the program's migrate command", pages.ErrLayout, s.schema)
	case version < layoutVersion:
		return fmt.Errorf("%w: the schema %q has version %d, and %d is needed: run the program's migrate command",
			pages.ErrLayout, s.schema, version, layoutVersion)
	case version > layoutVersion:
		return fmt.Errorf("%w: the schema %q has version %d, and this program knows %d: upgrade the program",
			pages.ErrLayout, s.schema, version, layoutVersion)
	}
	return nil
}

func (s *Store) damaged(err error) error {
	return fmt.Errorf("%w: a part of the schema %q is missing (%v): restore it, or drop the schema and run the program's migrate command",
		pages.ErrLayout, s.schema, err)
}

// explain says what was being done, and turns what the server says into the
// contract's errors. Nothing of pgx that carries the configuration, and so the
// password, stays within.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case closed:
		return pages.ErrClosed
	case code(err) == "25006": // read_only_sql_transaction
		err = fmt.Errorf("%w: %s: the location has to lead to the primary, and to a user that may write", pages.ErrReadOnly, message(err))
	case code(err) == "XX001" || code(err) == "XX002": // data_corrupted, index_corrupted
		err = fmt.Errorf("%w: %s", pages.ErrCorrupt, message(err))
	default:
		if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			err = fmt.Errorf("connect: %w", failed.Unwrap())
		} else if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Hint != "" {
			err = fmt.Errorf("%w: %s", err, pg.Hint)
		}
	}
	return fmt.Errorf("postgres %s: %s: %w", s.name, doing, err)
}

func message(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Message
	}
	return err.Error()
}
