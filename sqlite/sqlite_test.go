// The store against the contract.

package sqlite_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/sqlite"
)

var _ pagestest.Lister = (*sqlite.Store)(nil) // the kit would do without

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(role, os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

// ttl is long enough for a busy machine.
const ttl = 300 * time.Millisecond

func TestContract(t *testing.T) {
	pagestest.Harness{Place: place(sqlite.Options{}), TTL: ttl, Snapshot: snapshot, Replace: replace}.Run(t)
}

func TestContractSynced(t *testing.T) {
	pagestest.Harness{Place: place(sqlite.Options{Sync: true, Readers: 1}), TTL: ttl}.Run(t)
}

// snapshot copies the content of a store's file. It is restored as SQLite's own
// tools restore backups: in a transaction.
func snapshot(t *testing.T, s pages.Store) func() {
	path := s.(*sqlite.Store).Path()
	kept := filepath.Join(t.TempDir(), "backup.db")
	direct(t, path, "VACUUM INTO '"+kept+"'")
	return func() {
		steps := []string{"ATTACH '" + kept + "' AS kept", "BEGIN IMMEDIATE"}
		for _, table := range []string{"records", "routes", "marks", "changes", "leases", "acknowledgements", "state"} {
			steps = append(steps, "DELETE FROM main."+table, "INSERT INTO main."+table+" SELECT * FROM kept."+table)
			if table == "records" {
				steps = append(steps, "DELETE FROM main.routes")
			}
		}
		direct(t, path, append(steps, "COMMIT")...)
	}
}

// replace moves another file into the place of a store's file.
func replace(t *testing.T, s pages.Store) {
	path := s.(*sqlite.Store).Path()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+".old"+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
}

// direct runs statements on a file without the store.
func direct(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func place(opts sqlite.Options) func(t *testing.T) func() pages.Store {
	return func(t *testing.T) func() pages.Store {
		path := newPath(t)
		return func() pages.Store { return open(t, path, opts) }
	}
}

func newPath(tb testing.TB) string { return filepath.Join(tb.TempDir(), "pages.db") }

// open opens a store and closes it with the test.
func open(tb testing.TB, path string, opts sqlite.Options) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path, opts)
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

func key(path string) pages.Key { return pages.Key{Route: "/{path...}", Path: path} }

func put(tb testing.TB, s *sqlite.Store, k pages.Key, data string) {
	tb.Helper()
	if err := s.Put(tb.Context(), pages.Record{Key: k, Data: []byte(data)}, pages.Unfenced); err != nil {
		tb.Fatal(err)
	}
}

func bump(tb testing.TB, s *sqlite.Store, subjects ...string) uint64 {
	tb.Helper()
	n, err := s.Bump(tb.Context(), pages.Expire, subjects...)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }
