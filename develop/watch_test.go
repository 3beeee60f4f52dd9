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

// The app writes to its database all the time, and is not started again for it.
func TestDatabasesAreNotWatched(t *testing.T) {
	app := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w, err := watch(app)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	write("my-app.db", "SQLite format 3\x00 and pages")
	for _, beside := range []string{"-wal", "-shm", "-journal", "-gorgon_data.lock"} {
		write("my-app.db"+beside, beside)
	}
	for _, name := range []string{"SQLite.md", "my-app.md", "app.db-wal"} { // the last one is beside nothing
		write(name, "SQLite format 4")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []string
	for len(all) < 3 {
		changed, err := w.next(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range changed {
			all = append(all, filepath.Base(name))
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, []string{"SQLite.md", "app.db-wal", "my-app.md"}) {
		t.Errorf("changed are %q", all)
	}
}
