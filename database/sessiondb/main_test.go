// The databases of the tests.

package sessiondb_test

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

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
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
	db := database.Open(k.dialect, database.Options{URL: url, Schema: schema})
	db.Use(slog.New(slog.DiscardHandler), false)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newPostgres is the URL of an empty database.
func newPostgres(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = testbed.Postgres() })
	testbed.For(t, func() (*testbed.Server, error) { return new(testbed.Server), shared.err })
	name := fmt.Sprintf("sessions%d", shared.number.Add(1))
	conn, err := pgx.Connect(context.Background(), shared.server.URL)
	if err == nil {
		_, err = conn.Exec(context.Background(), "CREATE DATABASE "+name)
		err = errors.Join(err, conn.Close(context.Background()))
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(shared.server.URL, "/gorgon?", "/"+name+"?", 1)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
