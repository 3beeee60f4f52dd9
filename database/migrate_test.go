// What migrations refuse, and what they leave.

package database_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/testbed"
)

// files makes a file system of names and texts.
func files(texts ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i := 0; i < len(texts); i += 2 {
		all["migrations/"+texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1])}
	}
	return all
}

// A site is a database that is migrated again and again, by programs with other
// files.
type site struct {
	*testing.T
	fake *fake
	url  string
}

// with is a program with files.
func (s site) with(files fs.FS, tables ...string) *database.DB {
	db := newDB(s.fake, s.url, files, tables...)
	s.Cleanup(func() { _ = db.Close() })
	return db
}

// migrates wants files to be applied.
func (s site) migrates(db *database.DB, want ...string) {
	s.Helper()
	steps, err := db.Migrate(s.Context())
	got := slices.DeleteFunc(steps, func(step string) bool { return !strings.HasSuffix(step, ".sql") })
	if err != nil || cmp.Diff(want, got) != "" && len(want)+len(got) > 0 {
		s.Errorf("applied %q, want %q, %v", got, want, err)
	}
}

// refuses wants an error with texts, and nothing to be done.
func (s site) refuses(err error, texts ...string) {
	s.Helper()
	if err == nil {
		s.Errorf("it is not refused, want %q", texts)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			s.Errorf("%q does not say %q", err, text)
		}
	}
}

func migrated(db *database.DB, ctx context.Context) error { _, err := db.Migrate(ctx); return err }
func pending(db *database.DB, ctx context.Context) error  { _, err := db.Pending(ctx); return err }

const products = "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, subtitle TEXT);\n"

// What does not fit together is refused by name, by everything that looks, and
// nothing is applied.
func TestMigrateRefuses(t *testing.T) {
	applied := files("00001_products.sql", products, "00002_prices.sql", "CREATE TABLE prices (id INTEGER);\n", "00004_stock.sql", "CREATE TABLE stock (id INTEGER);\n")
	change := func(texts ...string) fstest.MapFS {
		now := files(texts...)
		for name, file := range applied {
			if now[name] == nil {
				now[name] = file
			}
		}
		return now
	}
	without := func(names ...string) fstest.MapFS {
		now := change("00005_new.sql", "CREATE TABLE new (id INTEGER);")
		for _, name := range names {
			delete(now, "migrations/"+name)
		}
		return now
	}
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		s.migrates(s.with(applied), "00001_products.sql", "00002_prices.sql", "00004_stock.sql")
		for name, test := range map[string]struct {
			files fstest.MapFS
			says  string
		}{
			"changed":      {change("00002_prices.sql", "CREATE TABLE prices (id INTEGER, more INTEGER);\n", "00005_new.sql", "CREATE TABLE new (id INTEGER);"), "00002_prices.sql was changed after it was applied: restore it, and make a new file for the change"},
			"missing":      {without("00002_prices.sql"), "00002_prices.sql was applied and is missing: restore it"},
			"out of order": {change("00003_late.sql", "SELECT 1;"), "00003_late.sql is new, and 00004_stock.sql with a higher number is applied: give 00003_late.sql the next number"},
			"replaced": {func() fstest.MapFS {
				m := without("00002_prices.sql")
				m["migrations/00002_other.sql"] = &fstest.MapFile{Data: []byte("SELECT 1;")}
				return m
			}(), "00002_prices.sql was applied, and 00002_other.sql has its number"},
			"twice":       {change("00004_more.sql", "SELECT 1;"), "00004_more.sql and 00004_stock.sql have the same number"},
			"two folders": {func() fstest.MapFS { m := change(); m["other/00006_a.sql"] = &fstest.MapFile{}; return m }(), "here in two"},
			"unreadable":  {change("00005_new.sql", "SELECT 'a"), "migrations/00005_new.sql:1: a string"},
		} {
			db := s.with(test.files)
			for _, err := range []error{migrated(db, t.Context()), pending(db, t.Context()), db.Check(t.Context())} {
				t.Run(name, func(t *testing.T) { site{t, f, url}.refuses(err, test.says) })
			}
			if exists(t, db, "new") {
				t.Errorf("%s: a file was applied", name)
			}
		}
		// The same text with the line endings of another system is the same file,
		// whatever it is called.
		same := change("00002_prices.sql", "\ufeffCREATE TABLE prices (id INTEGER);  \r\n\r\n")
		same["migrations/00004_stocks.sql"] = same["migrations/00004_stock.sql"]
		delete(same, "migrations/00004_stock.sql")
		s.migrates(s.with(same))
	})
}

