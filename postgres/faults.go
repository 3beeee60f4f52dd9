// Faults: which are worth a second try, and how to report them.

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/gorgon-go/gorgon/pages"
)

// code returns the SQLSTATE of an error.
func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// unprepared says that a statement did not run because it was prepared on
// another connection of a proxy.
func unprepared(err error) bool {
	c := code(err)
	return c == "26000" || c == "42P05" // invalid_sql_statement_name, duplicate_prepared_statement
}

// lost says that a connection turned out to be dead. A new connection that
// cannot be made is another matter.
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

// unknown says that a part of the layout is missing, or not ours.
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

// checkLayout says what is wrong with the layout as a whole, or that the store
// belongs to another owner.
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
	case s.sql().of == "":
		return nil
	}
	var owner []byte
	if err := s.pool.QueryRow(ctx, s.sql().owner, s.queryMode()).Scan(&owner); err != nil {
		return err
	}
	if owner != nil && string(owner) != s.sql().of {
		return &pages.ForeignError{Owner: string(owner)}
	}
	return nil
}

func (s *Store) damaged(err error) error {
	return fmt.Errorf("%w: a part of the schema %q is missing (%v): restore it, or drop the schema and run the program's migrate command",
		pages.ErrLayout, s.schema, err)
}

// explain says what was being done, and translates the server's errors into
// those of the contract. It keeps no error of pgx that carries the
// configuration, and so the password.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case s.life.Closed():
		return pages.ErrClosed
	case code(err) == "25006": // read_only_sql_transaction
		err = fmt.Errorf("%w: %s: the location must lead to the primary, and to a user that may write", pages.ErrReadOnly, message(err))
	case code(err) == "XX001" || code(err) == "XX002": // data_corrupted, index_corrupted
		err = fmt.Errorf("%w: %s", pages.ErrCorrupt, message(err))
	default:
		if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			err = fmt.Errorf("connect: %w", refused(failed))
		} else if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Hint != "" {
			err = fmt.Errorf("%w: %s", err, pg.Hint)
		}
	}
	return fmt.Errorf("postgres %s: %s: %w", s.name, doing, err)
}

// refused says why a connection could not be made. The server's words may quote
// the location, so only those known to contain no secret are passed on.
func refused(failed *pgconn.ConnectError) error {
	err := failed.Unwrap()
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch {
	case pg.Code == "3D000", strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57P"): // no such database, no resources, shutdown
		return err
	case strings.HasPrefix(pg.Code, "28"):
		return fmt.Errorf("the server does not accept the user or the password in the location, or this machine (SQLSTATE %s)", pg.Code)
	case strings.HasPrefix(pg.Code, "22"), strings.HasPrefix(pg.Code, "42"):
		return fmt.Errorf("the server does not accept a parameter in the location (SQLSTATE %s)", pg.Code)
	}
	return fmt.Errorf("the server refuses the connection (SQLSTATE %s)", pg.Code)
}

func message(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Message
	}
	return err.Error()
}
