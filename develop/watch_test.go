// What the watcher of an app sees.

package develop

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A module that go.work or a replace line takes from a folder is watched as
// the app's own is.
func TestModulesFromFoldersAreWatched(t *testing.T) {
	app, other := t.TempDir(), t.TempDir()
	file := filepath.Join(other, "lib", "lib.go")
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("package lib\n")
	w, err := watch(app)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.include(other); err != nil {
		t.Fatal(err)
	}
	write("package lib // changed\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if changed, err := w.next(ctx, nil); err != nil || !slices.Equal(changed, []string{file}) {
		t.Errorf("changed are %v, %v", changed, err)
	}
}

// What the app writes into its SQLite database is not a change of the app, which
// would start again after each commit.
func TestDatabasesAreNotWatched(t *testing.T) {
	app := t.TempDir()
	w, err := watch(app)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, name := range []string{"shop.db", "shop.db-wal", "shop.db-shm", "shop.db-gorgon_data.lock", "club.sqlite", "club.sqlite3-journal", "db.go"} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if changed, err := w.next(ctx, nil); err != nil || !slices.Equal(changed, []string{filepath.Join(app, "db.go")}) {
		t.Errorf("changed are %v, %v", changed, err)
	}
}
