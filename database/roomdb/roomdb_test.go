// What the store does beyond the contract, and what it leaves of the app's
// database alone.

package roomdb_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	neturl "net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
)

// TestContract runs the laws with the default isolation of each dialect, and of
// PostgreSQL with the strictest.
func TestContract(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		t.Parallel()
		url := k.URL(t)
		var places atomic.Int64
		roomstest.Run(t, func(t *testing.T) func() rooms.Log {
			schema := fmt.Sprint("place", places.Add(1))
			db := open(t, k, url, schema)
			roomdb.In(db)
			_, err := db.Migrate(t.Context())
			databasetest.Must(t, err)
			return func() rooms.Log { return roomdb.In(open(t, k, url, schema)) }
		})
	})
}

// Without its tables the store says what to do; the database reports them as
// pending, and makes them.
func TestLayout(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db := open(t, k, "", "")
		s := roomdb.In(db)
		for name, err := range calls(t.Context(), s) {
			if !errors.Is(err, rooms.ErrLayout) || !strings.Contains(err.Error(), "migrate command") {
				t.Errorf("%s gave %v", name, err)
			}
		}
		if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "make the tables of rooms") {
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

// What a page reads of rooms is not among its reads, and what they write is not
// looked for in the outbox.
func TestApart(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		engine, err := db.Engine()
		databasetest.Must(t, err)
		engine.OnCommit(func(context.Context) { t.Error("a commit was told") })
		reads, commits := new(dataflow.Reads), new(dataflow.Commits)
		ctx := dataflow.WithCommits(dataflow.WithReads(t.Context(), reads), commits)
		for name, err := range calls(ctx, s) {
			if err != nil {
				t.Errorf("%s gave %v", name, err)
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

// A database that is closed is a store that is closed.
func TestClosedDatabase(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		databasetest.Must(t, db.Close())
		for name, err := range calls(t.Context(), s) {
			if !errors.Is(err, rooms.ErrClosed) {
				t.Errorf("%s gave %v", name, err)
			}
		}
	})
}

// Two apps in one database have rooms of their own.
func TestSchemas(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		url := k.URL(t)
		var stores []rooms.Log
		for _, schema := range []string{"shop", "forum"} {
			db := open(t, k, url, schema)
			stores = append(stores, roomdb.In(db))
			_, err := db.Migrate(t.Context())
			databasetest.Must(t, err)
		}
		_, err := stores[0].Append(t.Context(), "a", rooms.Append{Entries: [][]byte{{1}}})
		databasetest.Must(t, err)
		if at, err := stores[1].Positions(t.Context(), []string{"a"}); err != nil || at[0] != (rooms.Position{}) {
			t.Errorf("the other app gets %v, %v", at, err)
		}
	})
}

// In a scope of the app, rooms can be read. What writes fails: it would be
// acknowledged, and rolled back with the rest.
func TestScope(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		for name, err := range calls(t.Context(), s) {
			if err != nil {
				t.Errorf("%s gave %v", name, err)
			}
		}
		databasetest.Must(t, db.Scope(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error {
			for name, err := range calls(ctx, s) {
				if reads := name == "Read" || name == "Positions"; reads != (err == nil) {
					t.Errorf("%s gave %v", name, err)
				}
			}
			return nil
		}))
	})
}

// Reading goes on while a transaction of the app writes.
func TestReadsBesideAWriter(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		_, err := s.Append(t.Context(), "a", rooms.Append{Entries: [][]byte{{1}}})
		databasetest.Must(t, err)
		tx, err := db.SQL().BeginTx(t.Context(), nil)
		databasetest.Must(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), "CREATE TABLE more (id INTEGER)")
		databasetest.Must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if tail, err := s.Read(ctx, "a", 0, 10); err != nil || len(tail.Entries) != 1 {
			t.Errorf("%v, %v", tail, err)
		}
	})
}

