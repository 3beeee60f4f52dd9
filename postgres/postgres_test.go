// The store against the contract.

package postgres_test

import (
	"crypto/rand"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/postgres"
)

var _ pagestest.Lister = (*postgres.Store)(nil) // the kit would do without

func TestContract(t *testing.T) {
	pagestest.Harness{
		Place: func(t *testing.T) func() pages.Store {
			_, location := newStore(t, postgres.Options{})
			return func() pages.Store { return open(t, location, postgres.Options{}) }
		},
		Snapshot: func(t *testing.T, s pages.Store) (restore func()) { return dumped(t, s) },
	}.Run(t)
}

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }
