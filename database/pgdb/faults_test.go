// Faults: what they say, and what they do not.

package pgdb_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/dataflow"
)

func TestURLs(t *testing.T) {
	for _, url := range []string{
		"", "s3cret", "mysql://u:s3cret@host/db", "postgres://u:s3cret@host:port/db", "postgres://u:s3/cret%zz@host/db",
		"postgres://u:s3cret@host/db?sslmode=s3cret", "postgres://u:s3cret@host/db?sslrootcert=/s3cret", "postgres://u:s3cret@host/db?pool_max_conns=s3cret",
	} {
		_, err := pgdb.Dialect.Open(config(url))
		if err == nil {
			t.Errorf("%s was accepted", url)
		} else if strings.Contains(err.Error(), "s3") {
			t.Errorf("%v", err)
		}
	}
	e, err := pgdb.Dialect.Open(config("postgres://u:s3cret@127.0.0.1:1/db?connect_timeout=2"))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Shown() != "postgres://127.0.0.1:1/db" {
		t.Error(e.Shown())
	}
	if _, err := e.Tag(t.Context()); err == nil || !strings.Contains(err.Error(), "connect to postgres://127.0.0.1:1/db") || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
	db := database.Open(pgdb.Dialect, database.Options{URL: "nonsense"})
	defer db.SQL().Close()
	pool := pgdb.Pool(db)
	if _, err := pool.Exec(t.Context(), "select 1"); err == nil {
		t.Error("Exec")
	}
	rows, err := pool.Query(t.Context(), "select 1")
	if err == nil || rows.Err() == nil {
		t.Error("Query")
	}
	if _, err := pgx.CollectRows(rows, pgx.RowTo[int]); err == nil {
		t.Error("CollectRows")
	}
	if err := pool.QueryRow(t.Context(), "select 1").Scan(new(int)); err == nil {
		t.Error("QueryRow")
	}
	if err := pool.SendBatch(t.Context(), &pgx.Batch{}).Close(); err == nil {
		t.Error("SendBatch")
	}
	if _, err := pool.Begin(t.Context()); err == nil {
		t.Error("Begin")
	}
	if _, err := pool.Acquire(t.Context()); err == nil {
		t.Error("Acquire")
	}
	if _, err := pool.CopyFrom(t.Context(), pgx.Identifier{"x"}, nil, nil); err == nil {
		t.Error("CopyFrom")
	}
	if err := pgdb.Tx(t.Context(), db, func(pgx.Tx) error { return nil }); err == nil {
		t.Error("Tx")
	}
}

// A URL of another kind of database is called that, and no part of it is shown.
func TestOtherKinds(t *testing.T) {
	const sqlite, other, malformed = "(DATABASE_URL) is that of a SQLite database, and the program's source opens PostgreSQL", "is that of another kind of database than PostgreSQL", "must be like postgres://"
	for url, want := range map[string]string{
		"sqlite:s3cret.db": sqlite, "sqlite:///var/s3cret": sqlite, "SQLITE:s3cret": sqlite, "file:s3cret?sync=full": sqlite, "data/s3cret.db": sqlite, "s3cret.sqlite3": sqlite,
		"mysql://u:s3cret@host/db": other, "mongodb+srv://s3cret": other, "redis://:s3cret@host": other,
		"host=db password=s3cret": malformed, "s3cret": malformed, "u:s3cret@host/db": malformed, "": malformed,
	} {
		if _, err := pgdb.Dialect.Open(config(url)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(strings.ToLower(err.Error()), "s3cret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// A statement that takes too long is ended, on the server, too, and its
// connection goes on.
func TestTimeout(t *testing.T) {
	t.Parallel()
	url, _ := newDatabase(t)
	f := openFixture(t, config(url))
	db := openDB(t, f, database.Options{Timeout: 200 * time.Millisecond, Conns: 1})
	pool := pgdb.Pool(db)
	var before, after int
	if err := pool.QueryRow(t.Context(), "select pg_backend_pid()").Scan(&before); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"Exec":         func() error { _, err := pool.Exec(t.Context(), "select pg_sleep(60)"); return err },
		"QueryRow":     func() error { return pool.QueryRow(t.Context(), "select pg_sleep($1)", 60).Scan(nil) },
		"database/sql": func() error { _, err := db.SQL().ExecContext(t.Context(), "select pg_sleep(60)"); return err },
		"rows of database/sql": func() error {
			rows, err := db.SQL().QueryContext(t.Context(), "select pg_sleep(case g when 3 then 60 else 0 end) from generate_series(1, 4) g")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
		"transaction": func() error {
			return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), "select pg_sleep(60)"); return err })
		},
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "the statement took longer than 200ms (Options.Timeout)") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := pool.QueryRow(t.Context(), "select pg_backend_pid()").Scan(&after); err != nil || before != after {
		t.Errorf("the connection was lost: %d, %d, %v", before, after, err)
	}
	// A caller's own deadline is the caller's.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := pool.Exec(ctx, "select pg_sleep(60)"); err == nil || strings.Contains(err.Error(), "Options.Timeout") {
		t.Errorf("the caller's deadline: %v", err)
	}
	// Migrations take as long as they take.
	engine, err := db.Engine()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Lock(t.Context(), func(ctx context.Context) error { _, err := pool.Exec(ctx, "select pg_sleep(0.4)"); return err }); err != nil {
		t.Error(err)
	}
}

