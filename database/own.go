// Tables of packages, which are not the app's own.

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An Own is what a package keeps in the app's database besides the app's own
// tables, such as sessions.
type Own struct {
	// Name says what it is, in plural: "sessions". It begins the names of the
	// tables.
	Name string

	// Versions are the statements that make each version of the tables out of
	// the one before. A version that was released is never changed, and a later
	// one only adds: programs of the version before use the tables, too.
	Versions []OwnVersion
}

// An OwnVersion is the statements that make one version of tables, in each
// dialect. A name in braces, {sessions}, is the full name of [DB.OwnTable].
// With SQLite, names of indexes are made in the same way; with PostgreSQL, leave
// them out: the server chooses some.
type OwnVersion struct {
	SQLite     []string
	PostgreSQL []string
}

// owns are those of a database.
type owns struct {
	mu   sync.Mutex
	list []Own
}

func (o *owns) all() []Own {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.list)
}

var ownNames = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// reserved are the names of our own tables.
var reserved = []string{"outbox", "changes", "migrations", "own"}

// Own adds tables to those that Migrate makes. Pending and Check report them
// where they are missing or of an older version. It contacts nothing, and is
// called before those, when the program starts; a second call with the same
// Name has no effect. It panics if the Name cannot be one.
func (db *DB) Own(own Own) {
	if !ownNames.MatchString(own.Name) || slices.Contains(reserved, own.Name) {
		panic(fmt.Sprintf("database: %q cannot be the name of tables of a package", own.Name))
	}
	db.owns.mu.Lock()
	defer db.owns.mu.Unlock()
	if !slices.ContainsFunc(db.owns.list, func(o Own) bool { return o.Name == own.Name }) {
		db.owns.list = append(db.owns.list, own)
	}
}

// OwnTable is the full name of a table of a package, in quotes, as statements
// have it: "gorgon_data"."sessions" with PostgreSQL, "gorgon_data_sessions" with
// SQLite.
func (db *DB) OwnTable(name string) string {
	if db.dialect.Name() == PostgreSQL {
		return quoted(db.options.Schema) + "." + quoted(name)
	}
	return quoted(db.options.Schema + "_" + name)
}

// statements are those of a version.
func (v OwnVersion) statements(dialect string) []string {
	if dialect == PostgreSQL {
		return v.PostgreSQL
	}
	return v.SQLite
}

var braces = regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`)

// named puts the full names of tables into a statement.
func named(text string, names func(string) string) string {
	return braces.ReplaceAllStringFunc(text, func(name string) string { return names(strings.Trim(name, "{}")) })
}

// ownVersions are the versions of the tables that are there, by their names. It
// is nil if none are.
func ownVersions(ctx context.Context, db executor, postgres bool, table string) (map[string]int, error) {
	var exists bool
	look := "SELECT to_regclass(" + literal(table) + ") IS NOT NULL"
	if !postgres {
		look = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = " + literal(strings.Trim(table, `"`))
	}
	if err := db.QueryRowContext(ctx, look).Scan(&exists); err != nil {
		return nil, fmt.Errorf("look for the tables of packages: %w", err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, "SELECT name, version FROM "+table)
	if err != nil {
		return nil, fmt.Errorf("read the versions of the tables of packages: %w", err)
	}
	defer rows.Close()
	versions := map[string]int{}
	for rows.Next() {
		var name string
		var version int
		if err := rows.Scan(&name, &version); err != nil {
			return nil, fmt.Errorf("read the versions of the tables of packages: %w", err)
		}
		versions[name] = version
	}
	return versions, rows.Err()
}

// step says what is done to the tables of a package that have a version; "" if
// that is nothing. A newer program may have made a later version.
func (o Own) step(version int) string {
	switch {
	case version >= len(o.Versions):
		return ""
	case version == 0:
		return "make the tables of " + o.Name
	}
	return fmt.Sprintf("bring the tables of %s to version %d", o.Name, len(o.Versions))
}

// lacks says what Migrate would do to the tables of packages.
func (db *DB) lacks(ctx context.Context) (steps []string, err error) {
	all := db.owns.all()
	if len(all) == 0 {
		return nil, nil
	}
	versions, err := ownVersions(ctx, db.handle, db.dialect.Name() == PostgreSQL, db.OwnTable("own"))
	for _, o := range all {
		if step := o.step(versions[o.Name]); step != "" {
			steps = append(steps, step)
		}
	}
	return steps, err
}

// own makes the tables of packages that are missing or of an older version, and
// says what it did.
func (m *migrator) own(ctx context.Context) (steps []string, err error) {
	if len(m.owns) == 0 {
		return nil, nil
	}
	table := m.names("own")
	versions, err := ownVersions(ctx, m.handle, m.postgres, table)
	if err != nil {
		return nil, err
	}
	if versions == nil {
		if err := m.ledger.ensure(ctx, m.handle); err != nil { // it makes the schema
			return nil, err
		}
		if _, err := m.handle.ExecContext(ctx, "CREATE TABLE "+table+" (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"); err != nil {
			return nil, fmt.Errorf("make the record of the tables of packages: %w", err)
		}
	}
	for _, o := range m.owns {
		step := o.step(versions[o.Name])
		if step == "" {
			continue
		}
		if err := m.make(ctx, o, versions[o.Name], table); err != nil {
			return steps, fmt.Errorf("%s: %w", step, err)
		}
		m.log.InfoContext(ctx, "migrated", "step", step)
		steps = append(steps, step)
	}
	return steps, nil
}

// make makes the versions of tables that come after one, all or none.
func (m *migrator) make(ctx context.Context, o Own, version int, table string) (err error) {
	tx, err := m.handle.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	dialect := SQLite
	if m.postgres {
		dialect = PostgreSQL
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", m.patience.Milliseconds())); err != nil {
			return err
		}
	}
	for _, v := range o.Versions[version:] {
		for _, text := range v.statements(dialect) {
			if _, err := tx.ExecContext(ctx, named(text, m.names)); err != nil {
				return err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (name, version) VALUES (%s, %d) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
		table, literal(o.Name), len(o.Versions))); err != nil {
		return err
	}
	return tx.Commit()
}

// ignoreDone leaves out that a transaction has ended.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
