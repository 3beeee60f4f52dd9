// What a ledger costs beside the transaction that its work needs.

package oncedb_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

func BenchmarkDo(b *testing.B) {
	for _, d := range []database.Dialect{litedb.Dialect, pgdb.Dialect} {
		url := "sqlite:" + filepath.Join(b.TempDir(), "app.db")
		if d.Name() == database.PostgreSQL {
			url = newPostgres(b)
		}
		db, ledger := open(b, d, url)
		b.Run(d.Name()+"/transaction", func(b *testing.B) {
			for b.Loop() {
				if err := write(b.Context(), db, "note"); err != nil {
					b.Fatal(err)
				}
			}
		})
		n := 0
		do := func(b *testing.B, name string) {
			_, _, err := ledger.Do(b.Context(), callOf(name), func(ctx context.Context) ([]byte, error) { return []byte("answer"), write(ctx, db, "note") })
			if err != nil {
				b.Fatal(err)
			}
		}
		b.Run(d.Name()+"/first", func(b *testing.B) {
			for b.Loop() {
				n++
				do(b, fmt.Sprint(n))
			}
		})
		b.Run(d.Name()+"/again", func(b *testing.B) {
			for b.Loop() {
				do(b, "1")
			}
		})
	}
}
