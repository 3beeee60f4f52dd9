// The queue against the contract, and what it leaves of the app's database alone.

package jobdb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/jobs/jobstest"
)

// each runs a test with each dialect. The function makes an empty database.
func each(t *testing.T, test func(t *testing.T, dialect database.Dialect, empty func(t testing.TB, options database.Options) *database.DB)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, litedb.Dialect, litedbtest.Open) })
	t.Run("postgresql", func(t *testing.T) { t.Parallel(); test(t, pgdb.Dialect, pgdbtest.Open) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestContract runs the laws with the default isolation of each dialect, and of
// PostgreSQL with the strictest.
func TestContract(t *testing.T) {
	each(t, func(t *testing.T, dialect database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		contract(t, dialect, empty, "")
	})
	t.Run("postgresql serializable", func(t *testing.T) {
		t.Parallel()
		contract(t, pgdb.Dialect, pgdbtest.Open, "&default_transaction_isolation=serializable")
	})
}

func contract(t *testing.T, dialect database.Dialect, empty func(testing.TB, database.Options) *database.DB, more string) {
	url := empty(t, database.Options{}).Options().URL + more
	var places atomic.Int64
	jobstest.Harness{
		Place: func(t *testing.T) func() jobs.Store {
			schema := fmt.Sprint("place", places.Add(1))
			open := func() opened {
				db := database.Open(dialect, database.Options{URL: url, Schema: schema, Conns: 4})
				db.Use(slog.New(slog.DiscardHandler), true)
				t.Cleanup(func() { _ = db.Close() })
				return opened{jobdb.In(db), db}
			}
			_, err := open().db.Migrate(t.Context())
			must(t, err)
			return func() jobs.Store { return open() }
		},
		Begin: func(t *testing.T, s jobs.Store) (jobs.Adder, func(bool) error) {
			o, ok := s.(opened)
			if !ok {
				t.Fatal("another store")
			}
			tx, err := o.db.SQL().BeginTx(t.Context(), nil)
			must(t, err)
			return o.In(tx), func(commit bool) error {
				if commit {
					return tx.Commit()
				}
				return tx.Rollback()
			}
		},
	}.Run(t)
}

// An opened queue knows its database.
type opened struct {
	*jobdb.Queue
	db *database.DB
}

// migrated is a queue in an empty database.
func migrated(t testing.TB, empty func(testing.TB, database.Options) *database.DB) (*database.DB, *jobdb.Queue) {
	t.Helper()
	db := empty(t, database.Options{})
	q := jobdb.In(db)
	_, err := db.Migrate(t.Context())
	must(t, err)
	return db, q
}

// Until the migrate command has run, each call says so.
func TestLayout(t *testing.T) {
	each(t, func(t *testing.T, _ database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		q := jobdb.In(empty(t, database.Options{}))
		if _, err := q.Add(t.Context(), jobs.New{Kind: "x"}); !errors.Is(err, jobs.ErrLayout) {
			t.Errorf("add: %v", err)
		}
		if _, _, err := q.Next(t.Context(), []string{"x"}); !errors.Is(err, jobs.ErrLayout) {
			t.Errorf("next: %v", err)
		}
	})
}

// In a scope, a job is part of its transaction.
func TestScope(t *testing.T) {
	each(t, func(t *testing.T, _ database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		db, q := migrated(t, empty)
		fails := errors.New("fails")
		for _, want := range []error{fails, nil} {
			err := db.Scope(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
				if _, err := q.Add(ctx, jobs.New{Kind: "x"}); err != nil {
					return err
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Fatal(err)
			}
			list, err := q.List(t.Context(), jobs.Filter{})
			must(t, err)
			if (len(list) == 1) != (want == nil) {
				t.Errorf("ended with %v: %d jobs", want, len(list))
			}
		}
	})
}

// What the queue does is not the business of pages: a loader that adds a job
// depends on nothing for it, and nothing is purged.
func TestApart(t *testing.T) {
	each(t, func(t *testing.T, _ database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		db, q := migrated(t, empty)
		reads, commits := new(dataflow.Reads), new(dataflow.Commits)
		ctx := dataflow.WithCommits(dataflow.WithReads(t.Context(), reads), commits)
		tx, err := db.SQL().BeginTx(t.Context(), nil)
		must(t, err)
		_, err = q.In(tx).Add(ctx, jobs.New{Kind: "x"})
		must(t, err)
		must(t, tx.Commit())
		_, err = q.Add(ctx, jobs.New{Kind: "x", Key: "k"})
		must(t, err)
		_, err = q.List(ctx, jobs.Filter{})
		must(t, err)
		if tags := reads.Tags(); len(tags) > 0 || len(reads.Doubts()) > 0 {
			t.Errorf("the loader depends on %q, doubts %q", tags, reads.Doubts())
		}
		if token := commits.Wait(t.Context()); token != 0 {
			t.Errorf("a purge was waited for: %d", token)
		}
	})
}

// A job is due by the clock of the store, from the same instant that it was added
// at.
func TestClock(t *testing.T) {
	each(t, func(t *testing.T, _ database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		_, q := migrated(t, empty)
		_, err := q.Add(t.Context(), jobs.New{Kind: "x", After: time.Minute})
		must(t, err)
		list, err := q.List(t.Context(), jobs.Filter{})
		must(t, err)
		if d := list[0].Due.Sub(list[0].Added); d < time.Minute-time.Millisecond || d > time.Minute+time.Millisecond {
			t.Errorf("due %s after it was added", d)
		}
	})
}

// With pgx, a job joins the transaction of a scope that pgdb.Tx is in, too.
func TestPgx(t *testing.T) {
	db, q := migrated(t, pgdbtest.Open)
	_, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE orders (id TEXT PRIMARY KEY)")
	must(t, err)
	fails := errors.New("fails")
	for _, want := range []error{fails, nil} {
		err := db.Scope(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error {
			err := pgdb.Tx(ctx, db, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO orders (id) VALUES ('7')")
				return err
			})
			if err != nil {
				return err
			}
			if _, err := q.Add(ctx, jobs.New{Kind: "receipt"}); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		var orders, receipts int
		must(t, db.SQL().QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM "+db.OwnTable("jobs")+")").Scan(&orders, &receipts))
		if ok := want == nil; (orders == 1) != ok || (receipts == 1) != ok {
			t.Errorf("ended with %v: %d orders, %d receipts", want, orders, receipts)
		}
	}
}
