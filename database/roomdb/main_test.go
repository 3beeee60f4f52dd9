// The databases of the tests.

package roomdb_test

import (
	"context"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/rooms"
)

// open opens a database; "" is a new one, and the usual schema.
func open(t testing.TB, k databasetest.Kind, url, schema string) *database.DB {
	t.Helper()
	return k.Open(t, database.Options{URL: url, Schema: schema, Conns: 4, Timeout: 2 * time.Minute})
}

// migrated opens a store in a new database.
func migrated(t testing.TB, k databasetest.Kind) (*database.DB, rooms.Log) {
	t.Helper()
	db := open(t, k, "", "")
	s := roomdb.In(db)
	_, err := db.Migrate(t.Context())
	databasetest.Must(t, err)
	return db, s
}

// calls are the results of each method, by name.
func calls(ctx context.Context, s rooms.Log) map[string]error {
	const room = "canvas/1"
	results := map[string]error{"Beat": s.Beat(ctx, rooms.Instance{ID: "a", Address: "10.0.0.1:80", Key: "key"}, time.Minute)}
	var at rooms.Position
	at, results["Append"] = s.Append(ctx, room, rooms.Append{Entries: [][]byte{{1}, {2}}})
	_, results["Claim"] = s.Claim(ctx, room, rooms.Claim{Instance: "a"})
	results["Save"] = s.Save(ctx, room, at, []byte("state"), 1)
	_, results["Read"] = s.Read(ctx, room, 0, 10)
	_, results["Positions"] = s.Positions(ctx, []string{room})
	results["Release"] = s.Release(ctx, room, 1)
	results["Leave"] = s.Leave(ctx, "a")
	_, results["Sweep"] = s.Sweep(ctx, "canvas/", 0)
	return results
}
