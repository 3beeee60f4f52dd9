// Transactions, and what is called after their commit.

package litedb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/dataflow"
)

type mark struct{}

// Each commit that wrote is reported, with the context that it belongs to.
func TestOnCommit(t *testing.T) {
	b := openShop(t)
	var got []string
	b.OnCommit(func(ctx context.Context) { got = append(got, fmt.Sprint(ctx.Value(mark{}))) })
	as := func(name string) context.Context { return context.WithValue(t.Context(), mark{}, name) }
	const write = "update products set price = price + 1 where id = 1"
	conn, err := b.sql.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begin := func(options *sql.TxOptions) *sql.Tx {
		tx, err := conn.BeginTx(as("tx"), options)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	exec := func(text string) error { _, err := conn.ExecContext(as("text"), text); return err }
	for _, c := range []struct {
		name string
		run  func() error
		want string
	}{
		{"a write", func() error { return exec(write) }, "[text]"},
		{"a read", func() error { return exec("select * from products") }, "[]"},
		{"a write of nothing", func() error { return exec("update products set price = 1 where id = 99") }, "[text]"},
		{"a write that fails", func() error {
			if exec("insert into products (id, title) values (1, 'x')") == nil {
				return errors.New("no error")
			}
			return nil
		}, "[]"},
		{"returning", func() error {
			var id int
			return conn.QueryRowContext(as("query"), write+" returning id").Scan(&id)
		}, "[query]"},
		{"a prepared write", func() error {
			s, err := conn.PrepareContext(t.Context(), write)
			if err != nil {
				return err
			}
			defer s.Close()
			_, err = s.ExecContext(as("prepared"))
			return err
		}, "[prepared]"},
		{"a commit", func() error {
			tx := begin(nil)
			_, err := tx.ExecContext(as("in"), write)
			return errors.Join(err, tx.Commit())
		}, "[tx]"},
		{"a rollback", func() error {
			tx := begin(nil)
			_, err := tx.ExecContext(as("in"), write)
			return errors.Join(err, tx.Rollback())
		}, "[]"},
		{"a commit of reads", func() error {
			tx := begin(&sql.TxOptions{ReadOnly: true})
			_, err := tx.ExecContext(as("in"), "select * from products")
			return errors.Join(err, tx.Commit())
		}, "[]"},
		{"a commit by text", func() error {
			return errors.Join(exec("begin"), exec(write), exec(write), exec("commit"))
		}, "[text]"},
		{"a rollback by text", func() error { return errors.Join(exec("begin immediate"), exec(write), exec("rollback")) }, "[]"},
		{"a savepoint", func() error { return errors.Join(exec("savepoint a"), exec(write), exec("release a")) }, "[text]"},
		{"a script", func() error { return exec("begin; " + write + "; commit") }, "[text]"},
		{"two statements", func() error { return exec("select 1; " + write) }, "[text]"},
		{"a new table", func() error { return exec("create table more (a)") }, "[text]"},
	} {
		got = nil
		if err := c.run(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v and not %s", c.name, got, c.want)
		}
		// The turn is free again: another connection can write.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := b.sql.ExecContext(ctx, "update products set views = 0"); err != nil {
			t.Fatalf("after %s: %v", c.name, err)
		}
		cancel()
	}
}

// A transaction that SQLite has rolled back does not go on as single statements.
func TestLostTransaction(t *testing.T) {
	b := openShop(t)
	tx, err := b.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "update products set price = 1 where id = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "insert or rollback into products (id, title) values (1, 'x')"); err == nil {
		t.Fatal("no error")
	}
	if _, err := tx.ExecContext(t.Context(), "update products set price = 2 where id = 2"); !errors.Is(err, litedb.ErrLost) {
		t.Errorf("the next statement gave %v", err)
	}
	if err := tx.Commit(); !errors.Is(err, litedb.ErrLost) {
		t.Errorf("the commit gave %v", err)
	}
	if got := b.drain(); len(got) > 0 || b.commits.Load() > 0 {
		t.Errorf("%d commits changed %v", b.commits.Load(), got)
	}
	b.exec("update products set price = 3 where id = 3")
}

