// The store against the contract.

package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/sqlite"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(role, os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

// ttl is long enough for a machine that is busy with something else.
const ttl = 300 * time.Millisecond

func TestContract(t *testing.T) {
	pagestest.Harness{Place: place(sqlite.Options{}), TTL: ttl}.Run(t)
}

func TestContractSynced(t *testing.T) {
	pagestest.Harness{Place: place(sqlite.Options{Sync: true, Readers: 1}), TTL: ttl}.Run(t)
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
	if err := s.Put(tb.Context(), pages.Record{Key: k, Data: []byte(data)}, pages.Fence{}); err != nil {
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
