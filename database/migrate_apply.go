// Applying one file, by goose.

package database

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/gorgon-go/gorgon/database/migration"
)

// A migrator is one run. It opens the database for itself: its statements may
// take as long as they do, and nothing of them is left in connections that
// serve.
type migrator struct {
	engine   Engine
	handle   *sql.DB
	postgres bool
	files    []migration.File
	ledger   *ledger
	owns     []Own
	names    func(string) string // [DB.OwnTable]
	goose    *goose.Provider     // nil without files
	log      *slog.Logger
	strict   bool
	patience time.Duration // Options.LockTimeout
}

func (db *DB) migrator() (*migrator, error) {
	files, err := migration.Read(db.options.Migrations, db.dialect.Name())
	if err != nil {
		return nil, err
	}
	o := &db.opening
	o.mu.Lock()
	log, strict := o.log, o.strict
	o.mu.Unlock()
	if log == nil {
		log = slog.Default()
	}
	options := db.options
	if options.URL = cmp.Or(options.URL, os.Getenv(Variable)); options.URL == "" {
		return nil, ErrNoURL
	}
	options.Timeout, options.Slow = -1, -1
	engine, err := db.dialect.Open(Config{Options: options, Log: log})
	if err != nil {
		return nil, err
	}
	m := &migrator{
		engine: engine, postgres: db.dialect.Name() == migration.PostgreSQL, files: files, log: log, strict: strict, patience: options.LockTimeout,
		ledger: newLedger(db.dialect.Name(), options.Schema, files), owns: db.owns.all(), names: db.OwnTable,
	}
	m.handle = sql.OpenDB(migratorConnector{engine.Connector(), m.postgres})
	if db.dialect.Pools() {
		m.handle.SetMaxIdleConns(-1)
	}
	if len(files) > 0 {
		if m.goose, err = m.provider(); err != nil {
			return nil, errors.Join(err, m.close())
		}
	}
	return m, nil
}

func (m *migrator) close() error { return errors.Join(m.handle.Close(), m.engine.Close()) }

// migratorConnector connects for migrations. With SQLite, a table can be
// replaced by another one only while foreign keys are not enforced; they are
// checked at the end of each file.
type migratorConnector struct {
	driver.Connector
	postgres bool
}

func (c migratorConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil || c.postgres {
		return conn, err
	}
	e, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the connection cannot execute statements"), conn.Close())
	}
	if _, err := e.ExecContext(ctx, "PRAGMA foreign_keys = OFF", nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// provider is goose, with the files as functions: it begins and ends their
// transactions, and records them in the ledger. The statements are those that
// package migration has read, so that a fault has the line of its statement.
func (m *migrator) provider() (*goose.Provider, error) {
	var all []*goose.Migration
	for _, f := range m.files {
		all = append(all, goose.NewGoMigration(f.Version, &goose.GoFunc{RunTx: m.statements(f, f.Up)}, &goose.GoFunc{RunTx: m.statements(f, f.Down)}))
	}
	return goose.NewProvider(goose.DialectCustom, m.handle, nil, goose.WithStore(m.ledger), goose.WithGoMigrations(all...),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// lockTries is how often a file is tried while others hold the locks it needs.
const lockTries = 5

// apply applies one file. Begun is its record, if it began and did not end.
func (m *migrator) apply(ctx context.Context, f migration.File, begun record) (err error) {
	if f.Bare {
		return m.explain(f, m.bare(ctx, f, begun))
	}
	for try := 1; ; try++ {
		_, err = m.goose.ApplyVersion(ctx, f.Version, true)
		if err == nil || try == lockTries || ctx.Err() != nil || !m.engine.Retry(err) && state(err) != lockNotAvailable {
			break
		}
		m.log.WarnContext(ctx, "a migration waits for others", "file", f.Name, "try", try, "cause", safe(err))
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 200 * time.Millisecond): // lets those through that queued after it
		}
	}
	return m.explain(f, err)
}

// undo undoes one file.
func (m *migrator) undo(ctx context.Context, f migration.File) error {
	_, err := m.goose.ApplyVersion(ctx, f.Version, false)
	return m.explain(f, err)
}

// A stop is where a file has failed.
type stop struct {
	line int
	err  error
}

func (s *stop) Error() string { return s.err.Error() }
func (s *stop) Unwrap() error { return s.err }

// statements executes the statements of a file in its transaction.
func (m *migrator) statements(f migration.File, list []migration.Statement) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if m.postgres {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", m.patience.Milliseconds())); err != nil {
				return err
			}
		}
		for _, s := range list {
			if _, err := tx.ExecContext(ctx, s.Text); err != nil {
				return &stop{s.Line, err}
			}
		}
		if m.postgres { // what a file has set is not for who has the connection after it
			_, err := tx.ExecContext(ctx, "RESET ALL")
			return err
		}
		return foreignKeys(ctx, tx)
	}
}

