//go:build unix

// The faults of each store.

package e2e_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // which the driver uses too

	"github.com/gorgon-go/gorgon/testbed"
)

// leaseRequest is a part of what each store is sent when it is asked for a lease.
var leaseRequest = map[string]string{"postgres": ".lease(", "redis": ":lease:", "s3": "/state/leases/"}

// locks hold a store's lock, as another program may.
var locks = map[string]func(t *ordeal, d time.Duration){
	"sqlite": func(t *ordeal, d time.Duration) {
		t.Helper()
		t.sqliteFor(d, "BEGIN IMMEDIATE")
	},
	"postgres": func(t *ordeal, d time.Duration) {
		t.Helper()
		ctx := t.Context()
		conn, err := pgx.Connect(ctx, t.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "BEGIN; LOCK TABLE gorgon.leases, gorgon.records IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			t.Error(err)
		}
	},
}

// sqlite runs statements in the file of a SQLite store, and returns the first
// column of what they give.
func (t *ordeal) sqlite(statements ...string) []string {
	t.Helper()
	return t.sqliteFor(0, statements...)
}

// sqliteFor keeps the file open for a while afterwards.
func (t *ordeal) sqliteFor(d time.Duration, statements ...string) (given []string) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(t.place, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range append([]string{"PRAGMA busy_timeout = 10000"}, statements...) {
		rows, err := db.QueryContext(t.Context(), statement)
		if err != nil {
			t.Fatal(statement, err)
		}
		given = given[:0]
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(statement, err)
			}
			given = append(given, text)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(statement, err)
		}
	}
	time.Sleep(d)
	return given
}

func (t *ordeal) redis(command ...string) {
	t.Helper()
	if _, err := testbed.RedisDo(t.server.Addr, command...); err != nil {
		t.Fatal(err)
	}
}

// backups copy a store and return what restores it, under the servers.
var backups = map[string]func(t *ordeal) (restore func()){
	"disk": func(t *ordeal) (restore func()) {
		t.Helper()
		dir := strings.TrimPrefix(t.place, "disk:")
		if out, err := exec.Command("cp", "-a", dir, dir+".saved").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return func() {
			if err := os.Rename(dir, dir+".lost"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(dir+".saved", dir); err != nil {
				t.Fatal(err)
			}
		}
	},
	// A file that is put in its place makes SQLite's servers ask to be
	// restarted; this is what restoring in place does.
	"sqlite": func(t *ordeal) (restore func()) {
		t.Helper()
		file := strings.TrimPrefix(t.place, "sqlite:")
		t.sqlite("VACUUM INTO '" + file + ".saved'")
		return func() {
			t.Helper()
			statements := []string{"ATTACH '" + file + ".saved' AS saved", "BEGIN IMMEDIATE"}
			for _, table := range t.sqlite("SELECT name FROM sqlite_schema WHERE type = 'table'") {
				statements = append(statements, "DELETE FROM main."+table, "INSERT INTO main."+table+" SELECT * FROM saved."+table)
			}
			t.sqlite(append(statements, "COMMIT")...)
		}
	},
	"postgres": backUp, "redis": backUp, "s3": backUp,
}

func backUp(t *ordeal) (restore func()) {
	t.Helper()
	put, err := testbed.Backup(t.server)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
}

// standbys start servers that follow asynchronously.
var standbys = map[string]func(primary *testbed.Server) (*testbed.Standby, error){
	"postgres": testbed.PostgresStandby, "redis": testbed.RedisReplica,
}

// failOver moves the servers to a standby that missed the latest purges.
func (t *ordeal) failOver() {
	t.Helper()
	standby, err := standbys[t.name](t.server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Close)
	if err := standby.Link.Spoil(testbed.Fault{Gone: true}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(t.length)
	t.server.Kill()
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	t.gate.Lead(standby.Addr)
}
