// The server that all tests share, and a place in it for each of them.

package postgres_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// shared is the server of all tests that do not damage it.
type shared struct {
	once sync.Once
	*testbed.Server
	err error
}

var server shared

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(os.Args[len(os.Args)-1]))
	}
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

// shareServer returns the server of all tests.
func shareServer(tb testing.TB) *testbed.Server {
	tb.Helper()
	server.once.Do(func() { server.Server, server.err = testbed.Postgres() })
	if server.err != nil { // which skips the test if it is not installed
		testbed.For(tb, func() (*testbed.Server, error) { return nil, server.err })
	}
	return server.Server
}

// at adds parameters to a URL.
func at(url string, parameters ...string) string {
	return url + "&" + strings.Join(parameters, "&")
}

// newSchema returns a schema name that was not used before.
func newSchema() string { return "gorgon " + rand.Text() }

// newPlace returns the location of a new schema without a layout.
func newPlace(tb testing.TB) string {
	tb.Helper()
	return at(shareServer(tb).URL, "schema="+strings.ReplaceAll(newSchema(), " ", "%20"))
}

// newStore opens a store in a new place, with a layout.
func newStore(tb testing.TB, opts postgres.Options) (s *postgres.Store, location string) {
	tb.Helper()
	location = newPlace(tb)
	s = open(tb, location, opts)
	migrate(tb, s)
	return s, location
}

// open opens a store and closes it with the test.
func open(tb testing.TB, location string, opts postgres.Options) *postgres.Store {
	tb.Helper()
	if opts.Log == nil {
		opts.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	s, err := postgres.Open(tb.Context(), location, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func migrate(tb testing.TB, s *postgres.Store) {
	tb.Helper()
	if _, err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// direct opens a connection to a server without the store. Its search path is
// the schema of the location.
func direct(tb testing.TB, location string) *pgx.Conn {
	tb.Helper()
	base, schema, _ := strings.Cut(location, "&schema=")
	schema, _, _ = strings.Cut(schema, "&")
	conn, err := pgx.Connect(tb.Context(), base)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	if schema != "" {
		run(tb, conn, "SET search_path = "+pgx.Identifier{strings.ReplaceAll(schema, "%20", " ")}.Sanitize())
	}
	return conn
}

func run(tb testing.TB, conn *pgx.Conn, sql string, args ...any) {
	tb.Helper()
	if _, err := conn.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(sql, err)
	}
}

// number reads one number.
func number(tb testing.TB, conn *pgx.Conn, sql string, args ...any) (n int64) {
	tb.Helper()
	if err := conn.QueryRow(tb.Context(), sql, args...).Scan(&n); err != nil {
		tb.Fatal(sql, err)
	}
	return n
}

func key(path string) pages.Key { return pages.Key{Route: "/{path...}", Path: path} }

func bump(tb testing.TB, s pages.Store, subjects ...string) uint64 {
	tb.Helper()
	n, err := s.Bump(tb.Context(), pages.Expire, subjects...)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