// A program works with a database that a newer one has migrated if that only
// added; where it removed, the program does not start, and one that serves goes
// on.
func TestMigrateNewer(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		old := files("00001_products.sql", products)
		newer := files("00001_products.sql", products, "00002_title.sql", "ALTER TABLE products ADD title TEXT;")
		newest := files("00001_products.sql", products, "00002_title.sql", "ALTER TABLE products ADD title TEXT;", "00003_subtitle.sql", "-- gorgon: contract products.subtitle\nALTER TABLE products DROP COLUMN subtitle;")
		s.migrates(s.with(newer), "00001_products.sql", "00002_title.sql")
		serving := s.with(old)
		s.migrates(serving)
		if err := serving.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.with(newest).Check(t.Context()); err != nil {
			t.Errorf("a program is not ready before its contract: %v", err)
		}
		s.migrates(s.with(newest), "00003_subtitle.sql")
		for _, db := range []*database.DB{s.with(old), s.with(newer), s.with(nil)} {
			for _, err := range []error{migrated(db, t.Context()), pending(db, t.Context()), db.Check(t.Context())} {
				s.refuses(err, "the database is newer than this program: 00003_subtitle.sql")
			}
		}
		if err := serving.Check(t.Context()); err != nil {
			t.Errorf("a program that serves is stopped: %v", err)
		}
	})
}

// A contract is applied after the release that works without what it removes.
func TestMigrateContract(t *testing.T) {
	const contract = "-- gorgon: contract products.subtitle\nALTER TABLE products DROP COLUMN subtitle;"
	all := files("00001_products.sql", products, "00002_title.sql", "ALTER TABLE products ADD title TEXT;", "00003_subtitle.sql", contract)
	first := files("00001_products.sql", products)
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		s.migrates(s.with(all), "00001_products.sql", "00002_title.sql", "00003_subtitle.sql") // a new database
		again := func() site { return site{t, f, newURL(t, f.Name())} }

		s = again()
		s.migrates(s.with(first), "00001_products.sql")
		s.refuses(migrated(s.with(all), t.Context()), "00003_subtitle.sql removes products.subtitle, and 00002_title.sql before it is not applied", "--offline")
		if due, err := s.with(all).Pending(t.Context()); err != nil || !slices.Equal(due[:2], []string{"00002_title.sql", "00003_subtitle.sql"}) {
			t.Errorf("%q, %v", due, err)
		}
		s.migrates(s.with(files("00001_products.sql", products, "00002_title.sql", "ALTER TABLE products ADD title TEXT;")), "00002_title.sql")
		s.migrates(s.with(all), "00003_subtitle.sql")

		s = again()
		s.migrates(s.with(first), "00001_products.sql")
		if steps, err := s.with(all).MigrateOffline(t.Context()); err != nil || !slices.Equal(steps[:2], []string{"00002_title.sql", "00003_subtitle.sql"}) {
			t.Errorf("offline: %q, %v", steps, err)
		}

		s = again()
		s.migrates(s.with(first), "00001_products.sql")
		develops := s.with(all)
		develops.Use(nil, true)
		s.migrates(develops, "00002_title.sql", "00003_subtitle.sql")

		s = again()
		s.migrates(s.with(first), "00001_products.sql")
		undeclared := s.with(files("00001_products.sql", products, "00002_a.sql", "CREATE TABLE a (id INTEGER);", "00003_b.sql", "SELECT 1;\nALTER TABLE products DROP COLUMN subtitle;"))
		s.refuses(migrated(undeclared, t.Context()), "migrations/00003_b.sql:2: it drops products.subtitle", "declare '-- gorgon: contract products.subtitle'")
		if exists(t, undeclared, "a") {
			t.Error("a file was applied before the refusal")
		}
	})
}

