// The PostgreSQL of all tests, and the processes that are this binary.

package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/testbed"
)

// roleVariable is what the test binary is to do as another process.
const roleVariable = "GORGON_DATABASE_ROLE"

var shared struct {
	once   sync.Once
	server *testbed.Server
	err    error
	number atomic.Int64
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(role))
	}
	code := m.Run()
	if shared.server != nil {
		shared.server.Close()
	}
	os.Exit(code)
}

// newPostgres is the URL of an empty database.
func newPostgres(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = testbed.Postgres() })
	if errors.Is(shared.err, testbed.ErrMissing) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := fmt.Sprintf("test%d", shared.number.Add(1))
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
