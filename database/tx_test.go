// Transactions of a context.

package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

// newNotes is a database with an empty table.
func newNotes(t *testing.T, f *fake, url string) (db *database.DB, write func(string) func(*sql.Tx) error, notes func() int) {
	db = database.Open(f, database.Options{URL: url})
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE notes (note TEXT UNIQUE)"); err != nil {
		t.Fatal(err)
	}
	write = func(note string) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO notes VALUES ('"+note+"')")
			return err
		}
	}
	return db, write, func() int { return count(t, db, "SELECT count(*) FROM notes") }
}

// What joins a scope is committed and rolled back with it.
func TestScope(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		db, write, notes := newNotes(t, f, url)
		broken := errors.New("broken")
		for name, c := range map[string]struct {
			f    func(ctx context.Context, tx *sql.Tx) error
			rows int
			err  string
		}{
			"all is well": {func(ctx context.Context, tx *sql.Tx) error {
				return errors.Join(write("a")(tx), db.Tx(ctx, nil, write("b")), db.Scope(ctx, nil, func(ctx context.Context, _ *sql.Tx) error { return db.Tx(ctx, nil, write("c")) }))
			}, 3, ""},
			"it fails": {func(ctx context.Context, _ *sql.Tx) error {
				return errors.Join(db.Tx(ctx, nil, write("d")), broken)
			}, 0, "broken"},
			"a failure is not passed on": {func(ctx context.Context, tx *sql.Tx) error {
				_ = db.Tx(ctx, nil, func(*sql.Tx) error { return broken })
				return write("e")(tx)
			}, 0, "a transaction within this one has failed, so that all is rolled back: return its error (broken)"},
			"a panic is not passed on": {func(ctx context.Context, tx *sql.Tx) error {
				func() {
					defer func() { _ = recover() }()
					_ = db.Tx(ctx, nil, func(*sql.Tx) error { panic("x") })
				}()
				return write("f")(tx)
			}, 0, "it panicked"},
			"another isolation": {func(ctx context.Context, _ *sql.Tx) error {
				return db.Tx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, write("g"))
			}, 0, "give no isolation here"},
			"a statement outside": {func(ctx context.Context, _ *sql.Tx) error {
				_, err := db.SQL().ExecContext(ctx, "INSERT INTO notes VALUES ('h')")
				return err
			}, 0, "use database.DB.Tx with the context"},
			"a query outside": {func(ctx context.Context, _ *sql.Tx) error {
				return db.SQL().QueryRowContext(ctx, "SELECT 1").Scan(new(int))
			}, 0, "use database.DB.Tx with the context"},
			"a prepared one outside": {func(ctx context.Context, _ *sql.Tx) error {
				stmt, err := db.SQL().PrepareContext(t.Context(), "SELECT 1")
				if err == nil {
					defer stmt.Close()
					err = stmt.QueryRowContext(ctx).Scan(new(int))
				}
				return err
			}, 0, "use database.DB.Tx with the context"},
			"a transaction outside": {func(ctx context.Context, _ *sql.Tx) error {
				_, err := db.SQL().BeginTx(ctx, nil)
				return err
			}, 0, "use database.DB.Tx with the context"},
		} {
			t.Run(name, func(t *testing.T) {
				if _, err := db.SQL().ExecContext(t.Context(), "DELETE FROM notes"); err != nil {
					t.Fatal(err)
				}
				err := db.Scope(t.Context(), nil, c.f)
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				if n := notes(); n != c.rows {
					t.Errorf("%d rows, want %d", n, c.rows)
				}
			})
		}
		t.Run("a panic", func(t *testing.T) {
			before := notes()
			defer func() {
				if recover() == nil || notes() != before {
					t.Error("it is not rolled back")
				}
			}()
			_ = db.Scope(t.Context(), nil, func(_ context.Context, tx *sql.Tx) error { _ = write("p")(tx); panic("x") })
		})
	})
}

