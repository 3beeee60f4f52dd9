// Faults, in words that contain no secret.

package pgdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// code returns the SQLSTATE of an error.
func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// explain says what was being done, and what to do about it.
func (e *engine) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	switch code(err) {
	case "3F000", "42P01", "42703": // no such schema, table, column
		err = fmt.Errorf("the outbox in the schema %q is missing or of another version: run the program's migrate command (%w)", e.config.Schema, err)
	case "42501": // insufficient_privilege
		err = fmt.Errorf("%w: the role of the database's URL needs usage on the schema %q, and select and delete on its tables", err, e.config.Schema)
	}
	return fmt.Errorf("database %s: %s: %w", e.shown, doing, e.plain(err))
}

// plain is an error without the configuration, and so the password, that those
// of pgx carry.
func (e *engine) plain(err error) error {
	if err == nil {
		return nil
	}
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("connect to %s: %w", e.shown, refused(failed))
	}
	if c := code(err); (c == "26000" || c == "42P05") && e.pooled.Load() {
		return fmt.Errorf("%w: the proxy between this program and the server does not support statements that are prepared", err)
	}
	return err
}

// refused says why a connection could not be made. The server's words may quote
// the URL, so only those known to contain no secret are passed on.
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
		return fmt.Errorf("the server does not accept the user or the password in the URL, or this machine (SQLSTATE %s)", pg.Code)
	case strings.HasPrefix(pg.Code, "22"), strings.HasPrefix(pg.Code, "42"):
		return fmt.Errorf("the server does not accept a parameter in the URL (SQLSTATE %s)", pg.Code)
	}
	return fmt.Errorf("the server refuses the connection (SQLSTATE %s)", pg.Code)
}

// An outcome is what the tracer says about a statement's error. It is in the
// context of statements whose errors can be replaced.
type outcome struct{ err error }

type outcomeKey struct{}

func withOutcome(ctx context.Context) (context.Context, *outcome) {
	o := new(outcome)
	return context.WithValue(ctx, outcomeKey{}, o), o
}

// replace is the error to return for one of pgx.
func (e *engine) replace(o *outcome, err error) error {
	if err != nil && o.err != nil {
		return o.err
	}
	return e.plain(err)
}