// foreignKeys says which rows refer to others that are not there.
func foreignKeys(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	var table, parent string
	var row, key any
	if err := rows.Scan(&table, &row, &parent, &key); err != nil {
		return err
	}
	return fmt.Errorf("rows of %s would refer to rows of %s that are not there", table, parent)
}

// bare applies a file that is not in a transaction. That it has begun is recorded
// before, so that what a killed process left is found.
func (m *migrator) bare(ctx context.Context, f migration.File, begun record) error {
	done, err := m.resume(ctx, f, begun)
	if err != nil {
		return err
	}
	if !done {
		if err := m.ledger.write(ctx, m.handle, f, false); err != nil {
			return err
		}
		if _, err := m.handle.ExecContext(ctx, f.Up[0].Text); err != nil {
			return &stop{f.Up[0].Line, err}
		}
	}
	return m.ledger.write(ctx, m.handle, f, true)
}

// resume says whether all is done of a file that began and did not end. An index
// that was not completed is removed.
func (m *migrator) resume(ctx context.Context, f migration.File, begun record) (done bool, err error) {
	index := f.Index()
	if index == "" || begun.version == 0 {
		return false, nil
	}
	var exists, valid bool
	err = m.handle.QueryRowContext(ctx, "SELECT count(*) > 0, coalesce(bool_and(indisvalid), false) FROM pg_index WHERE indexrelid = to_regclass("+literal(index)+")").Scan(&exists, &valid)
	switch {
	case err != nil:
		return false, err
	case exists && valid:
		return begun.sum == f.Sum, nil
	case exists:
		m.log.WarnContext(ctx, "an index that was not completed is made again", "file", f.Name, "index", index)
		_, err = m.handle.ExecContext(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+index)
	}
	return false, err
}

// lockNotAvailable is the SQLSTATE of a lock that was waited for too long.
const lockNotAvailable = "55P03"

// state is the SQLSTATE of a fault; "" if it has none.
func state(err error) string {
	if s, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return s.SQLState()
	}
	return ""
}

// explain names the file and line of a fault.
func (m *migrator) explain(f migration.File, err error) error {
	if err == nil {
		return nil
	}
	at := f.Path
	if s, ok := errors.AsType[*stop](err); ok {
		at = fmt.Sprintf("%s:%d", f.Path, s.line)
		err = s.err
	}
	hint := "nothing of this file is applied: correct it, and migrate again"
	switch {
	case state(err) == lockNotAvailable:
		hint = fmt.Sprintf("other transactions held a lock that it needs for longer than %s, %d times, and nothing of it is applied: migrate again in a quiet moment, or end the long transactions", m.patience, lockTries)
	case f.Bare:
		hint = "the file is not in a transaction: correct it, and migrate again; an index that it has not completed is then made again"
	}
	return fmt.Errorf("%s: %w: %s", at, &shown{err}, hint)
}

// A shown is a fault without the values of rows.
type shown struct{ err error }

func (s *shown) Error() string { return safe(s.err) }
func (s *shown) Unwrap() error { return s.err }

// safe is the text of a fault without values. Faults of data, of SQLSTATE class
// 22, quote them.
func safe(err error) string {
	text := err.Error()
	if strings.HasPrefix(state(err), "22") {
		if before, _, ok := strings.Cut(text, `: "`); ok {
			return before + " (SQLSTATE " + state(err) + ")"
		}
	}
	return text
}
