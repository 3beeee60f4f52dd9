// Package databasetest gives tests that are to hold in every database an empty one of
// each.
package databasetest

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
)

// A Kind is a kind of database: its name, its dialect, and how to make the URL of
// an empty one.
type Kind struct {
	Name    string
	Dialect database.Dialect
	URL     func(t testing.TB) string
}

// SQLite is a file.
var SQLite = Kind{database.SQLite, litedb.Dialect, func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "app.db") }}

// Postgres is a PostgreSQL, with parameters of its URL: "&name=value".
func Postgres(parameters string) Kind {
	return Kind{database.PostgreSQL + strings.ReplaceAll(parameters, "&", " "), pgdb.Dialect, func(t testing.TB) string {
		return pgdbtest.Open(t, database.Options{}).Options().URL + parameters
	}}
}

// Both are the dialects.
func Both() []Kind { return []Kind{SQLite, Postgres("")} }

// Each runs a test with each dialect, and with a PostgreSQL whose transactions are
// serializable by default.
func Each(t *testing.T, test func(t *testing.T, k Kind)) {
	for _, k := range append(Both(), Postgres("&default_transaction_isolation=serializable")) {
		t.Run(k.Name, func(t *testing.T) { test(t, k) })
	}
}

// Open opens a database, which is closed when the test ends.
func (k Kind) Open(t testing.TB, options database.Options) *database.DB {
	t.Helper()
	if options.URL == "" {
		options.URL = k.URL(t)
	}
	db := database.Open(k.Dialect, options)
	db.Use(slog.New(slog.DiscardHandler), false)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Explain is how a database carries a statement out.
func Explain(t testing.TB, db *database.DB, text string, args []any) string {
	t.Helper()
	tx, err := db.SQL().BeginTx(t.Context(), nil)
	Must(t, err)
	defer func() { _ = tx.Rollback() }()
	explain := "EXPLAIN QUERY PLAN "
	if db.Dialect().Name() == database.PostgreSQL {
		explain = "EXPLAIN "
		_, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off") // which small tables are read by
		Must(t, err)
	}
	rows, err := tx.QueryContext(t.Context(), explain+text, args...)
	Must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	Must(t, err)
	var plan []string
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(sql.RawBytes)
		}
		Must(t, rows.Scan(line...))
		raw, _ := line[len(line)-1].(*sql.RawBytes)
		plan = append(plan, string(*raw))
	}
	Must(t, rows.Err())
	return fmt.Sprintf("%s\n%s\n", text, strings.Join(plan, "\n"))
}

// Must ends a test that cannot go on.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
