// What is told as a commit, by each way in which statements are made.

package pgdb_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/dataflow"
)

// openDB opens a database as an app does, and closes it with the test.
func openDB(tb testing.TB, f *fixture, options database.Options) *database.DB {
	tb.Helper()
	options.URL = f.url
	db := database.Open(pgdb.Dialect, options)
	tb.Cleanup(func() {
		engine, err := db.Engine()
		if err != nil {
			tb.Fatal(err)
		}
		if err := db.SQL().Close(); err != nil {
			tb.Error(err)
		}
		if err := engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func TestCommits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, shop, shopTables()...)
	db := openDB(t, f, database.Options{Tables: shopTables()})
	engine, err := db.Engine()
	if err != nil {
		t.Fatal(err)
	}
	var commits int
	type mark struct{}
	engine.OnCommit(func(ctx context.Context) {
		if commits++; ctx.Value(mark{}) == nil {
			t.Error("a commit was told with another context")
		}
		if ctx.Err() != nil {
			t.Error("a commit was told with a context that is done")
		}
	})
	ctx := context.WithValue(t.Context(), mark{}, true)
	pool, plain := pgdb.Pool(db), db.SQL()
	const update = "update products set price = price + 1 where id = $1"
	exec := func(sql string, args ...any) func() error {
		return func() error { _, err := pool.Exec(ctx, sql, args...); return err }
	}
	sqlTx := func(end func(*sql.Tx) error, statements ...string) func() error {
		return func() error {
			tx, err := plain.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return end(tx)
		}
	}
	errUndo := errors.New("undo")
	for _, test := range []struct {
		name string
		do   func() error
		want int
	}{
		{"read", exec("select * from products"), 0},
		{"lock", exec("select * from products for update"), 0},
		{"lock of less", exec("select * from products for no key update"), 0},
		{"a function of the server", exec("select max(price), now(), jsonb_agg(name) from products"), 0},
		{"a function that writes", exec("select rename_product(1, 'x')"), 1},
		{"set", exec("set work_mem = '8MB'"), 0},
		{"write", exec(update, 1), 1},
		{"write with rows", func() error {
			return pool.QueryRow(ctx, update+" returning id", 1).Scan(new(int))
		}, 1},
		{"with", exec("with x as (update products set price = 3 where id = 1) select 1"), 1},
		{"several", exec("update products set price = 3 where id = 1; select 1"), 1},
		{"explain", exec("explain analyze update products set price = 3 where id = 1"), 1},
		{"copy", func() error {
			_, err := pool.CopyFrom(ctx, pgx.Identifier{"slugs"}, []string{"slug"}, pgx.CopyFromRows([][]any{{"k1"}}))
			return err
		}, 1},
		{"batch", func() error {
			b := &pgx.Batch{}
			b.Queue("select 1")
			b.Queue(update, 1)
			b.Queue(update, 2)
			return pool.SendBatch(ctx, b).Close()
		}, 1},
		{"batch that reads", func() error {
			b := &pgx.Batch{}
			b.Queue("select 1")
			return pool.SendBatch(ctx, b).Close()
		}, 0},
		{"transaction", func() error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, update, 1); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, update, 2)
				return err
			})
		}, 1},
		{"transaction that reads", func() error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				return tx.QueryRow(ctx, "select count(*) from products").Scan(new(int))
			})
		}, 0},
		{"rolled back", func() error {
			err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, update, 1); err != nil {
					return err
				}
				return errUndo
			})
			if errors.Is(err, errUndo) {
				return nil
			}
			return err
		}, 0},
		{"rolled back by a fault", func() error {
			err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, update, 1); err != nil {
					return err
				}
				_, _ = tx.Exec(ctx, "select 1/0")
				return nil
			})
			if errors.Is(err, pgx.ErrTxCommitRollback) {
				return nil
			}
			return err
		}, 0},
		{"a fault", func() error {
			if err := exec("update products set price = 1/0")(); err == nil {
				return errors.New("no fault")
			}
			return nil
		}, 0},
		{"retried transaction", func() error {
			return pgdb.Tx(ctx, db, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, update, 1); return err })
		}, 1},
		{"savepoint", func() error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, update, 1); return err })
			})
		}, 1},
		{"acquired", func() error {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				return err
			}
			defer conn.Release()
			if _, err := conn.Conn().Prepare(ctx, "named", update); err != nil {
				return err
			}
			_, err = conn.Exec(ctx, "named", 1)
			return err
		}, 1},
		{"and chain", func() error {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				return err
			}
			defer conn.Release()
			for _, s := range []string{"begin", "update products set price = 4 where id = 1", "commit and chain", "select 1", "commit"} {
				if _, err := conn.Exec(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}, 1},
		{"database/sql", func() error { _, err := plain.ExecContext(ctx, update, 1); return err }, 1},
		{"database/sql, read", func() error { return plain.QueryRowContext(ctx, "select count(*) from products").Scan(new(int)) }, 0},
		{"database/sql, prepared", func() error {
			s, err := plain.PrepareContext(ctx, update)
			if err != nil {
				return err
			}
			defer s.Close()
			_, err = s.ExecContext(ctx, 1)
			return err
		}, 1},
		{"database/sql, transaction", sqlTx((*sql.Tx).Commit, "update products set price = 1 where id = 1", "select 1"), 1},
		{"database/sql, transaction that reads", sqlTx((*sql.Tx).Commit, "select 1"), 0},
		{"database/sql, rolled back", sqlTx((*sql.Tx).Rollback, "update products set price = 1 where id = 1"), 0},
	} {
		commits = 0
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if commits != test.want {
			t.Errorf("%s: %d commits were told, want %d", test.name, commits, test.want)
		}
	}
}

