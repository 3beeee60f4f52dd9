// The databases of the tests.

package roomdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/testbed"
)

var shared struct {
	once   sync.Once
	server *testbed.Server
	err    error
	number atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.Close()
	}
	os.Exit(code)
}

// A kindOf database: its name, its dialect, and how to make the URL of an empty
// one.
type kindOf struct {
	name    string
	dialect database.Dialect
	url     func(t testing.TB) string
}

var all = []kindOf{
	{"sqlite", litedb.Dialect, func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "app.db") }},
	{"postgresql", pgdb.Dialect, newPostgres},
	{"postgresql serializable", pgdb.Dialect, func(t testing.TB) string { return newPostgres(t) + "&default_transaction_isolation=serializable" }},
}

// each runs a test with each kind.
func each(t *testing.T, test func(t *testing.T, k kindOf)) {
	for _, k := range all {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

// open opens a database; "" is the usual schema.
func (k kindOf) open(t testing.TB, url, schema string) *database.DB {
	t.Helper()
	db := database.Open(k.dialect, database.Options{URL: url, Schema: schema, Conns: 4, Timeout: 2 * time.Minute})
	db.Use(slog.New(slog.DiscardHandler), false)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrated opens a store in a new database.
func migrated(t testing.TB, k kindOf) (*database.DB, rooms.Log) {
	t.Helper()
	db := k.open(t, k.url(t), "")
	s := roomdb.In(db)
	_, err := db.Migrate(t.Context())
	must(t, err)
	return db, s
}

// newPostgres is the URL of an empty database.
func newPostgres(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = testbed.Postgres() })
	testbed.For(t, func() (*testbed.Server, error) { return new(testbed.Server), shared.err })
	return newIn(t, shared.server)
}

// newIn is the URL of an empty database of a server.
func newIn(t testing.TB, server *testbed.Server) string {
	t.Helper()
	name := fmt.Sprintf("rooms%d", shared.number.Add(1))
	conn, err := pgx.Connect(context.Background(), server.URL)
	if err == nil {
		_, err = conn.Exec(context.Background(), "CREATE DATABASE "+name)
		err = errors.Join(err, conn.Close(context.Background()))
	}
	must(t, err)
	return strings.Replace(server.URL, "/gorgon?", "/"+name+"?", 1)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// calls are the results of each method, by name.
func calls(ctx context.Context, s rooms.Log) map[string]error {
	const room = "canvas/1"
	results := map[string]error{"Beat": s.Beat(ctx, rooms.Instance{ID: "a", Address: "10.0.0.1:80", Key: "key"}, time.Minute)}
	var at rooms.Position
	at, results["Append"] = s.Append(ctx, room, rooms.Append{Entries: [][]byte{{1}, {2}}})
	_, results["Claim"] = s.Claim(ctx, room, rooms.Claim{Instance: "a"})
	results["Save"] = s.Save(ctx, room, at, []byte("state"), 1)
	_, results["Read"] = s.Read(ctx, room, 0, 10)
	_, results["Positions"] = s.Positions(ctx, []string{room})
	results["Release"] = s.Release(ctx, room, 1)
	results["Leave"] = s.Leave(ctx, "a")
	_, results["Sweep"] = s.Sweep(ctx, "canvas/", 0)
	return results
}
