// URLs and files.

package litedb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
)

func TestURL(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, path, fault string }{
		{"sqlite:shop.db", here + "/shop.db", ""},
		{"sqlite:data/shop.db", here + "/data/shop.db", ""},
		{"sqlite:./data/../shop.db", here + "/shop.db", ""},
		{"file:shop.db", here + "/shop.db", ""},
		{"shop.db", here + "/shop.db", ""},
		{"/var/lib/shop.db", "/var/lib/shop.db", ""},
		{"sqlite:/var/lib/shop.db", "/var/lib/shop.db", ""},
		{"sqlite:///var/lib/shop.db", "/var/lib/shop.db", ""},
		{"file:///var/lib/my%20shop.db", "/var/lib/my shop.db", ""},
		{"/var/lib/my%20shop.db", "/var/lib/my%20shop.db", ""},
		{"sqlite:shop.db?sync=full", here + "/shop.db", ""},
		{"sqlite:shop.db?sync=normal", here + "/shop.db", ""},
		{"sqlite:shop.db?sync=off", "", "sync"},
		{"sqlite:shop.db?sync=full&sync=full", "", "sync"},
		{"sqlite:shop.db?_pragma=foreign_keys(0)", "", "_pragma"},
		{"sqlite:shop.db?%zz", "", "parameters"},
		{"sqlite:%zz", "", "escape"},
		{"sqlite://data/shop.db", "", "no host"},
		{"sqlite:", "", "no path"},
		{"sqlite::memory:", "", "memory"},
		{":memory:", "", "memory"},
		{"file:a?mode=memory", "", "mode"},
		{"sqlite:a\x00b", "", "zero byte"},
		{"postgres://shop:secret@db/shop", "", "(DATABASE_URL) is that of a PostgreSQL database, and the program's source opens SQLite"},
		{"POSTGRESQL://shop:secret@db/shop", "", "is that of a PostgreSQL database"},
		{"host=db user=shop password=secret", "", "is that of a PostgreSQL database"},
		{"mysql:secret", "", "is that of another kind of database than SQLite"},
		{"redis://:secret@store", "", "is that of another kind of database than SQLite"},
	} {
		config := configOf(c.url, nil)
		engine, err := litedb.Dialect.Open(config)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q gave %v", c.url, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q gave %v", c.url, err)
			continue
		}
		if got := engine.Shown(); got != "sqlite:"+filepath.FromSlash(c.path) {
			t.Errorf("%q is %q", c.url, got)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
	if list, _ := os.ReadDir("."); len(list) > 0 {
		t.Errorf("to open made %v", list)
	}
}

func TestSettings(t *testing.T) {
	for parameter, sync := range map[string]string{"": "1", "?sync=full": "2"} {
		b := openAt(t, "sqlite:"+filepath.ToSlash(t.TempDir())+"/a%23%3fb%25.db"+parameter, nil)
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": sync, "foreign_keys": "1", "recursive_triggers": "1", "busy_timeout": "30000"} {
			var got string
			if err := b.sql.QueryRow("pragma " + pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, %v", pragma, got, err)
			}
		}
		if info, err := os.Stat(b.path()); err != nil || filepath.Base(b.path()) != "a#?b%.db" || info.IsDir() {
			t.Errorf("%s: %v", b.path(), err)
		}
	}
}

func TestFileFaults(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database. ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, fault := range map[string]string{
		dir + "/none/shop.db": "create the folder " + dir + "/none",
		dir:                   "not a file",
		text + "/shop.db":     "not a",
		text:                  "not a SQLite database",
	} {
		b := openAt(t, path, nil)
		if err := b.sql.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), fault) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := b.Missing(t.Context()); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(dir + "/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	b := openAt(t, dir+"/new.db", nil)
	if _, err := b.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "run the migrate command") {
		t.Errorf("a look before the layout gave %v", err)
	}
	if err := b.Changed(t.Context()); err == nil || !strings.Contains(err.Error(), "run the migrate command") {
		t.Errorf("a change before the layout gave %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.Look(t.Context()); !errors.Is(err, database.ErrClosed) {
		t.Errorf("a look after the end gave %v", err)
	}
}

// What does not fit is said with its name.
func TestDeclarations(t *testing.T) {
	b := openShop(t)
	for _, c := range []struct {
		table database.Table
		fault string
	}{
		{database.Table{Name: "none"}, "table none, in Options.Tables, does not exist"},
		{database.Table{Name: "cheap"}, "cheap, in Options.Tables, is a view"},
		{database.Table{Name: "papers"}, "papers, in Options.Tables, is a virtual table"},
		{database.Table{Name: "products", Key: "isbn"}, "table products has no column isbn"},
		{database.Table{Name: "loose", Key: "a"}, "neither integer, text nor uuid"},
		{database.Table{Name: "products", Ignore: []string{"hits"}}, "table products has no column hits"},
		{database.Table{Name: "products", Ignore: []string{"id"}}, "is its key and in its Ignore"},
		{database.Table{Name: "products", Key: "author"}, ""},
		{database.Table{Name: "PRODUCTS", Key: "ID"}, ""},
	} {
		other := openAt(t, b.path(), nil, c.table)
		_, err := other.Missing(t.Context())
		if c.fault == "" && err == nil {
			_, err = other.Layout(t.Context())
		}
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%+v gave %v", c.table, err)
		}
	}
	for _, tables := range [][]database.Table{{{}}, {{Name: "a"}, {Name: "A"}}} {
		if _, err := litedb.Dialect.Open(configOf("a.db", tables)); err == nil {
			t.Errorf("%+v gave no error", tables)
		}
	}
	config := configOf("a.db", nil)
	config.Schema = "a; drop"
	if _, err := litedb.Dialect.Open(config); err == nil || !strings.Contains(err.Error(), "Options.Schema") {
		t.Error(err)
	}
}

// A schema change purges everything, once.
func TestChanged(t *testing.T) {
	b := openShop(t)
	for range 2 {
		if err := b.Changed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.drain(); len(got) != 1 || got[0] != "db:main" || b.commits.Load() != 2 {
		t.Error(got, b.commits.Load())
	}
	if tag, err := b.Tag(t.Context()); tag != "db:main" || err != nil {
		t.Error(tag, err)
	}
}
