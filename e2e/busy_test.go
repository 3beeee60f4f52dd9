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
// commits. The law is that of history.judge.
func TestBusyTable(t *testing.T) {
	t.Parallel()
	plays := map[string]func(t *testing.T){"plants": busyPlants}
	for name, p := range map[string]struct {
		stores map[string]string // by dialect
		plays  func(m *market)
	}{
		"commits": {map[string]string{database.PostgreSQL: "redis", database.SQLite: "sqlite"}, (*market).commits},
		"asleep":  {map[string]string{database.PostgreSQL: "sqlite", database.SQLite: "redis"}, (*market).asleep},
		"busy":    {map[string]string{database.PostgreSQL: "redis", database.SQLite: "sqlite"}, (*market).busy},
		"kills":   {map[string]string{database.PostgreSQL: "postgres", database.SQLite: "redis"}, (*market).kills},
		"away":    {map[string]string{database.PostgreSQL: "redis", database.SQLite: "postgres"}, (*market).away},
	} {
		plays[name] = func(t *testing.T) {
			var all sync.WaitGroup
			for dialect, store := range p.stores {
				all.Go(func() {
					t.Run(dialect, func(t *testing.T) {
						m := openMarket(t, dialect, groundOf[store](t), "")
						m.start(3)
						p.plays(m)
						m.judged()
					})
				})
			}
			all.Wait()
		}
	}
	// Two at a time: most of the time they wait.
	for _, names := range [][2]string{{"commits", "away"}, {"busy", "asleep"}, {"kills", "plants"}} {
		var all sync.WaitGroup
		for _, name := range names {
			all.Go(func() { t.Run(name, plays[name]) })
		}
		all.Wait()
	}
}
