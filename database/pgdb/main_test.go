// The server that all tests share, and a database in it for each of them.

package pgdb_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/testbed"
)

// shared is the server of all tests.
type shared struct {
	once sync.Once
	*testbed.Server
	err error
}

var server shared

func TestMain(m *testing.M) {
	code := m.Run()
	if server.Server != nil {
		server.Close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

func shareServer(tb testing.TB) *testbed.Server {
	tb.Helper()
	server.once.Do(func() { server.Server, server.err = testbed.Postgres() })
	if server.err != nil { // which skips the test if it is not installed
		testbed.For(tb, func() (*testbed.Server, error) { return nil, server.err })
	}
	return server.Server
}

// newDatabase makes a new database, and returns its URL and its name.
func newDatabase(tb testing.TB) (url, name string) {
	tb.Helper()
	s := shareServer(tb)
	name = "t" + strings.ToLower(rand.Text())
	conn := direct(tb, s.URL)
	run(tb, conn, "create database "+name)
	return strings.Replace(s.URL, "/gorgon?", "/"+name+"?", 1), name
}

// direct opens a connection to a server without the package.
func direct(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(tb testing.TB, conn *pgx.Conn, sql string, args ...any) {
	tb.Helper()
	if _, err := conn.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(sql, err)
	}
}

// A fixture is an opened database with a connection beside it.
type fixture struct {
	tb     testing.TB
	url    string
	name   string
	schema string
	engine database.Engine
	sql    *sql.DB
	other  *pgx.Conn // of another program

	mu      sync.Mutex
	commits int
}

// config is that of tests.
func config(url string, tables ...database.Table) database.Config {
	return database.Config{
		Options: database.Options{URL: url, Tables: tables, Timeout: 20e9, Slow: -1, Poll: 500e6, Schema: "gorgon_data"},
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// newFixture makes a database with a schema and the layout of some tables.
func newFixture(tb testing.TB, schema string, tables ...database.Table) *fixture {
	tb.Helper()
	url, name := newDatabase(tb)
	f := openFixture(tb, config(url, tables...))
	f.name = name
	run(tb, f.other, schema)
	f.layout()
	return f
}

// openFixture opens a database without a layout.
func openFixture(tb testing.TB, c database.Config) *fixture {
	tb.Helper()
	f := &fixture{tb: tb, url: c.URL, schema: c.Schema, other: direct(tb, c.URL)}
	var err error
	if f.engine, err = pgdb.Dialect.Open(c); err != nil {
		tb.Fatal(err)
	}
	f.engine.OnCommit(func(context.Context) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.commits++
	})
	f.sql = sql.OpenDB(f.engine.Connector())
	f.sql.SetMaxIdleConns(-1)
	tb.Cleanup(func() {
		if err := f.sql.Close(); err != nil {
			tb.Error(err)
		}
		if err := f.engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	return f
}

func (f *fixture) layout() {
	f.tb.Helper()
	if _, err := f.engine.Layout(f.tb.Context()); err != nil {
		f.tb.Fatal(err)
	}
	f.clear()
}

// clear empties the outbox, also of what is for later.
func (f *fixture) clear() {
	f.tb.Helper()
	run(f.tb, f.other, "delete from "+pgx.Identifier{f.schema, "outbox"}.Sanitize())
}

// version is that of the server: 150004 is 15.4.
func (f *fixture) version() (n int) {
	f.tb.Helper()
	if err := f.other.QueryRow(f.tb.Context(), "select current_setting('server_version_num')::int").Scan(&n); err != nil {
		f.tb.Fatal(err)
	}
	return n
}

// drain empties the outbox, and returns the tags that it had, without the
// database's name.
func (f *fixture) drain() []string {
	f.tb.Helper()
	changes, err := f.engine.Look(f.tb.Context())
	if err != nil {
		f.tb.Fatal(err)
	}
	if err := f.engine.Remove(f.tb.Context(), changes); err != nil {
		f.tb.Fatal(err)
	}
	var all []string
	for _, c := range changes {
		all = append(all, c.Tags...)
	}
	return f.short(all)
}

// short sorts tags and leaves the database's name out.
func (f *fixture) short(tags []string) []string {
	list := []string{}
	for _, t := range tags {
		list = append(list, strings.TrimPrefix(strings.TrimPrefix(t, dataflow.DatabaseTag(f.name)), "."))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// read makes queries as a loader, and returns what was noted; the database's
// tag is left out.
func (f *fixture) read(load func(ctx context.Context) error) (tags, doubts []string) {
	f.tb.Helper()
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(f.tb.Context(), reads)
	if err := load(ctx); err != nil {
		f.tb.Fatal(err)
	}
	tags = f.short(reads.Tags())
	if i := slices.Index(tags, ""); i >= 0 {
		tags = slices.Delete(tags, i, i+1)
	} else if len(tags) > 0 {
		f.tb.Errorf("the database's tag is missing in %q", reads.Tags())
	}
	return tags, reads.Doubts()
}

// count is how many commits were told.
func (f *fixture) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}
