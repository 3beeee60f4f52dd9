// What a ledger costs beside the transaction that its work needs.

package oncedb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
)

func BenchmarkDo(b *testing.B) {
	for _, k := range databasetest.Both() {
		db, ledger := open(b, k.Dialect, k.URL(b))
		b.Run(k.Name+"/transaction", func(b *testing.B) {
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
		b.Run(k.Name+"/first", func(b *testing.B) {
			for b.Loop() {
				n++
				do(b, fmt.Sprint(n))
			}
		})
		b.Run(k.Name+"/again", func(b *testing.B) {
			for b.Loop() {
				do(b, "1")
			}
		})
	}
}
