// Which files can be opened.

package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

func TestDriver(t *testing.T) {
	d := sqlite.Driver()
	if d.Schemes[0] != "sqlite" {
		t.Error(d.Schemes)
	}
	s, err := d.Open(t.Context(), newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadLocations(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for location, says := range map[string]string{
		"":                   "no file is named",
		":memory:":           "not a plain path",
		"file:x?mode=memory": "not a plain path",
		"~/pages.db":         "begins with ~", "//u:p@h/x": "a URL", "u:hunter2@h": "not a plain path", "host=h password=hunter2": "not a plain path",
		"a\x00b":                        "not a plain path",
		dir:                             "a folder",
		dir + "/new/":                   "a folder",
		dir + "/missing/pages.db":       "its folder does not exist: create it",
		filepath.Join(file, "pages.db"): "not a directory",
		file:                            "not a SQLite database",
	} {
		s, err := sqlite.Driver().Open(t.Context(), location)
		if err == nil || s != nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "open sqlite: ") {
			t.Errorf("%q gave %v, %v", location, s, err)
		}
	}
}

// A path may have every character that a file's name may have.
func TestOddNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "ä.db", "50%.db", "50%25.db", "what?mode=ro", "a#b", "a&b=c;d"} {
		s := open(t, filepath.Join(dir, name), sqlite.Options{})
		put(t, s, key("/"), name)
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// alter runs SQL on a file, as another program would.
func alter(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout=10000;"+script); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFiles(t *testing.T) {
	for script, says := range map[string]string{
		"CREATE TABLE theirs (x)":    "another program",
		"PRAGMA user_version=7":      "another program",
		"PRAGMA application_id=1234": "another program",
	} {
		path := newPath(t)
		alter(t, path, script)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gave %v, %v", script, s, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the file was changed, %v", script, err)
		}
	}
}

func TestNewerLayout(t *testing.T) {
	path := newPath(t)
	if err := open(t, path, sqlite.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, path, "PRAGMA user_version=99")
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if !errors.Is(err, pages.ErrLayout) || !strings.Contains(err.Error(), "layout 99") {
		t.Errorf("a newer layout gave %v", err)
	}
}

// An empty file is a new one.
func TestEmptyFile(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, path, sqlite.Options{}), key("/"), "new")
}

// A process that has the file open gets an error when the file is gone, instead
// of continuing with a file that no other process sees; and it continues when
// the file is back.
func TestRemovedWhileOpen(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	put(t, s, key("/"), "old")
	move := func(from, to string) {
		for _, end := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(from+end, to+end); err != nil {
				t.Fatal(err)
			}
		}
	}
	becomes := func(what string, want func(err error) bool) {
		var err error
		for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
			if _, err = s.Get(t.Context(), key("/")); want(err) {
				return
			}
		}
		t.Fatalf("%s: the last answer was %v", what, err)
	}
	move(path, path+".moved")
	becomes("removed", func(err error) bool { return err != nil && strings.Contains(err.Error(), "removed or replaced") })
	if err := s.Put(t.Context(), pages.Record{Key: key("/")}, pages.Unfenced); err == nil {
		t.Error("put wrote to a file that is gone")
	}
	move(path+".moved", path)
	becomes("back", func(err error) bool { return err == nil })
}
