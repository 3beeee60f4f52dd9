// The store against the contract, and what it leaves of the app's database
// alone.

package sessiondb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/sessions/sessionstest"
)

func TestContract(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		t.Parallel()
		url := k.URL(t)
		var dbs sync.Map
		var places atomic.Int64
		sessionstest.Harness{
			Place: func(t *testing.T) func() sessions.Store {
				schema := fmt.Sprint("place", places.Add(1))
				db := k.Open(t, database.Options{URL: url, Schema: schema})
				sessiondb.In(db)
				if _, err := db.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				return func() sessions.Store {
					db := k.Open(t, database.Options{URL: url, Schema: schema})
					s := sessiondb.In(db)
					dbs.Store(s, db)
					return s
				}
			},
			Kept: func(t *testing.T, s sessions.Store) (records, limits int) {
				v, _ := dbs.Load(s)
				db, _ := v.(*database.DB)
				databasetest.Must(t, db.SQL().QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM "+db.OwnTable("sessions")+"), (SELECT count(*) FROM "+db.OwnTable("limits")+")").Scan(&records, &limits))
				return records, limits
			},
		}.Run(t)
	})
}

// migrated opens a store in a database with a table of the app.
func migrated(t testing.TB, k databasetest.Kind) (*database.DB, sessions.Store) {
	t.Helper()
	db := k.Open(t, database.Options{})
	s := sessiondb.In(db)
	_, err := db.Migrate(t.Context())
	databasetest.Must(t, err)
	return db, s
}

func record(name string) sessions.Record {
	return sessions.Record{ID: sessions.IDOf(name), Kind: "session", User: "7", Data: []byte("data"), Made: time.Now(), Used: time.Now(), Expires: time.Now().Add(time.Hour)}
}

// calls are the results of each method, by name.
func calls(ctx context.Context, s sessions.Store) map[string]error {
	r := record("calls")
	results := map[string]error{"Put": s.Put(ctx, r)}
	_, results["Get"] = s.Get(ctx, r.Kind, r.ID)
	results["Touch"] = s.Touch(ctx, r.Kind, r.ID, r.Used, r.Expires)
	results["Replace"] = s.Replace(ctx, r.ID, r)
	_, results["List"] = s.List(ctx, r.Kind, r.User)
	_, results["Take"] = s.Take(ctx, r.Kind, r.ID)
	_, results["Revoke"] = s.Revoke(ctx, "", r.User)
	_, results["Spend"] = s.Spend(ctx, "key", sessions.Rate{N: 1000, Per: time.Second})
	return results
}

// Without its tables the store says what to do; the database reports them as
// pending, and makes them.
func TestLayout(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db := k.Open(t, database.Options{})
		s := sessiondb.In(db)
		for name, err := range calls(t.Context(), s) {
			if !errors.Is(err, sessions.ErrLayout) || !strings.Contains(err.Error(), "migrate command") {
				t.Errorf("%s gave %v", name, err)
			}
		}
		if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "make the tables of sessions") {
			t.Errorf("the check says %v", err)
		}
		_, err := db.Migrate(t.Context())
		databasetest.Must(t, err)
		databasetest.Must(t, db.Check(t.Context()))
		for name, err := range calls(t.Context(), s) {
			if err != nil {
				t.Errorf("%s gave %v", name, err)
			}
		}
	})
}

// What a page reads of sessions is not among its reads, and what they write is
// not looked for in the outbox.
func TestApart(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		engine, err := db.Engine()
		databasetest.Must(t, err)
		engine.OnCommit(func(context.Context) { t.Error("a commit was told") })
		reads, commits := new(dataflow.Reads), new(dataflow.Commits)
		ctx := dataflow.WithCommits(dataflow.WithReads(t.Context(), reads), commits)
		for range 20 { // until some are removed
			for name, err := range calls(ctx, s) {
				if err != nil {
					t.Errorf("%s gave %v", name, err)
				}
			}
		}
		if tags, doubts := reads.Tags(), reads.Doubts(); len(tags)+len(doubts) > 0 {
			t.Errorf("noted %q, doubts %q", tags, doubts)
		}
		if changes, err := engine.Look(t.Context()); err != nil || len(changes) > 2 { // the two of a migration
			t.Errorf("%d changes in the outbox, %v", len(changes), err)
		}
	})
}

// Reading goes on while a transaction of the app writes.
func TestReadsBesideAWriter(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		r := record("a")
		databasetest.Must(t, s.Put(t.Context(), r))
		tx, err := db.SQL().BeginTx(t.Context(), nil)
		databasetest.Must(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), "CREATE TABLE more (id INTEGER)")
		databasetest.Must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err = s.Get(ctx, r.Kind, r.ID)
		databasetest.Must(t, err)
		_, err = s.List(ctx, r.Kind, r.User)
		databasetest.Must(t, err)
	})
}

// A database that is closed is a store that is closed.
func TestClosedDatabase(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		databasetest.Must(t, s.Put(t.Context(), record("a")))
		databasetest.Must(t, db.Close())
		for name, err := range calls(t.Context(), s) {
			if !errors.Is(err, sessions.ErrClosed) {
				t.Errorf("%s gave %v", name, err)
			}
		}
	})
}

// Two apps in one database have sessions of their own.
func TestSchemas(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		url := k.URL(t)
		var stores []sessions.Store
		for _, schema := range []string{"shop", "forum"} {
			db := k.Open(t, database.Options{URL: url, Schema: schema})
			stores = append(stores, sessiondb.In(db))
			_, err := db.Migrate(t.Context())
			databasetest.Must(t, err)
		}
		databasetest.Must(t, stores[0].Put(t.Context(), record("a")))
		if _, err := stores[1].Get(t.Context(), "session", sessions.IDOf("a")); !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("the other app gets %v", err)
		}
	})
}