// Slow statements are logged, without what callers pass.
func TestSlow(t *testing.T) {
	t.Parallel()
	url, _ := newDatabase(t)
	var log bytes.Buffer
	var seen []database.Statement
	c := config(url)
	c.Slow, c.Log = time.Nanosecond, slog.New(slog.NewTextHandler(&log, nil))
	c.Observe = func(_ context.Context, s database.Statement) { seen = append(seen, s) }
	f := openFixture(t, c)
	if _, err := f.sql.Exec("-- name: Slow :exec\nselect $1::text, '"+strings.Repeat("é", 1000)+"'", "s3cret"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.sql.Exec("select 1/0"); err == nil {
		t.Fatal("no fault")
	}
	said := log.String()
	if !strings.Contains(said, "name: Slow :exec") || strings.Contains(said, "s3cret") || len(said) > 2500 || strings.Count(said, "\n") != 2 {
		t.Error(said)
	}
	if len(seen) != 2 || !strings.HasPrefix(seen[0].Text, "-- name: Slow") || seen[0].Took <= 0 || seen[0].Err != nil || seen[1].Err == nil {
		t.Errorf("%+v", seen)
	}
}

// In development, a query of a loader whose reads cannot be found out fails.
func TestStrict(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library, libraryTables()...)
	c := config(f.url, libraryTables()...)
	c.Strict = true
	strict := openFixture(t, c)
	ctx := dataflow.WithReads(t.Context(), new(dataflow.Reads))
	for _, text := range []string{"explain select * from products", "select 1; select * from products", "select * from nothing", "call nothing()"} {
		for range 2 {
			if _, err := strict.sql.ExecContext(ctx, text); err == nil || !strings.Contains(err.Error(), "cannot find out what this statement of a loader reads") {
				t.Errorf("%s: %v", text, err)
			}
		}
		if _, err := strict.sql.QueryContext(ctx, text); err == nil || !strings.Contains(err.Error(), "of a loader") {
			t.Errorf("%s: %v", text, err)
		}
	}
	// Doubts do not fail, nor does what reads nothing, nor what is not a loader's.
	for _, text := range []string{"select hidden()", "select * from unlisted", "set work_mem = '1MB'", "select * from products"} {
		if _, err := strict.sql.ExecContext(ctx, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := strict.sql.ExecContext(t.Context(), "explain select * from products"); err != nil {
		t.Error(err)
	}
	// What was refused was not executed.
	run(t, f.other, "create table made (id int)")
	if _, err := strict.sql.ExecContext(ctx, "select 1; drop table made"); err == nil {
		t.Error("it was not refused")
	}
	run(t, f.other, "select * from made")
}

// An analysis executes nothing, whatever the text is.
func TestAnalysisExecutesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, library+"create function boom() returns int language plpgsql as 'begin insert into authors values (99); return 1; end'", libraryTables()...)
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(t.Context(), reads)
	tx, err := f.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"select boom()", "delete from products", "with x as (delete from products returning id) select * from x",
		"select nextval('numbers')",
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"select 1; delete from products", "select 1) ; delete from products; --", "select 1 /*", "select $1$"} {
		_, _ = f.sql.ExecContext(ctx, "/* */ rollback; "+text)
	}
	var products, authors, last int
	if err := f.other.QueryRow(t.Context(), "select (select count(*) from products), (select count(*) from authors), (select last_value from numbers)").Scan(&products, &authors, &last); err != nil {
		t.Fatal(err)
	}
	if authors != 0 || last != 1 {
		t.Errorf("%d authors, last number %d", authors, last)
	}
	if tags := reads.Tags(); len(tags) == 0 {
		t.Error("nothing was noted")
	}
}

// Tx runs a transaction again that lost against another one.
func TestTx(t *testing.T) {
	t.Parallel()
	f := newFixture(t, shop, shopTables()...)
	db := openDB(t, f, database.Options{})
	tries := 0
	if err := pgdb.Tx(t.Context(), db, func(tx pgx.Tx) error {
		tries++
		if _, err := tx.Exec(t.Context(), "set transaction isolation level repeatable read"); err != nil {
			return err
		}
		if err := tx.QueryRow(t.Context(), "select price from products where id = 1").Scan(new(int)); err != nil {
			return err
		}
		if tries < 3 {
			run(t, f.other, "update products set price = price + 1 where id = 1")
		}
		_, err := tx.Exec(t.Context(), "update products set price = price + 1 where id = 1")
		return err
	}); err != nil || tries != 3 {
		t.Errorf("%d tries: %v", tries, err)
	}
	tries = 0
	err := pgdb.Tx(t.Context(), db, func(tx pgx.Tx) error {
		tries++
		_, err := tx.Exec(t.Context(), "do $$ begin raise exception using errcode = '40001'; end $$")
		return err
	})
	engine, _ := db.Engine()
	if tries != 6 || !engine.Retry(err) {
		t.Errorf("%d tries: %v", tries, err)
	}
	mine := errors.New("mine")
	if err := pgdb.Tx(t.Context(), db, func(tx pgx.Tx) error { return mine }); !errors.Is(err, mine) || engine.Retry(err) {
		t.Error(err)
	}
}
