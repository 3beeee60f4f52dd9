//go:build !unix

package postgres_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/pages"
)

// dumped restores a backup if the tests run a server of their own, which they
// do on Unix.
func dumped(t *testing.T, _ pages.Store) (restore func()) {
	t.Skip("the server for these tests runs on Unix only")
	return nil
}