// A scope whose context ends is committed if f says so; one that has ended is
// joined by none, and keeps no statement from running.
func TestScopeEndsWithItsFunction(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		db, write, notes := newNotes(t, f, url)
		ctx, cancel := context.WithCancel(t.Context())
		var within context.Context
		err := db.Scope(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
			cancel()
			within = context.WithoutCancel(ctx)
			return write("a")(tx)
		})
		if err != nil || notes() != 1 {
			t.Errorf("%v, %d rows", err, notes())
		}
		if err := db.Tx(within, nil, write("b")); err != nil || notes() != 2 {
			t.Errorf("%v, %d rows", err, notes())
		}
		if _, err := db.SQL().ExecContext(within, "DELETE FROM notes"); err != nil {
			t.Error(err)
		}
		if err := db.Scope(ctx, nil, func(context.Context, *sql.Tx) error { t.Error("it began"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// Several goroutines may join at once; another database is not concerned.
func TestScopeIsOfOneDatabase(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		db, write, notes := newNotes(t, f, url)
		other, elsewhere, others := newNotes(t, newFake(f.Name()), newURL(t, f.Name()))
		err := db.Scope(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error {
			var all sync.WaitGroup
			for _, note := range strings.Split("abcdefgh", "") {
				all.Go(func() {
					if err := db.Tx(ctx, nil, write(note)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if _, err := other.SQL().ExecContext(ctx, "INSERT INTO notes VALUES ('sql')"); err != nil {
				t.Error(err)
			}
			if err := other.Tx(ctx, nil, elsewhere("x")); err != nil || others() != 2 {
				t.Errorf("%v, %d rows", err, others())
			}
			return nil
		})
		if err != nil || notes() != 8 {
			t.Errorf("%v, %d rows", err, notes())
		}
	})
}

// pgx joins a scope by its Tx, and its other statements are refused.
func TestScopeOfPgx(t *testing.T) {
	made, write, notes := newNotes(t, newFake(database.PostgreSQL), newPostgres(t))
	db := database.Open(pgdb.Dialect, database.Options{URL: made.Options().URL})
	t.Cleanup(func() { _ = db.Close() })
	pool := pgdb.Pool(db)
	insert := func(ctx context.Context, note string) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO notes VALUES ($1)", note)
			return err
		}
	}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		f    func(ctx context.Context) error
		rows int
		err  string
	}{
		"all is well": {func(ctx context.Context) error {
			return errors.Join(db.Tx(ctx, nil, write("a")), pgdb.Tx(ctx, db, insert(ctx, "b")), db.Tx(ctx, nil, write("c")), pgdb.Tx(ctx, db, func(tx pgx.Tx) error {
				var n int
				if err := tx.QueryRow(ctx, "SELECT count(*) FROM notes").Scan(&n); err != nil || n != 3 {
					return fmt.Errorf("it sees %d rows, %w", n, err)
				}
				_ = pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { return errors.Join(insert(ctx, "undone")(inner), broken) })
				_, err := tx.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"note"}, pgx.CopyFromRows([][]any{{"d"}, {"e"}}))
				return err
			}))
		}, 5, ""},
		"it fails": {func(ctx context.Context) error {
			return errors.Join(pgdb.Tx(ctx, db, insert(ctx, "f")), broken)
		}, 0, "broken"},
		"a failure is not passed on": {func(ctx context.Context) error {
			_ = pgdb.Tx(ctx, db, func(tx pgx.Tx) error { return errors.Join(insert(ctx, "g")(tx), broken) })
			return nil
		}, 0, "all is rolled back: return its error (broken)"},
		"a rollback": {func(ctx context.Context) error {
			return pgdb.Tx(ctx, db, func(tx pgx.Tx) error { _ = insert(ctx, "h")(tx); _ = tx.Rollback(ctx); return nil })
		}, 0, "return an error"},
		"a commit": {func(ctx context.Context) error {
			return pgdb.Tx(ctx, db, func(tx pgx.Tx) error { return errors.Join(insert(ctx, "i")(tx), tx.Commit(ctx)) })
		}, 0, "return nil"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := db.SQL().ExecContext(t.Context(), "DELETE FROM notes"); err != nil {
				t.Fatal(err)
			}
			err := db.Scope(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error { return c.f(ctx) })
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || notes() != c.rows {
				t.Errorf("%v, %d rows; want %q, %d", err, notes(), c.err, c.rows)
			}
		})
	}
	err := db.Scope(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error {
		_, begun := pool.Begin(ctx)
		_, queried := pool.Query(ctx, "SELECT 1")
		_, executed := pool.Exec(ctx, "SELECT 1")
		_, acquired := pool.Acquire(ctx)
		for _, err := range []error{begun, queried, executed, acquired, pool.SendBatch(ctx, &pgx.Batch{}).Close()} {
			if err == nil || !strings.Contains(err.Error(), "use database.DB.Tx with the context, or pgdb.Tx, which join it") {
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := pgdb.Tx(t.Context(), db, insert(t.Context(), "alone")); err != nil {
		t.Error(err)
	}
}
