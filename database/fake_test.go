// Engines of the tests: a real database, with as little around it as migrations
// need.

package database_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// A fake is a dialect. Its engines keep their outbox in a table of their own.
type fake struct {
	name     string
	unlocked bool         // Lock locks nothing
	changed  func() error // called by Changed
	calls    atomic.Int64 // of Changed
}

func (f *fake) Name() string { return f.name }
func (f *fake) Pools() bool  { return false }

func (f *fake) Open(config database.Config) (database.Engine, error) {
	e := &engine{fake: f, config: config}
	if f.name == "postgresql" {
		c, err := pgx.ParseConfig(config.URL)
		if err != nil {
			return nil, err
		}
		e.connector = stdlib.GetConnector(*c)
	} else {
		e.connector = fileConnector{new(sqlite.Driver), strings.TrimPrefix(config.URL, "sqlite:")}
	}
	e.handle = sql.OpenDB(e.connector)
	return e, nil
}

type fileConnector struct {
	sqlite driver.Driver
	path   string
}

func (c fileConnector) Driver() driver.Driver { return c.sqlite }
func (c fileConnector) Connect(context.Context) (driver.Conn, error) {
	return c.sqlite.Open(c.path + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(wal)&_txlock=immediate")
}

type engine struct {
	dataflow.Outbox // none
	fake            *fake
	config          database.Config
	connector       driver.Connector
	handle          *sql.DB
}

func (e *engine) Connector() driver.Connector         { return e.connector }
func (e *engine) Tag(context.Context) (string, error) { return "db:test", nil }
func (e *engine) Retry(err error) bool                { return strings.Contains(err.Error(), "SQLITE_BUSY") }
func (e *engine) Shown() string                       { return e.fake.name }
func (e *engine) Close() error                        { return e.handle.Close() }
func (e *engine) exec(ctx context.Context, text string) error {
	return justError(e.handle.ExecContext(ctx, text))
}

func justError(_ sql.Result, err error) error { return err }

// Missing has one step for each table.
func (e *engine) Missing(ctx context.Context) (missing []string, err error) {
	for _, t := range e.config.Tables {
		if err := e.exec(ctx, "SELECT 1 FROM "+t.Name+" LIMIT 1"); err != nil {
			return nil, fmt.Errorf("there is no table %s", t.Name)
		}
		if e.exec(ctx, "SELECT 1 FROM watched_"+t.Name+" LIMIT 1") != nil {
			missing = append(missing, "watch "+t.Name)
		}
	}
	return missing, nil
}

func (e *engine) Layout(ctx context.Context) (steps []string, err error) {
	missing, err := e.Missing(ctx)
	for i := range missing {
		_, table, _ := strings.Cut(missing[i], " ")
		if err := e.exec(ctx, "CREATE TABLE watched_"+table+" (n INTEGER)"); err != nil {
			return steps, err
		}
		steps = append(steps, missing[i])
	}
	return steps, err
}

func (e *engine) Changed(context.Context) error {
	if e.fake.changed != nil {
		if err := e.fake.changed(); err != nil {
			return err
		}
	}
	e.fake.calls.Add(1)
	return nil
}

func (e *engine) Lock(ctx context.Context, f func(context.Context) error) error {
	switch {
	case e.fake.unlocked:
		return f(ctx)
	case e.fake.name == "sqlite":
		lock := flock.New(strings.TrimPrefix(e.config.URL, "sqlite:") + ".lock")
		if _, err := lock.TryLockContext(ctx, 1e6); err != nil {
			return err
		}
		return errors.Join(f(ctx), lock.Close())
	}
	conn, err := e.handle.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(7)"); err != nil {
		return err
	}
	return errors.Join(f(ctx), justError(conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7)")))
}

// each runs a test with an empty database of each dialect.
func each(t *testing.T, test func(t *testing.T, f *fake, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, &fake{name: "sqlite"}, "sqlite:"+t.TempDir()+"/db") })
	t.Run("postgresql", func(t *testing.T) { test(t, &fake{name: "postgresql"}, newPostgres(t)) })
}