// A transaction for reading sees one state, waits for no writer, and cannot
// write.
func TestReadOnlyTransaction(t *testing.T) {
	b := openShop(t)
	tx, err := b.sql.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	price := func() (p int) {
		if err := tx.QueryRowContext(t.Context(), "select price from products where id = 1").Scan(&p); err != nil {
			t.Error(err)
		}
		return p
	}
	before := price()
	b.exec("update products set price = 1000 where id = 1")
	if after := price(); after != before {
		t.Errorf("it saw %d and then %d", before, after)
	}
	if _, err := tx.ExecContext(t.Context(), "delete from products"); !errors.Is(err, litedb.ErrReadOnly) {
		t.Errorf("a write gave %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// A transaction that was begun by a text on a connection of the pool, and left
// open, does not keep others from writing.
func TestLeftOpen(t *testing.T) {
	b := openShop(t)
	b.exec("begin immediate")
	b.exec("update products set price = 1 where id = 1")
	if got := b.drain(); fmt.Sprint(got) != fmt.Sprint(tags("products products:1")) {
		t.Error(got)
	}
}

// Writers of one process never see that the database is locked, whatever they
// do.
func TestManyWriters(t *testing.T) {
	b := openShop(t)
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			for i := range 10 {
				if (w+i)%2 == 0 {
					b.exec("update products set price = price + 1 where id = 1")
					continue
				}
				tx, err := b.sql.BeginTx(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				var price int
				err = tx.QueryRowContext(t.Context(), "select price from products where id = 1").Scan(&price)
				if err == nil {
					_, err = tx.ExecContext(t.Context(), "update products set price = ? where id = 1", price+1)
				}
				if err := errors.Join(err, tx.Commit()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			b.drain()
		}
	})
	all.Wait()
	var price int
	if err := b.sql.QueryRow("select price from products where id = 1").Scan(&price); err != nil || price != 10+320 {
		t.Error(price, err)
	}
}

// A statement that takes too long ends, says so, and leaves the database usable.
func TestTimeout(t *testing.T) {
	const forever = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
	var observed []database.Statement
	b := openAt(t, openShop(t).path(), func(c *database.Config) {
		c.Timeout = 100 * time.Millisecond
		c.Observe = func(_ context.Context, s database.Statement) { observed = append(observed, s) }
	}, declared...)
	var n int
	err := b.sql.QueryRowContext(t.Context(), forever).Scan(&n)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "100ms (Options.Timeout)") {
		t.Errorf("a long statement gave %v", err)
	}
	if len(observed) != 1 || observed[0].Text != forever || observed[0].Err == nil || observed[0].Took < 100*time.Millisecond {
		t.Errorf("it was observed as %+v", observed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err = b.sql.QueryRowContext(ctx, forever).Scan(&n)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Options") {
		t.Errorf("the caller's deadline gave %v", err)
	}
	rows, err := b.sql.QueryContext(t.Context(), "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Options.Timeout") {
		t.Errorf("rows without end gave %v", err)
	}
	if err := rows.Close(); err != nil {
		t.Errorf("to close them gave %v", err)
	}
	tx, err := b.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRowContext(t.Context(), forever).Scan(&n); err == nil {
		t.Error("no error within a transaction")
	}
	if _, err := tx.ExecContext(t.Context(), "update products set price = 1 where id = 1"); err != nil {
		t.Errorf("after a read that was too long: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}

	// Another transaction of the process holds the turn.
	tx, err = b.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.sql.ExecContext(t.Context(), "delete from log"); err == nil || !strings.Contains(err.Error(), "another transaction of this process") {
		t.Errorf("a write beside a transaction gave %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	b.exec("delete from log")
}

// What a statement in a loader's transaction reads is noted, though it has no
// context of its own.
func TestReadsOfTransaction(t *testing.T) {
	b := openShop(t)
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(t.Context(), reads)
	tx, err := b.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("select count(*) from products").Scan(&n); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if got := reads.Tags(); fmt.Sprint(got) != fmt.Sprint(tags("* products")) {
		t.Error(got)
	}
}

// The driver's own connection can be reached.
func TestUnwrap(t *testing.T) {
	b := openShop(t)
	conn, err := b.sql.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := sqlite.Limit(conn, 0, 1000); err != nil {
		t.Error(err)
	}
	err = conn.Raw(func(c any) error {
		raw := c.(interface{ Unwrap() driver.Conn }).Unwrap()
		backup, err := raw.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(t.TempDir() + "/backup.db")
		if err != nil {
			return err
		}
		if _, err := backup.Step(-1); err != nil {
			return err
		}
		return backup.Finish()
	})
	if err != nil {
		t.Error(err)
	}
}