// The ways in which statements are sent, such as those for proxies, give the same
// results.
func TestModes(t *testing.T) {
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			_, s := migrated(t, databasetest.Postgres("&default_query_exec_mode="+mode))
			name := "a\x00\xff'\\"
			at, err := s.Append(t.Context(), name, rooms.Append{Entries: [][]byte{[]byte(`\x00'"{},`), {0, 0xff}}})
			databasetest.Must(t, err)
			tail, err := s.Read(t.Context(), name, 0, 10)
			databasetest.Must(t, err)
			if got := fmt.Sprintf("%q", tail.Entries); got != `["\\x00'\"{}," "\x00\xff"]` || tail.At != at || (rooms.Position{}).After(tail.Entries) != at {
				t.Errorf("%s at %v, was appended to %v", got, tail.At, at)
			}
			list, err := s.Positions(t.Context(), []string{"other", name})
			if err != nil || list[1] != at {
				t.Errorf("%v, %v", list, err)
			}
			for name, err := range calls(t.Context(), s) {
				if err != nil {
					t.Errorf("%s gave %v", name, err)
				}
			}
		})
	}
}

// Instances that are gone leave nothing behind, and a room that was removed is not
// given with a token that it had before.
func TestRemains(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		db, s := migrated(t, k)
		count := func(table string) (n int) {
			databasetest.Must(t, db.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM "+db.OwnTable(table)).Scan(&n))
			return n
		}
		databasetest.Must(t, s.Beat(t.Context(), rooms.Instance{ID: "old"}, -2*time.Hour))
		databasetest.Must(t, s.Beat(t.Context(), rooms.Instance{ID: "new"}, time.Minute))
		if n := count("rooms_instances"); n != 1 {
			t.Errorf("%d instances are stored", n)
		}
		last := uint64(0)
		for range 3 {
			seat, err := s.Claim(t.Context(), "a", rooms.Claim{Instance: "new"})
			databasetest.Must(t, err)
			if !seat.Mine || seat.Token <= last {
				t.Errorf("%+v after the token %d", seat, last)
			}
			last = seat.Token
			at, err := s.Append(t.Context(), "a", rooms.Append{Token: seat.Token, Entries: [][]byte{{1}, {2}, {3}}})
			databasetest.Must(t, err)
			databasetest.Must(t, s.Save(t.Context(), "a", at, []byte("state"), 2))
			if entries := count("rooms_entries"); entries != 2 {
				t.Errorf("%d entries are stored", entries)
			}
			databasetest.Must(t, s.Release(t.Context(), "a", seat.Token))
			n, err := s.Sweep(t.Context(), "a", 0)
			databasetest.Must(t, err)
			if left := count("rooms") + count("rooms_entries") + count("rooms_snapshots"); n != 1 || left > 0 {
				t.Errorf("%d rooms were removed, and %d rows are left", n, left)
			}
		}
	})
}

// A role without rights on the tables is told which ones it needs.
func TestRights(t *testing.T) {
	k := databasetest.Postgres("")
	url := k.URL(t)
	db := open(t, k, url, "")
	roomdb.In(db)
	_, err := db.Migrate(t.Context())
	databasetest.Must(t, err)
	role := strings.ToLower(rand.Text()) // of the whole server
	_, err = db.SQL().ExecContext(t.Context(), "CREATE ROLE \""+role+"\" LOGIN")
	databasetest.Must(t, err)
	as, err := neturl.Parse(url)
	databasetest.Must(t, err)
	as.User = neturl.User(role)
	s := roomdb.In(open(t, k, as.String(), ""))
	for name, err := range calls(t.Context(), s) {
		if err == nil || !strings.Contains(err.Error(), `needs usage on the schema "gorgon_data"`) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	for _, right := range []string{"USAGE ON SCHEMA gorgon_data", "SELECT, INSERT, UPDATE, DELETE ON gorgon_data.rooms, gorgon_data.rooms_entries, gorgon_data.rooms_snapshots, gorgon_data.rooms_instances"} {
		_, err := db.SQL().ExecContext(t.Context(), "GRANT "+right+" TO \""+role+"\"")
		databasetest.Must(t, err)
	}
	for name, err := range calls(t.Context(), s) {
		if err != nil {
			t.Errorf("%s gave %v", name, err)
		}
	}
}
