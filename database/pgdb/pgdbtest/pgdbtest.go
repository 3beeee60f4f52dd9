// Package pgdbtest gives each test a PostgreSQL database of its own.
//
//	func TestPrice(t *testing.T) {
//		t.Parallel()
//		db := pgdbtest.Open(t, options)
//		site := gorgontest.Options{Database: db}.Open(t, app(db))
//		…
//	}
//
// The server is the one that the variable TEST_DATABASE_URL names, whose user
// may create databases; without it, one is started for the process where
// PostgreSQL is installed, and the test is skipped where it is not. The
// migrations run once for all tests of a process; each test has a clone of the
// result, which is dropped when it ends. Tests can run in parallel.
package pgdbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/template"
)

// Variable is the variable of the environment that names the server of tests.
const Variable = "TEST_DATABASE_URL"

// server is the URL of the server's first database.
var server = sync.OnceValues(func() (*url.URL, error) {
	if named := os.Getenv(Variable); named != "" {
		u, err := url.Parse(named)
		if err != nil {
			return nil, errors.New(Variable + " is not a URL: write postgres://USER:PASSWORD@HOST/DATABASE")
		}
		return u, nil
	}
	return start()
})

// templates are the names of migrated databases.
var templates template.Store[string]

// Open opens a new database with an app's options, migrated. It is closed and
// dropped when the test ends. The URL of the options has no effect.
func Open(t testing.TB, options database.Options) *database.DB {
	t.Helper()
	at, err := server()
	if errors.Is(err, errMissing) {
		t.Skipf("pgdbtest: %v", err)
	}
	if err != nil {
		t.Fatalf("pgdbtest: %v", err)
	}
	name, err := template.Name(options)
	if err != nil {
		t.Fatalf("pgdbtest: the migrations cannot be read: %v", err)
	}
	from, err := templates.Get(name, func() (string, error) { return migrated(at, options) })
	if err != nil {
		t.Fatalf("pgdbtest: %v", err)
	}
	clone := "test_" + strings.ToLower(rand.Text())
	if err := run(at, "create database "+clone+" template "+from); err != nil {
		t.Fatalf("pgdbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := run(at, "drop database "+clone+" with (force)"); err != nil {
			t.Errorf("pgdbtest: %v", err)
		}
	})
	options.URL = of(at, clone)
	db := database.Open(pgdb.Dialect, options)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// of is the URL of a database of the server.
func of(at *url.URL, name string) string {
	u := *at
	u.Path = "/" + name
	return u.String()
}

// patience is how long the server may take for a statement.
const patience = time.Minute

// making lets databases be made one after the other: the server refuses to copy
// one that is being copied.
var making sync.Mutex

// run runs a statement in the server's first database.
func run(at *url.URL, statement string) error {
	making.Lock()
	defer making.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, at.String())
	if err != nil {
		return errors.New("the server does not answer: check " + Variable)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// migrated makes a template, and returns its name.
func migrated(at *url.URL, options database.Options) (string, error) {
	name := "template_" + strings.ToLower(rand.Text())
	if err := run(at, "create database "+name); err != nil {
		return "", err
	}
	options.URL = of(at, name)
	db := database.Open(pgdb.Dialect, options)
	_, err := db.MigrateOffline(context.Background())
	if err == nil { // what the migrations changed is news to no test
		_, err = db.SQL().Exec("truncate " + pgx.Identifier{db.Options().Schema, "outbox"}.Sanitize())
	}
	return name, errors.Join(err, db.Close())
}
