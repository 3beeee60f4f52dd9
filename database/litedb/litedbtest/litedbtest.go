// Package litedbtest gives each test a SQLite database of its own.
//
//	func TestPrice(t *testing.T) {
//		t.Parallel()
//		db := litedbtest.Open(t, options)
//		site := gorgontest.Options{Database: db}.Open(t, app(db))
//		…
//	}
//
// The migrations run once for all tests of a process; each test has a copy of
// the result, in a file that is deleted when it ends. Tests can run in parallel.
package litedbtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/template"
)

// files are templates: the bytes of database files.
var files template.Store[[]byte]

// Open opens a new database with an app's options, migrated. It is closed and
// deleted when the test ends. The URL of the options has no effect.
func Open(t testing.TB, options database.Options) *database.DB {
	t.Helper()
	name, err := template.Name(options)
	if err != nil {
		t.Fatalf("litedbtest: the migrations cannot be read: %v", err)
	}
	file, err := files.Get(name, func() ([]byte, error) { return migrated(options) })
	if err != nil {
		t.Fatalf("litedbtest: %v", err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatalf("litedbtest: %v", err)
	}
	options.URL = "sqlite:" + path
	db := database.Open(litedb.Dialect, options)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrated makes a template.
func migrated(options database.Options) (_ []byte, err error) {
	folder, err := os.MkdirTemp("", "litedbtest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "template.db")
	options.URL = "sqlite:" + path
	db := database.Open(litedb.Dialect, options)
	if _, err := db.MigrateOffline(context.Background()); err != nil {
		_ = db.Close()
		return nil, err
	}
	// What the migrations changed is news to no test. All is brought from the log
	// to the file.
	for _, text := range []string{`delete from "` + db.Options().Schema + `_outbox"`, "pragma wal_checkpoint(truncate)"} {
		if _, err := db.SQL().Exec(text); err != nil {
			_ = db.Close()
			return nil, err
		}
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
