// The two handles of one pool.

package pgdb_test

import (
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

// Neither handle keeps connections that the other one needs, however small the
// pool is.
func TestHandlesShareAPool(t *testing.T) {
	url, _ := newDatabase(t)
	for _, conns := range []int{1, 2, 5, 16} {
		db := database.Open(pgdb.Dialect, database.Options{URL: url, Conns: conns})
		defer db.Close()
		var all sync.WaitGroup
		for range 2 * conns {
			all.Go(func() {
				for range 20 {
					if _, err := db.SQL().ExecContext(t.Context(), "select 1"); err != nil {
						t.Error(err)
					}
					if _, err := pgdb.Pool(db).Exec(t.Context(), "select 1"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if stats := db.SQL().Stats(); stats.Idle > conns/4 {
			t.Errorf("%d connections: database/sql keeps %d", conns, stats.Idle)
		}
		// So all but a quarter of the pool is free for users of pgx.
		pool := pgdb.Pool(db)
		var held []interface{ Release() }
		for range conns - conns/4 {
			c, err := pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, c)
		}
		for _, c := range held {
			c.Release()
		}
	}
}