// A file that fails leaves nothing; its line and the server's message are shown
// and values are not. The files before it stay, and what they changed is purged.
func TestMigrateFails(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		begin := []string{"00001_products.sql", products + "INSERT INTO products VALUES (1, 'a; b\n;\nc''d', NULL);"}
		s.migrates(s.with(files(begin...)), "00001_products.sql")
		if n := count(t, s.with(nil), "SELECT length(name) FROM products"); n != 10 {
			t.Errorf("a string with semicolons has %d letters", n)
		}
		calls := f.calls.Load()
		second := []string{"00002_more.sql", "CREATE TABLE more (id INTEGER);"}
		third := func(text string) []string { return []string{"00003_third.sql", text} }
		with := func(parts ...[]string) fstest.MapFS { return files(slices.Concat(parts...)...) }
		db := s.with(with(begin, second, third("-- About it.\nCREATE TABLE third (id INTEGER);\n\nINSERT INTO products (id, name)\nVALUES (1, 'secret');\n")))
		err := migrated(db, t.Context())
		s.refuses(err, "migrations/00003_third.sql:4: ", "nothing of this file is applied")
		if !strings.Contains(strings.ToLower(err.Error()), "unique") || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
		if exists(t, db, "third") || !exists(t, db, "more") {
			t.Error("it is not so that the file before is applied, and nothing of the one that failed")
		}
		if f.calls.Load() != calls+1 {
			t.Error("what the file before changed is not purged")
		}
		if f.Name() == database.PostgreSQL {
			convert := s.with(with(begin, second, third("-- gorgon: contract products.name\nALTER TABLE products ALTER name TYPE integer USING (name || 'secret')::integer;")))
			err := migrated(convert, t.Context())
			s.refuses(err, "invalid input syntax for type integer", "22P02")
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "a; b") {
				t.Errorf("a value is shown: %v", err)
			}
		}
		s.migrates(s.with(with(begin, second, third("SELECT 1;"))), "00003_third.sql")
	})
}

// All that was read before is purged once, also if the process dies or fails
// before it has done so.
func TestMigratePurges(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		wants := func(n int64, after string) {
			t.Helper()
			if got := f.calls.Swap(0); got != n {
				t.Errorf("%d purges after %s, want %d", got, after, n)
			}
		}
		one := files("00001_products.sql", products)
		s.migrates(s.with(one), "00001_products.sql")
		wants(1, "a file")
		s.migrates(s.with(one))
		wants(0, "nothing")
		s.migrates(s.with(one, "products"))
		wants(1, "triggers")
		two := files("00001_products.sql", products, "00002_more.sql", "CREATE TABLE more (id INTEGER);", "00003_more.sql", "CREATE TABLE third (id INTEGER);")
		f.changed = func() error { return errors.New("the process has died") }
		s.refuses(migrated(s.with(two, "products"), t.Context()), "the process has died", "run migrate again")
		f.calls.Store(0)
		f.changed = nil
		s.migrates(s.with(two, "products"))
		wants(1, "two files of a process that died")
		s.migrates(s.with(two, "products"))
		wants(0, "nothing")
	})
}

// Check is nil exactly where a program can work.
func TestMigrateCheck(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		db := s.with(files("00001_products.sql", products, "00002_more.sql", "CREATE TABLE more (id INTEGER);"), "products")
		s.refuses(db.Check(t.Context()), "00001_products.sql and 1 more are not applied to the database: run the migrate command")
		due, err := db.Pending(t.Context())
		if err != nil || len(due) < 2 || due[0] != "00001_products.sql" || due[1] != "00002_more.sql" {
			t.Errorf("%q, %v", due, err)
		}
		s.migrates(db, "00001_products.sql", "00002_more.sql")
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
		s.migrates(s.with(files("00001_products.sql", products, "00002_more.sql", "CREATE TABLE more (id INTEGER);"), "products"))
		more := s.with(files("00001_products.sql", products, "00002_more.sql", "CREATE TABLE more (id INTEGER);"), "products", "more")
		s.refuses(more.Check(t.Context()), "the database lacks what its tables need", "more", "run the migrate command")
		gone := s.with(files("00001_products.sql", products, "00002_more.sql", "CREATE TABLE more (id INTEGER);"), "gone")
		s.refuses(gone.Check(t.Context()), "gone")
	})
}