// Reads are noted by each way in which queries are made.
func TestReadsByHandle(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	db := openDB(t, f, database.Options{Tables: libraryTables()})
	pool, plain := pgdb.Pool(db), db.SQL()
	row := []string{"public.products:*", "public.products:7"}
	const byKey = "select name from products where id = $1"
	var name string
	for _, test := range []struct {
		name string
		load func(ctx context.Context) error
		want []string
	}{
		{"pgx", func(ctx context.Context) error { return pool.QueryRow(ctx, byKey, 7).Scan(&name) }, row},
		{"pgx, named arguments", func(ctx context.Context) error {
			return pool.QueryRow(ctx, "select name from products where id = @id", pgx.NamedArgs{"id": 7}).Scan(&name)
		}, row},
		{"pgx, a mode", func(ctx context.Context) error {
			return pool.QueryRow(ctx, byKey, pgx.QueryExecModeSimpleProtocol, 7).Scan(&name)
		}, row},
		{"pgx, transaction", func(ctx context.Context) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return tx.QueryRow(ctx, byKey, 7).Scan(&name) })
		}, row},
		{"pgx, batch", func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.Queue(byKey, 7)
			b.Queue("select title from slugs where slug = @s", pgx.NamedArgs{"s": "a"})
			return pool.SendBatch(ctx, b).Close()
		}, append(slices.Clone(row), "public.slugs:*", "public.slugs:a")},
		{"pgx, prepared", func(ctx context.Context) error {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				return err
			}
			defer conn.Release()
			if _, err := conn.Conn().Prepare(ctx, "by_key", byKey); err != nil {
				return err
			}
			return conn.QueryRow(ctx, "by_key", 7).Scan(&name)
		}, row},
		{"database/sql", func(ctx context.Context) error { return plain.QueryRowContext(ctx, byKey, 7).Scan(&name) }, row},
		{"database/sql, prepared", func(ctx context.Context) error {
			s, err := plain.PrepareContext(ctx, byKey)
			if err != nil {
				return err
			}
			defer s.Close()
			return s.QueryRowContext(ctx, 7).Scan(&name)
		}, row},
		{"database/sql, transaction", func(ctx context.Context) error {
			tx, err := plain.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			return tx.QueryRowContext(ctx, byKey, 7).Scan(&name)
		}, row},
	} {
		tags, doubts := f.read(test.load)
		if !slices.Equal(tags, test.want) || len(doubts) > 0 {
			t.Errorf("%s: noted %q, %q, want %q", test.name, tags, doubts, test.want)
		}
	}
}

// A connection whose names mean something else notes no certainty.
func TestSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	db := openDB(t, f, database.Options{Tables: libraryTables()})
	for _, change := range []string{"set search_path = shop", "select set_config('search_path', 'shop', false)", "create temp table products (id int)", "set role gorgon", "select 1 as id into temp products"} {
		conn, err := pgdb.Pool(db).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		reads := new(dataflow.Reads)
		ctx := dataflow.WithReads(t.Context(), reads)
		if _, err := conn.Exec(ctx, "select * from products"); err != nil {
			t.Fatal(err)
		}
		if d := reads.Doubts(); len(d) != 1 {
			t.Errorf("%s: doubts %q", change, d)
		}
		if err := conn.Conn().Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn.Release()
	}
}

// What does not change the meaning of names makes no doubt, nor does what a
// transaction has changed, when it has ended.
func TestSessionsThatAreFine(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	db := openDB(t, f, database.Options{Tables: libraryTables()})
	conn, err := pgdb.Pool(db).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, s := range []string{
		`select name from products where name like 'a\%' or name = 'role'`, "select 1 as temp, 2 as role", "set work_mem = '1MB'", "select set_config('app.tenant', '7', false)",
		"insert into slugs values ('temp', 'search_path')", "begin; set local work_mem = '1MB'; commit", "begin", "set local search_path = shop", "commit",
	} {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(t.Context(), reads)
	if _, err := conn.Exec(ctx, "select * from products"); err != nil {
		t.Fatal(err)
	}
	if d := reads.Doubts(); len(d) > 0 {
		t.Errorf("doubts %q", d)
	}
	for _, s := range []string{"begin", "set local search_path = shop", "select * from products"} {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	if d := reads.Doubts(); len(d) != 1 {
		t.Errorf("doubts %q", d)
	}
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		t.Fatal(err)
	}
}

// A statement may be very long.
func TestLongStatement(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	long := "insert into slugs values ('x', '" + strings.Repeat("y", 300_000) + "')"
	before := f.count()
	tags, doubts := f.read(func(ctx context.Context) error { _, err := f.sql.ExecContext(ctx, long); return err })
	if !slices.Equal(tags, []string{"public.slugs"}) || len(doubts) > 0 || f.count() != before+1 {
		t.Errorf("noted %q, %q; %d commits", tags, doubts, f.count()-before)
	}
}

// The search_path of the URL is that of the analysis, too.
func TestSearchPath(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	c := config(f.url+"&search_path=shop,public", libraryTables()...)
	other := openFixture(t, c)
	other.name = f.name
	tags, doubts := other.read(func(ctx context.Context) error {
		_, err := other.sql.ExecContext(ctx, "select other from products where id = $1", 7)
		return err
	})
	if !slices.Equal(tags, []string{"shop.products:*", "shop.products:7"}) || len(doubts) > 0 {
		t.Errorf("noted %q, %q", tags, doubts)
	}
}
