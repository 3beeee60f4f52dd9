// The table of applied files, as goose uses it.

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/pressly/goose/v3/database"

	"github.com/gorgon-go/gorgon/database/migration"
)

// A ledger is the table of applied files. A row is written by the transaction
// that applies its file. The row 0, which goose wants, stands for what the
// tables need besides files.
//
// The column purged is 0 from when a file is applied until what was read before
// is declared out of date.
type ledger struct {
	postgres bool
	schema   string // quoted; "" with SQLite
	table    string // quoted, with its schema
	files    map[int64]migration.File
	release  string
}

// An executor is a *sql.DB, *sql.Tx or *sql.Conn.
type executor = database.DBTxConn

func newLedger(dialect, schema string, files []migration.File) *ledger {
	l := &ledger{postgres: dialect == migration.PostgreSQL, files: map[int64]migration.File{}, release: release()}
	if l.table = quoted(schema + "_migrations"); l.postgres {
		l.schema = quoted(schema)
		l.table = l.schema + "." + quoted("migrations")
	}
	for _, f := range files {
		l.files[f.Version] = f
	}
	return l
}

// release is what the program was built from, as far as it knows.
func release() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), 12)]
		}
	}
	if info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal is a text in SQL.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func (l *ledger) now() string {
	if l.postgres {
		return "now()"
	}
	return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
}

// Tablename is the table's name.
func (l *ledger) Tablename() string { return l.table }

// TableExists says whether the table is there.
func (l *ledger) TableExists(ctx context.Context, db executor) (exists bool, err error) {
	query := "SELECT to_regclass(" + literal(l.table) + ") IS NOT NULL"
	if !l.postgres {
		query = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = " + literal(strings.Trim(l.table, `"`))
	}
	if err = db.QueryRowContext(ctx, query).Scan(&exists); err != nil {
		err = fmt.Errorf("look for the record of migrations: %w", err)
	}
	return exists, err
}

// CreateVersionTable makes the table.
func (l *ledger) CreateVersionTable(ctx context.Context, db executor) error {
	if l.postgres {
		var exists bool // who has no right to create schemas may use one
		if err := db.QueryRowContext(ctx, "SELECT to_regnamespace("+literal(l.schema)+") IS NOT NULL").Scan(&exists); err != nil {
			return err
		}
		if !exists {
			if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+l.schema); err != nil {
				return err
			}
		}
	}
	number, moment := "INTEGER", "TEXT"
	if l.postgres {
		number, moment = "BIGINT", "TIMESTAMPTZ"
	}
	_, err := db.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s (
	version %s PRIMARY KEY, file TEXT NOT NULL, sum TEXT NOT NULL, kind TEXT NOT NULL, release TEXT NOT NULL,
	began %s NOT NULL, applied %s, purged INTEGER NOT NULL)`, l.table, number, moment, moment))
	return err
}

// ensure makes the table, with its row 0, unless it is there.
func (l *ledger) ensure(ctx context.Context, db *sql.DB) error {
	if exists, err := l.TableExists(ctx, db); err != nil || exists {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		err = l.CreateVersionTable(ctx, tx)
		if err == nil {
			err = l.write(ctx, tx, migration.File{}, true)
		}
		if err == nil {
			return tx.Commit()
		}
		err = errors.Join(err, tx.Rollback())
	}
	return fmt.Errorf("make the record of migrations: %w", err)
}

// write writes a file's row: that it is applied, or that it has begun.
func (l *ledger) write(ctx context.Context, db executor, f migration.File, applied bool) error {
	ended := "NULL"
	if applied {
		ended = l.now()
	}
	_, err := db.ExecContext(ctx, fmt.Sprintf(`INSERT INTO %[1]s (version, file, sum, kind, release, began, applied, purged)
	VALUES (%[2]d, %[3]s, %[4]s, %[5]s, %[6]s, %[7]s, %[8]s, %[9]d)
	ON CONFLICT (version) DO UPDATE SET file = excluded.file, sum = excluded.sum, kind = excluded.kind, release = excluded.release, applied = excluded.applied`,
		l.table, f.Version, literal(f.Name), literal(f.Sum), literal(string(f.Kind)), literal(l.release), l.now(), ended, b2i(f.Version == 0)))
	if err != nil {
		return fmt.Errorf("record %s: %w", f.Name, err)
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Insert records that a file is applied.
func (l *ledger) Insert(ctx context.Context, db executor, r database.InsertRequest) error {
	return l.write(ctx, db, l.files[r.Version], true)
}

// Delete records that a file is undone.
func (l *ledger) Delete(ctx context.Context, db executor, version int64) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE version = %d", l.table, version))
	return err
}

// GetMigration says whether a file is applied.
func (l *ledger) GetMigration(ctx context.Context, db executor, version int64) (*database.GetMigrationResult, error) {
	var n int
	err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE version = %d AND applied IS NOT NULL", l.table, version)).Scan(&n)
	if err == nil && n == 0 {
		err = database.ErrVersionNotFound
	}
	if err != nil {
		return nil, err
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

// GetLatestVersion is the number of the newest file that is applied.
func (l *ledger) GetLatestVersion(ctx context.Context, db executor) (version int64, err error) {
	err = db.QueryRowContext(ctx, fmt.Sprintf("SELECT coalesce(max(version), 0) FROM %s WHERE applied IS NOT NULL", l.table)).Scan(&version)
	return version, err
}

// ListMigrations lists what is applied, the newest first.
func (l *ledger) ListMigrations(ctx context.Context, db executor) ([]*database.ListMigrationsResult, error) {
	records, err := l.list(ctx, db)
	all := []*database.ListMigrationsResult{{Version: 0, IsApplied: true}}
	for _, r := range records {
		if r.applied {
			all = append([]*database.ListMigrationsResult{{Version: r.version, IsApplied: true}}, all...)
		}
	}
	return all, err
}

// list lists the records in the order of their numbers; none if there is no
// table.
func (l *ledger) list(ctx context.Context, db executor) ([]record, error) {
	if exists, err := l.TableExists(ctx, db); err != nil || !exists {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, "SELECT version, file, sum, kind, release, applied IS NOT NULL FROM "+l.table+" WHERE version > 0 ORDER BY version")
	if err != nil {
		return nil, fmt.Errorf("read the record of migrations: %w", err)
	}
	defer rows.Close()
	var all []record
	for rows.Next() {
		var r record
		if err := rows.Scan(&r.version, &r.file, &r.sum, &r.kind, &r.release, &r.applied); err != nil {
			return nil, fmt.Errorf("read the record of migrations: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// owe records that a purge has to follow.
func (l *ledger) owe(ctx context.Context, db executor) error {
	_, err := db.ExecContext(ctx, "UPDATE "+l.table+" SET purged = 0 WHERE version = 0")
	return err
}

// owed says whether a purge has to follow.
func (l *ledger) owed(ctx context.Context, db executor) (owed bool, err error) {
	if exists, err := l.TableExists(ctx, db); err != nil || !exists {
		return false, err
	}
	err = db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM "+l.table+" WHERE purged = 0 AND applied IS NOT NULL").Scan(&owed)
	return owed, err
}

// paid records that it has been made.
func (l *ledger) paid(ctx context.Context, db executor) error {
	_, err := db.ExecContext(ctx, "UPDATE "+l.table+" SET purged = 1 WHERE purged = 0 AND applied IS NOT NULL")
	return err
}