// A file that has no statements yet waits for them in development, with those after it,
// and keeps no page from being made. Elsewhere it is a mistake.
func TestMigrateUnwritten(t *testing.T) {
	const template = "-- reviews\n\n-- +goose Up\n-- CREATE TABLE reviews (id INTEGER);\n\n-- +goose Down\n-- DROP TABLE reviews;\n"
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		unwritten := files("00001_products.sql", products, "00002_reviews.sql", template, "00003_more.sql", "CREATE TABLE more (id INTEGER);")
		developing := func(files fs.FS) *database.DB {
			db := s.with(files)
			db.Use(slog.New(slog.DiscardHandler), true)
			return db
		}
		db := developing(unwritten)
		s.migrates(db, "00001_products.sql")
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("the app does not work while a file is not written: %v", err)
		}
		if due, err := db.Pending(t.Context()); err != nil || len(due) > 0 {
			t.Errorf("%q is to be done, %v", due, err)
		}
		s.refuses(migrated(s.with(unwritten), t.Context()), "00002_reviews.sql has no statements: write them, or remove the file")
		if exists(t, db, "more") {
			t.Error("a file after it was applied")
		}
		unwritten["migrations/00002_reviews.sql"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(template, "\n-- CREATE", "\nCREATE"))}
		s.migrates(developing(unwritten), "00002_reviews.sql", "00003_more.sql")
	})
}

// The newest file can be undone also when it was changed after it was applied, by what
// it says now; one before it cannot.
func TestMigrateDownChanged(t *testing.T) {
	const more = "CREATE TABLE more (id INTEGER);\n-- +goose Down\nDROP TABLE more;\n"
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		s.migrates(s.with(files("00001_products.sql", products, "00002_more.sql", "-- +goose Up\n"+more)), "00001_products.sql", "00002_more.sql")
		changed := s.with(files("00001_products.sql", products, "00002_more.sql", "-- +goose Up\nCREATE TABLE other (id INTEGER);\n"+more))
		s.refuses(migrated(changed, t.Context()), "00002_more.sql was changed after it was applied")
		if step, err := changed.Down(t.Context()); err != nil || step != "00002_more.sql" || exists(t, changed, "more") {
			t.Errorf("%q, %v", step, err)
		}
		s.migrates(changed, "00002_more.sql")
		_, err := s.with(files("00001_products.sql", products+"-- changed\n", "00002_more.sql", "-- +goose Up\nCREATE TABLE other (id INTEGER);\n"+more)).Down(t.Context())
		s.refuses(err, "00001_products.sql was changed after it was applied")
	})
}

func TestMigrateDown(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		all := files("00001_products.sql", products, "00002_more.sql", "-- +goose Up\nCREATE TABLE more (id INTEGER);\n-- +goose Down\nDROP TABLE more;")
		db := s.with(all)
		s.migrates(db, "00001_products.sql", "00002_more.sql")
		f.calls.Store(0)
		if step, err := db.Down(t.Context()); err != nil || step != "00002_more.sql" || exists(t, db, "more") || f.calls.Load() != 1 {
			t.Errorf("%s, %v, %d purges", step, err, f.calls.Load())
		}
		_, err := db.Down(t.Context())
		s.refuses(err, "00001_products.sql has no statements after -- +goose Down")
		s.migrates(db, "00002_more.sql")
		_, err = s.with(files("00001_products.sql", products)).Down(t.Context())
		s.refuses(err, "00002_more.sql is applied, and is not in this program")
	})
}

// A table can be replaced by another one, with the rows that refer to it; rows
// that refer to nothing are found.
func TestMigrateReplacesTable(t *testing.T) {
	f := newFake(database.SQLite)
	s := site{t, f, newURL(t, database.SQLite)}
	begin := []string{"00001_begin.sql", "CREATE TABLE shops (id INTEGER PRIMARY KEY);\nCREATE TABLE items (id INTEGER PRIMARY KEY, shop INTEGER REFERENCES shops (id) ON DELETE CASCADE);\nINSERT INTO shops VALUES (1);\nINSERT INTO items VALUES (1, 1), (2, 1);\n" +
		"CREATE TRIGGER t AFTER INSERT ON items BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE items SET id = id WHERE id = 0; END;\n"}
	s.migrates(s.with(files(begin...), "shops", "items"), "00001_begin.sql")
	replace := func(row string) fstest.MapFS {
		return files(append(begin, "00002_shops.sql", "-- gorgon: expand\nCREATE TABLE shops_new (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO shops_new SELECT id, 'shop' FROM shops WHERE id = "+row+";\nDROP TABLE shops;\nALTER TABLE shops_new RENAME TO shops;\n")...)
	}
	s.refuses(migrated(s.with(replace("2")), t.Context()), "00002_shops.sql", "rows of items would refer to rows of shops that are not there")
	s.migrates(s.with(replace("1"), "shops", "items"), "00002_shops.sql")
	if n := count(t, s.with(nil), "SELECT count(*) FROM items JOIN shops ON shop = shops.id WHERE name = 'shop'"); n != 2 {
		t.Errorf("%d items are left of 2", n)
	}
	if err := s.with(replace("1"), "shops", "items").Check(t.Context()); err != nil {
		t.Errorf("the new table lacks its triggers: %v", err)
	}
}

