// Writers: what a transaction costs whose commit is a purge.

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// writers measures the smallest update, by one writer and by 32, with a bare
// handle and with one whose commits are purged meanwhile.
func (b *bench) writers() error {
	server, err := testbed.PostgresSynced()
	if err != nil {
		return err
	}
	defer server.Close()
	folder, err := os.MkdirTemp(b.folder, "writers")
	if err != nil {
		return err
	}
	const conns = 32
	for _, c := range []struct {
		name    string
		dialect database.Dialect
		url     string
		bare    func(url string) (*sql.DB, error)
		store   func() (pages.Store, error)
		placed  string
		one     float64 // at most so many times as long
	}{
		{"PostgreSQL, purges in memory", pgdb.Dialect, server.URL, func(url string) (*sql.DB, error) { return openBare("pgx", url) },
			func() (pages.Store, error) { return mem.Open(mem.Options{}), nil }, "$1", 1.5},
		{"PostgreSQL, purges in the same server", pgdb.Dialect, server.URL, func(url string) (*sql.DB, error) { return openBare("pgx", url) },
			func() (pages.Store, error) { return migrated(server.URL) }, "$1", 1.5},
		{"SQLite, purges in memory", litedb.Dialect, "sqlite:" + filepath.Join(folder, "w.db"), func(string) (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+filepath.Join(folder, "w.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_txlock=immediate")
		}, func() (pages.Store, error) { return mem.Open(mem.Options{}), nil }, "?", 2.2},
	} {
		if err := b.writing(c.name, c.dialect, c.url, c.bare, c.store, c.placed, c.one, conns); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func openBare(driver, url string) (*sql.DB, error) {
	_ = stdlib.GetDefaultDriver() // registers pgx
	return sql.Open(driver, url)
}

// migrated is a store in a PostgreSQL that has its tables.
func migrated(url string) (pages.Store, error) {
	s, err := postgres.Open(context.Background(), url, postgres.Options{})
	if err == nil {
		_, err = s.Migrate(context.Background())
	}
	return s, err
}

func (b *bench) writing(name string, dialect database.Dialect, url string, open func(string) (*sql.DB, error), openStore func() (pages.Store, error), placed string, one float64, conns int) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	bare, err := open(url)
	if err != nil {
		return err
	}
	defer bare.Close()
	bare.SetMaxOpenConns(conns)
	bare.SetMaxIdleConns(conns)
	for _, table := range []string{"bare", "watched"} {
		for _, text := range []string{
			"drop table if exists " + table,
			"create table " + table + " (id integer primary key, title text not null, views integer not null)",
			"with recursive g(n) as (select 1 union all select n+1 from g where n < 20000) insert into " + table + " select n, 'product ' || n, 0 from g",
		} {
			if _, err := bare.ExecContext(ctx, text); err != nil {
				return err
			}
		}
	}
	db := database.Open(dialect, database.Options{URL: url, Conns: conns, Tables: []database.Table{{Name: "watched"}}})
	defer db.Close()
	if _, err := db.Migrate(ctx); err != nil {
		return err
	}
	store, err := openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	instance := coherence.Open(ctx, coherence.Config{Store: store})
	defer instance.Close()
	instance.Follow(db.Feed(instance))
	for _, writers := range []int{1, conns} {
		var floor, mine []float64
		for range max(3, int(10*b.scale)) {
			for _, w := range []struct {
				handle *sql.DB
				table  string
				rates  *[]float64
			}{{bare, "bare", &floor}, {db.SQL(), "watched", &mine}} {
				rate, err := updates(ctx, w.handle, "update "+w.table+" set views = views + 1 where id = "+placed, writers, 700*time.Millisecond)
				if err != nil {
					return err
				}
				*w.rates = append(*w.rates, rate)
			}
		}
		r := newRow("writers", fmt.Sprintf("%d, %s", writers, name), "commits/s", medianOf(mine)).beside(medianOf(floor), over(mine, floor))
		if writers == 1 {
			r = r.ratioGoal("≥", 1/one)
		} else {
			r = r.ratioGoal("≥", 0.7)
		}
		b.rows = append(b.rows, r)
	}
	return nil
}

// updates has some writers update rows of their own, and returns their rate.
func updates(ctx context.Context, db *sql.DB, text string, writers int, d time.Duration) (float64, error) {
	var all sync.WaitGroup
	var count atomic.Int64
	var failed atomic.Pointer[error]
	began := time.Now()
	for w := range writers {
		all.Go(func() {
			for i := 0; time.Since(began) < d && failed.Load() == nil; i++ {
				if _, err := db.ExecContext(ctx, text, 1+(i*977+w*613)%20000); err != nil {
					failed.Store(&err)
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(count.Load()) / time.Since(began).Seconds(), nil
}
