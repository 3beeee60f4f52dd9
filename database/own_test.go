// Tables of packages.

package database_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// version makes a version of tables from statements that both dialects know.
func version(statements ...string) database.OwnVersion {
	return database.OwnVersion{SQLite: statements, PostgreSQL: statements}
}

var first = version("CREATE TABLE {notes} (id INTEGER PRIMARY KEY)", "CREATE TABLE {notes_more} (id INTEGER PRIMARY KEY)")

// The tables are said to be missing until they are made, by however many
// processes at once, and nothing is purged for them.
func TestOwnTables(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		ctx := t.Context()
		open := func() *database.DB {
			db := s.with(nil)
			db.Own(database.Own{Name: "notes", Versions: []database.OwnVersion{first}})
			db.Own(database.Own{Name: "notes"}) // has no effect
			return db
		}
		s.migrates(s.with(nil)) // the outbox
		f.calls.Store(0)
		db := open()
		s.refuses(db.Check(ctx), "make the tables of notes", "migrate")
		if due, err := db.Pending(ctx); err != nil || !slices.Equal(due, []string{"make the tables of notes"}) {
			t.Errorf("pending %q, %v", due, err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		var steps []string
		for range 4 {
			db := open()
			all.Go(func() {
				made, err := db.Migrate(ctx)
				mu.Lock()
				defer mu.Unlock()
				if steps = append(steps, made...); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if !slices.Equal(steps, []string{"make the tables of notes"}) {
			t.Errorf("made %q", steps)
		}
		if due, err := db.Pending(ctx); err != nil || len(due) > 0 {
			t.Errorf("pending %q, %v", due, err)
		}
		if err := db.Check(ctx); err != nil {
			t.Error(err)
		}
		if _, err := db.SQL().ExecContext(ctx, "INSERT INTO "+db.OwnTable("notes_more")+" (id) VALUES (1)"); err != nil {
			t.Error(err)
		}
		if n := f.calls.Load(); n > 0 {
			t.Errorf("%d purges of all", n)
		}
	})
}

// A later version is made out of what is there, and the program of the version
// before goes on.
func TestOwnVersions(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		ctx := t.Context()
		open := func(versions ...database.OwnVersion) *database.DB {
			db := s.with(nil)
			db.Own(database.Own{Name: "notes", Versions: versions})
			return db
		}
		second := version("ALTER TABLE {notes} ADD COLUMN text TEXT")
		old, now := open(first), open(first, second)
		s.migrates(old)
		s.refuses(now.Check(ctx), "bring the tables of notes to version 2")
		if _, err := open(first, second, version("ALTER TABLE {notes} ADD COLUMN more TEXT", "no statement")).Migrate(ctx); err == nil {
			t.Error("a version that fails is not an error")
		}
		s.refuses(now.Check(ctx), "version 2") // nothing of it is there
		if steps, err := now.Migrate(ctx); err != nil || len(steps) != 1 {
			t.Errorf("%q, %v", steps, err)
		}
		if steps, err := old.Migrate(ctx); err != nil || len(steps) > 0 {
			t.Errorf("the older program: %q, %v", steps, err)
		}
		for _, db := range []*database.DB{old, now} {
			if err := db.Check(ctx); err != nil {
				t.Error(err)
			}
		}
		if _, err := now.SQL().ExecContext(ctx, "INSERT INTO "+now.OwnTable("notes")+" (id, text) VALUES (1, 'a')"); err != nil {
			t.Error(err)
		}
	})
}

// They are made besides files, and before them: a file that fails takes nothing
// of them away.
func TestOwnTablesAndFiles(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		s.migrates(s.with(nil)) // the outbox
		db := s.with(files("00001_products.sql", products, "00002_wrong.sql", "no statement;\n"))
		db.Own(database.Own{Name: "notes", Versions: []database.OwnVersion{first}})
		due, err := db.Pending(t.Context())
		if want := []string{"make the tables of notes", "00001_products.sql", "00002_wrong.sql"}; err != nil || !slices.Equal(due, want) {
			t.Errorf("pending %q, %v", due, err)
		}
		steps, err := db.Migrate(t.Context())
		if want := []string{"make the tables of notes", "00001_products.sql"}; err == nil || !slices.Equal(steps, want) {
			t.Errorf("made %q, %v", steps, err)
		}
		if due, err := db.Pending(t.Context()); err != nil || !slices.Equal(due, []string{"00002_wrong.sql"}) {
			t.Errorf("pending %q, %v", due, err)
		}
	})
}

// Names that would be those of other tables are refused at once.
func TestOwnNames(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		db := site{t, f, url}.with(nil)
		for _, name := range []string{"", "outbox", "migrations", "a b", "A", strings.Repeat("a", 40)} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%q is not refused", name)
					}
				}()
				db.Own(database.Own{Name: name})
			}()
		}
	})
}

// Queries with a context of dataflow.Apart are neither noted nor looked for in
// the outbox; those beside them are.
func TestApart(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		s := site{t, f, url}
		db := s.with(files("00001_products.sql", products), "products")
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		engine, err := db.Engine()
		if err != nil {
			t.Fatal(err)
		}
		var told []context.Context
		engine.OnCommit(func(ctx context.Context) { told = append(told, ctx) })
		reads := new(dataflow.Reads)
		commits := new(dataflow.Commits)
		ctx := dataflow.WithCommits(dataflow.WithReads(t.Context(), reads), commits)
		apart := dataflow.Apart(ctx)
		if dataflow.ReadsOf(apart) != nil || dataflow.CommitsOf(apart) != nil || !dataflow.IsApart(apart) || dataflow.IsApart(ctx) {
			t.Error("the notes are still in the context")
		}
		exec := func(ctx context.Context) {
			t.Helper()
			if _, err := db.SQL().ExecContext(ctx, "UPDATE products SET name = 'x'"); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.SQL().QueryRowContext(ctx, "SELECT count(*) FROM products").Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
		if exec(apart); len(told) > 0 || len(reads.Tags()) > 0 {
			t.Errorf("%d commits, reads %q", len(told), reads.Tags())
		}
		tx, err := db.SQL().BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := tx.QueryRowContext(apart, "SELECT count(*) FROM products").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if len(reads.Tags()) > 0 {
			t.Errorf("within a transaction: reads %q", reads.Tags())
		}
		if exec(ctx); len(told) != 1 || len(reads.Tags()) == 0 {
			t.Errorf("beside: %d commits, reads %q", len(told), reads.Tags())
		}
	})
}
