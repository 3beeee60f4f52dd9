// What the triggers cost, beside the bare driver with the same settings.

package litedb_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/gorgon-go/gorgon/database"
)

const stock = `create table products (id integer primary key, title text not null, price integer not null, stock integer not null, note text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into products select i, 'product ' || i, i * 100, i, 'some note' from n;`

// bare opens a file with the driver alone.
func bare(b *testing.B) *sql.DB {
	b.Helper()
	connector, err := sqlite.NewConnector("file:" + filepath.Join(b.TempDir(), "bare.db") + "?_pragma=busy_timeout(30000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=foreign_keys(1)&_pragma=recursive_triggers(1)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	b.Cleanup(func() { db.Close() })
	must(b, db, stock)
	return db
}

func must(b *testing.B, db *sql.DB, text string, args ...any) {
	if _, err := db.ExecContext(b.Context(), text, args...); err != nil {
		b.Error(text, err)
	}
}

// pair measures two functions in turns and reports the best of each: of all that
// else happens on the machine, that has the least in it.
func pair(b *testing.B, rounds int, bare, ours func()) {
	b.Helper()
	best := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		for range rounds {
			for i, f := range []func(){bare, ours} {
				began := time.Now()
				f()
				best[i] = min(best[i], time.Since(began))
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(best[0])/1e3, "bare-µs")
	b.ReportMetric(float64(best[1])/1e3, "ours-µs")
	b.ReportMetric(float64(best[1])/float64(best[0]), "ratio")
}

func BenchmarkSmallestUpdate(b *testing.B) {
	const text = "update products set stock = stock + 1 where id = ?"
	plain, ours := bare(b), open(b, stock, database.Table{Name: "products"})
	prepare := func(db *sql.DB) *sql.Stmt {
		s, err := db.PrepareContext(b.Context(), text)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		return s
	}
	b.Run("text", func(b *testing.B) {
		pair(b, 500, func() { must(b, plain, text, 7) }, func() { must(b, ours.sql, text, 7) })
	})
	b.Run("prepared", func(b *testing.B) {
		one, two := prepare(plain), prepare(ours.sql)
		run := func(s *sql.Stmt) func() {
			return func() {
				if _, err := s.ExecContext(b.Context(), 7); err != nil {
					b.Error(err)
				}
			}
		}
		pair(b, 500, run(one), run(two))
	})
	b.Run("drained", func(b *testing.B) { // ours in the middle of its drain, which a request waits for
		n := 0
		pair(b, 500, func() { must(b, plain, text, 7) }, func() { n++; must(b, ours.sql, text, n%1000); ours.drainOnce() })
	})
}

func (b *base) drainOnce() {
	changes, err := b.Look(b.Context())
	if err == nil {
		err = b.Remove(b.Context(), changes)
	}
	if err != nil {
		b.Error(err)
	}
}

func BenchmarkUpdateOf20000Rows(b *testing.B) {
	plain, ours := bare(b), open(b, stock, database.Table{Name: "products"})
	const text = "update products set stock = stock + 1"
	pair(b, 5, func() { must(b, plain, text) }, func() { must(b, ours.sql, text); ours.drainOnce() })
}

// BenchmarkWriters measures how many smallest updates a second are committed by
// so many goroutines; ours while the outbox is drained.
func BenchmarkWriters(b *testing.B) {
	const text = "update products set stock = stock + 1 where id = ?"
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			plain, ours := bare(b), open(b, stock, database.Table{Name: "products"})
			ctx, stop := context.WithCancel(b.Context())
			var drains sync.WaitGroup
			wake := make(chan struct{}, 1)
			ours.OnCommit(func(context.Context) {
				select {
				case wake <- struct{}{}:
				default:
				}
			})
			drains.Go(func() {
				for {
					select {
					case <-wake:
						ours.drainOnce()
					case <-ctx.Done():
						return
					}
				}
			})
			rate := func(db *sql.DB) float64 {
				var all sync.WaitGroup
				var done atomic.Int64
				began := time.Now()
				for w := range writers {
					all.Go(func() {
						for i := 0; time.Since(began) < 50*time.Millisecond; i++ {
							must(b, db, text, (w*1000+i)%20000+1)
							done.Add(1)
						}
					})
				}
				all.Wait()
				return float64(done.Load()) / time.Since(began).Seconds()
			}
			var one, two, ratio []float64
			for b.Loop() {
				for range 21 {
					one, two = append(one, rate(plain)), append(two, rate(ours.sql))
					ratio = append(ratio, two[len(two)-1]/one[len(one)-1])
				}
			}
			stop()
			drains.Wait()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(one), "bare/s")
			b.ReportMetric(median(two), "ours/s")
			b.ReportMetric(median(ratio), "ratio")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
