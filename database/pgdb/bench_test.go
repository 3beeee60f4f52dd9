// What the triggers and noting cost.

package pgdb_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/dataflow"
)

const benched = `
create table bare (id int primary key, name text not null, views int not null default 0);
create table watched (like bare including all);
create table ignoring (like bare including all);
create table keyless (id int, name text, views int not null default 0);
create index on keyless (id);
insert into bare select g, 'name', 0 from generate_series(1, 10000) g;
insert into watched select * from bare;
insert into ignoring select * from bare;
insert into keyless select * from bare;
alter table bare set (autovacuum_enabled = off); alter table watched set (autovacuum_enabled = off);`

// median is the middle of some durations.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkUpdate is the smallest update, of tables with triggers and without,
// on one connection, one after the other.
func BenchmarkUpdate(b *testing.B) {
	f := newFixture(b, benched, database.Table{Name: "watched"}, database.Table{Name: "ignoring", Ignore: []string{"views"}}, database.Table{Name: "keyless"})
	tables := []string{"bare", "watched", "ignoring", "keyless"}
	took := map[string][]time.Duration{}
	n := 0
	for b.Loop() {
		for _, table := range tables {
			n++
			began := time.Now()
			if _, err := f.other.Exec(b.Context(), "update "+table+" set name = $1 where id = $2", fmt.Sprint(n), n%10000+1); err != nil {
				b.Fatal(err)
			}
			took[table] = append(took[table], time.Since(began))
		}
		if n%20_000 == 0 {
			run(b, f.other, "truncate gorgon_data.outbox")
			run(b, f.other, "vacuum bare, watched, ignoring, keyless")
		}
	}
	bare := median(took["bare"])
	for _, table := range tables {
		b.ReportMetric(float64(median(took[table]).Microseconds()), table+"-µs")
		b.ReportMetric(float64(median(took[table]))/float64(bare), table+"-ratio")
	}
}

// BenchmarkUpdateInside is the same within the server: without the way to it and
// back, without a commit, and so with the highest ratio.
func BenchmarkUpdateInside(b *testing.B) {
	f := newFixture(b, benched, database.Table{Name: "watched"}, database.Table{Name: "ignoring", Ignore: []string{"views"}}, database.Table{Name: "keyless"})
	tables := []string{"bare", "watched", "ignoring", "keyless"}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for _, table := range tables {
			began := time.Now()
			run(b, f.other, "do $$ begin for i in 1..2000 loop update "+table+" set name = i::text where id = i; end loop; end $$")
			took[table] = append(took[table], time.Since(began)/2000)
		}
		run(b, f.other, "truncate gorgon_data.outbox")
		run(b, f.other, "vacuum bare, watched, ignoring, keyless")
	}
	bare := median(took["bare"])
	for _, table := range tables {
		b.ReportMetric(float64(median(took[table]).Nanoseconds())/1000, table+"-µs")
		b.ReportMetric(float64(median(took[table]))/float64(bare), table+"-ratio")
	}
}

// BenchmarkBulk is an update of 20,000 rows.
func BenchmarkBulk(b *testing.B) {
	f := newFixture(b, benched+"insert into bare select g, 'x', 0 from generate_series(10001, 20000) g; insert into watched select g, 'x', 0 from generate_series(10001, 20000) g; insert into ignoring select g, 'x', 0 from generate_series(10001, 20000) g",
		database.Table{Name: "watched"}, database.Table{Name: "ignoring", Ignore: []string{"views"}})
	took := map[string][]time.Duration{}
	n := 0
	for b.Loop() {
		for _, table := range []string{"bare", "watched", "ignoring"} {
			n++
			began := time.Now()
			run(b, f.other, "update "+table+" set name = $1", fmt.Sprint(n))
			took[table] = append(took[table], time.Since(began))
			run(b, f.other, "vacuum "+table)
		}
	}
	for table, all := range took {
		b.ReportMetric(float64(median(all).Microseconds())/1000, table+"-ms")
	}
}

// BenchmarkNoting is a query by key: with pgx alone, through the handle, and as a
// loader.
func BenchmarkNoting(b *testing.B) {
	f := newFixture(b, benched, database.Table{Name: "watched"})
	db := openDB(b, f, database.Options{Tables: []database.Table{{Name: "watched"}}})
	pool := pgdb.Pool(db)
	const text = "select name from watched where id = $1"
	took := map[string][]time.Duration{}
	measure := func(name string, ask func(ctx context.Context, id int) error) {
		ctx := b.Context()
		if name == "loader" || name == "sqlloader" {
			ctx = dataflow.WithReads(ctx, new(dataflow.Reads))
		}
		began := time.Now()
		if err := ask(ctx, 7); err != nil {
			b.Fatal(err)
		}
		took[name] = append(took[name], time.Since(began))
	}
	var into string
	handle := func(ctx context.Context, id int) error { return pool.QueryRow(ctx, text, id).Scan(&into) }
	plain := func(ctx context.Context, id int) error { return db.SQL().QueryRowContext(ctx, text, id).Scan(&into) }
	for b.Loop() {
		measure("pgx", func(ctx context.Context, id int) error { return f.other.QueryRow(ctx, text, id).Scan(&into) })
		measure("handle", handle)
		measure("loader", handle)
		measure("sql", plain)
		measure("sqlloader", plain)
	}
	for name, all := range took {
		b.ReportMetric(float64(median(all).Nanoseconds())/1000, name+"-µs")
	}
}

// BenchmarkAnalysis is the first query of a text.
func BenchmarkAnalysis(b *testing.B) {
	f := newFixture(b, library, libraryTables()...)
	n := 0
	for b.Loop() {
		n++
		ctx := dataflow.WithReads(b.Context(), new(dataflow.Reads))
		rows, err := f.sql.QueryContext(ctx, fmt.Sprintf("select id, name, %d from cards where id = $1", n), 7)
		if err != nil {
			b.Fatal(err)
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLook is a look at an outbox that is empty, and at one after a bulk of
// small statements.
func BenchmarkLook(b *testing.B) {
	for _, n := range []int{0, 100, 5_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 10_000 && testing.Short() {
				b.Skip("it takes a minute")
			}
			f := newFixture(b, benched, database.Table{Name: "watched"})
			run(b, f.other, "insert into gorgon_data.outbox (tab, keys) select 'public.watched', array[(g % 10000)::text] from generate_series(1, $1) g", n)
			b.ReportAllocs()
			var changes []dataflow.Change
			for b.Loop() {
				var err error
				if changes, err = f.engine.Look(b.Context()); err != nil {
					b.Fatal(err)
				}
				if n > 0 && len(changes) == 0 {
					b.Fatal("nothing was seen")
				}
			}
			began := time.Now()
			if err := f.engine.Remove(b.Context(), changes); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "remove-ms")
		})
	}
}

// BenchmarkRemove is a change that is made, looked at and removed.
func BenchmarkRemove(b *testing.B) {
	f := newFixture(b, benched, database.Table{Name: "watched"})
	n := 0
	for b.Loop() {
		n++
		run(b, f.other, "update watched set views = views + 1 where id = $1", n%10000+1)
		f.drain()
	}
}
