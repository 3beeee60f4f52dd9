// The migrate command of an app with a database.

package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/pages"
)

// A library is an app with a database, whose files tests change.
type library struct {
	*testing.T
	files fstest.MapFS
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range command.Variables() {
		t.Setenv(name, "")
	}
	return &library{t, fstest.MapFS{}}
}

func (l *library) file(name, text string) {
	l.files["migrations/"+name] = &fstest.MapFile{Data: []byte(text)}
}

// run runs one command line, with the database opened for it alone.
func (l *library) run(args ...string) (code int, out, log string) {
	l.Helper()
	db := database.Open(litedb.Dialect, database.Options{URL: "sqlite:library.db", Migrations: l.files})
	app := gorgon.App{Name: "library", Parts: []gorgon.Part{gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("Home") }}}}
	var o, e bytes.Buffer
	code = command.Run(context.Background(), app, command.Config{Database: db, Stores: []pages.Driver{cabinet()}}, args, &o, &e)
	return code, o.String(), e.String()
}

// wants checks a code, and texts of the result and the log.
func (l *library) wants(code int, says string, args ...string) (out string) {
	l.Helper()
	got, out, log := l.run(args...)
	if got != code || !strings.Contains(out+log, says) {
		l.Errorf("%q: exit code %d, want %d and %q:\n%s%s", args, got, code, says, out, log)
	}
	return out
}

func TestMigrateDatabase(t *testing.T) {
	l := newLibrary(t)
	l.file("00001_books.sql", "-- +goose Up\nCREATE TABLE books (id INTEGER PRIMARY KEY);\n-- +goose Down\nDROP TABLE books;\n")
	pending := l.wants(command.Refused, "run 'library migrate'", "migrate", "--pending")
	if !strings.HasPrefix(pending, "to do: 00001_books.sql, ") {
		t.Error(pending)
	}
	l.wants(command.Refused, "", "migrate", "--pending") // it has changed nothing
	l.wants(command.OK, "msg=migrated file=00001_books.sql took=", "migrate")
	if out := l.wants(command.OK, "", "migrate", "--pending"); out != "the database is up to date\n" {
		t.Error(out)
	}
	l.file("00002_wrong.sql", "CREATE TABLE more (id INTEGER PRIMARY KEY);\nINSERT INTO nothing VALUES (1);\n")
	l.wants(command.Failed, "migrations/00002_wrong.sql:2: ", "migrate")
	l.file("00002_wrong.sql", "ALTER TABLE books ADD title TEXT;\n")
	l.wants(command.OK, "done: 00002_wrong.sql\n", "migrate", "--offline")
	l.file("00001_books.sql", "CREATE TABLE books (id INTEGER);")
	for _, args := range [][]string{{"migrate"}, {"migrate", "--pending"}} {
		l.wants(command.Failed, "00001_books.sql was changed after it was applied: restore it", args...)
	}
}

// A failure of one does not hide what was done to the other.
func TestMigrateDatabaseAndStore(t *testing.T) {
	l := newLibrary(t)
	l.file("00001_books.sql", "CREATE TABLE books (id INTEGER PRIMARY KEY);")
	mkdir(t, "there")
	code, out, log := l.run("migrate", "--store", "cabinet:away")
	if code != command.Failed || !strings.HasPrefix(out, "done: 00001_books.sql, ") || !strings.Contains(log, "migrate cabinet:away: connection refused") {
		t.Errorf("exit code %d: %s%s", code, out, log)
	}
	l.file("00002_wrong.sql", "CREATE TABLE books (id INTEGER);")
	code, out, log = l.run("migrate", "--store", "cabinet:there")
	if code != command.Failed || out != "done: 1 drawers\n" || !strings.Contains(log, "migrate the database: migrations/00002_wrong.sql:1: ") {
		t.Errorf("exit code %d: %s%s", code, out, log)
	}
	l.file("00002_wrong.sql", "CREATE TABLE right (id INTEGER);")
	code, out, _ = l.run("migrate", "--pending", "--json", "--store", "cabinet:there")
	want := map[string]any{"pending": []any{}, "database": map[string]any{"pending": []any{"00002_wrong.sql"}}}
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); code != command.Refused || err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("exit code %d, %v: %s", code, err, out)
	}
	code, out, _ = l.run("migrate", "--json", "--store", "cabinet:there")
	want, got = map[string]any{"steps": []any{}, "database": map[string]any{"steps": []any{"00002_wrong.sql"}}}, nil
	if err := json.Unmarshal([]byte(out), &got); code != command.OK || err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("exit code %d, %v: %s", code, err, out)
	}
	mkdir(t, "other")
	if out := l.wants(command.Refused, "1 step to do", "migrate", "--pending", "--store", "cabinet:other"); out != "the database is up to date\nto do: the store's layout\n" {
		t.Error(out)
	}
}

func TestMigrateDown(t *testing.T) {
	l := newLibrary(t)
	l.file("00001_books.sql", "-- +goose Up\nCREATE TABLE books (id INTEGER PRIMARY KEY);\n-- +goose Down\nDROP TABLE books;\n")
	l.wants(command.OK, "", "migrate")
	l.wants(command.Misused, "say so with --development", "migrate", "--down")
	l.wants(command.OK, "", "migrate", "--pending") // nothing was undone
	l.wants(command.OK, "undone: 00001_books.sql\n", "migrate", "--down", "--development")
	l.wants(command.Refused, "to do: 00001_books.sql", "migrate", "--pending")
	l.wants(command.OK, "done: 00001_books.sql\n", "migrate")
	t.Setenv("GORGON_DEV", "1")
	if out := l.wants(command.OK, "", "migrate", "--down", "--json"); out != "{\n  \"undone\": \"00001_books.sql\"\n}\n" {
		t.Error(out)
	}
	l.wants(command.Failed, "there is nothing to undo", "migrate", "--down")
}

func mkdir(t *testing.T, name string) {
	t.Helper()
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
}

// Where the database is appears without its password.
func TestConfigShowsTheDatabase(t *testing.T) {
	l := newLibrary(t)
	t.Setenv("DATABASE_URL", "postgres://app:hunter2@db.internal/library")
	out := l.wants(command.OK, "DATABASE_URL", "config", "--print")
	if !strings.Contains(out, "db.internal") || strings.Contains(out, "hunter2") {
		t.Errorf("it shows\n%s", out)
	}
	t.Setenv("DATABASE_URL", "host=db.internal password=hunter2")
	if out := l.wants(command.OK, "DATABASE_URL", "config", "--print"); strings.Contains(out, "hunter2") {
		t.Errorf("it shows\n%s", out)
	}
}
