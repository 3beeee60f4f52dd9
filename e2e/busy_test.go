//go:build unix

// A busy table: several processes over one database and one store, while rows
// change, and processes are killed, sleep, and lose what they share.

package e2e_test

import (
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/database"
)

// TestBusyTable holds each answer of three processes against the history of
// commits. See [history] for the law.
func TestBusyTable(t *testing.T) {
	t.Parallel()
	for _, group := range []struct {
		name   string
		stores map[string]string // by dialect
		plays  func(m *market)
	}{
		{"commits", map[string]string{database.PostgreSQL: "redis", database.SQLite: "sqlite"}, (*market).commits},
		{"asleep", map[string]string{database.PostgreSQL: "sqlite", database.SQLite: "redis"}, (*market).asleep},
		{"busy", map[string]string{database.PostgreSQL: "redis", database.SQLite: "sqlite"}, (*market).busy},
		{"kills", map[string]string{database.PostgreSQL: "postgres", database.SQLite: "redis"}, (*market).kills},
		{"away", map[string]string{database.PostgreSQL: "redis", database.SQLite: "postgres"}, (*market).away},
	} {
		t.Run(group.name, func(t *testing.T) {
			var all sync.WaitGroup
			for dialect, store := range group.stores {
				all.Go(func() {
					t.Run(dialect, func(t *testing.T) {
						m := openMarket(t, dialect, groundOf[store](t), "")
						m.start(3)
						group.plays(m)
						m.judged()
					})
				})
			}
			all.Wait()
		})
	}
	t.Run("plants", busyPlants)
}