// A migration that waits for a lock does not stop the traffic of its table for
// longer than LockTimeout, and is tried again.
func TestMigrateLockTimeout(t *testing.T) {
	s := site{t, newFake(database.PostgreSQL), newPostgres(t)}
	one := files("00001_products.sql", products)
	s.migrates(s.with(one), "00001_products.sql")
	two := files("00001_products.sql", products, "00002_title.sql", "ALTER TABLE products ADD title TEXT;")
	open := func() *database.DB {
		db := database.Open(s.fake, database.Options{URL: s.url, Migrations: two, LockTimeout: 30 * time.Millisecond})
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	reader := s.with(nil)
	tx, err := reader.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "SELECT * FROM products"); err != nil {
		t.Fatal(err)
	}
	s.refuses(migrated(open(), t.Context()), "migrations/00002_title.sql:1: ", "lock timeout", "held a lock that it needs for longer than 30ms, 5 times")
	done := make(chan error, 1)
	go func() { done <- migrated(open(), context.WithoutCancel(t.Context())) }()
	waits := s.with(nil)
	for count(t, waits, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE products%'") == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// An index is made outside of a transaction; what a process left that was killed
// is made again.
func TestMigrateIndex(t *testing.T) {
	s := site{t, newFake(database.PostgreSQL), newPostgres(t) + "&pool_max_conns=1"}
	begin := []string{"00001_products.sql", products + "INSERT INTO products VALUES (1, 'a', 'x'), (2, 'a', 'y');"}
	const index = "-- gorgon: no transaction\nCREATE UNIQUE INDEX CONCURRENTLY by_name ON products (name);"
	all := files(append(begin, "00002_index.sql", index)...)
	// It cannot be completed, and leaves an index that is not valid.
	s.refuses(migrated(s.with(all), t.Context()), "migrations/00002_index.sql:2: ", "an index that it has not completed is then made again")
	db := s.with(nil)
	valid := func() int {
		return count(t, db, "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass('by_name')")
	}
	if valid() != 0 || !exists(t, db, "products") {
		t.Fatal("the index is there")
	}
	s.refuses(s.with(all).Check(t.Context()), "00002_index.sql is not applied")
	if _, err := db.SQL().ExecContext(t.Context(), "UPDATE products SET name = name || id"); err != nil {
		t.Fatal(err)
	}
	s.migrates(s.with(all), "00002_index.sql")
	if valid() != 1 {
		t.Error("the index is not made")
	}
	// A process was killed after the index and before its record.
	if _, err := db.SQL().ExecContext(t.Context(), "UPDATE gorgon_data.migrations SET applied = NULL WHERE version = 2"); err != nil {
		t.Fatal(err)
	}
	s.migrates(s.with(all), "00002_index.sql")
	s.migrates(s.with(all))
}

// What a file sets for its session does not reach the next file.
func TestMigrateLeavesNoSettings(t *testing.T) {
	s := site{t, newFake(database.PostgreSQL), newPostgres(t)}
	s.migrates(s.with(files("00001_dump.sql", "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (id INTEGER);", "00002_next.sql", "INSERT INTO a VALUES (1);")), "00001_dump.sql", "00002_next.sql")
}

// Migrations work through a proxy that gives each transaction another
// connection.
func TestMigrateThroughProxy(t *testing.T) {
	newPostgres(t) // which starts the server
	proxy := testbed.For(t, func() (*testbed.Server, error) { return testbed.PgBouncer(shared.server) })
	for i := range 2 {
		s := site{t, newFake(database.PostgreSQL), proxy.URL}
		all := files("00001_products.sql", products, "00002_index.sql", "-- gorgon: no transaction\nCREATE INDEX CONCURRENTLY by_name ON products (name);")
		want := []string{"00001_products.sql", "00002_index.sql"}[:2-2*i]
		s.migrates(s.with(all, "products"), want...)
	}
}
