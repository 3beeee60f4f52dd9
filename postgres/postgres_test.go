// The store against the contract.

package postgres_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/postgres"
)

func TestContract(t *testing.T) {
	pagestest.Harness{Place: func(t *testing.T) func() pages.Store {
		_, location := newStore(t, postgres.Options{})
		return func() pages.Store { return open(t, location, postgres.Options{}) }
	}}.Run(t)
}
