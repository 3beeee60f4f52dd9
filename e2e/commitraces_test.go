// Loaders' queries that race with commits, on two instances that share a store
// and a database.

package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/testbed"
)

// A race is on one row: a page of it is asked for while it is changed.
type race struct {
	write, commit int // at which points
	mu            sync.Mutex
	points        int // that were passed
	tx            *sql.Tx
	run           func(point int)
}

// The points of a race.
const (
	before   = iota // before the page is asked for
	opening         // the loader has begun, and not asked the database
	reading         // its transaction has its snapshot
	loaded          // it has read
	answered        // the page was answered
)

// A pair is two instances that share a store and a database.
type pair struct {
	t       *testing.T
	dialect database.Dialect
	url     string
	stores  func() pages.Store
	a, b    *racer
	foreign *sql.DB // another program's connection
	rows    int
	races   sync.Map // by row: *race
	loads   atomic.Int64
}

// A racer is an instance.
type racer struct {
	db    *database.DB
	cache *cache.Cache
	row   *gorgon.Definition
	table *gorgon.Definition
}

// A shown is what a page shows: one row, or the sum of all.
type shown struct{ Value int64 }

// openPair makes a database with rows, and two instances.
func openPair(t *testing.T, dialect database.Dialect, url string, stores func() pages.Store, rows int) *pair {
	t.Helper()
	p := &pair{t: t, dialect: dialect, url: url, stores: stores, rows: rows}
	name, source := "pgx", url
	if dialect.Name() == database.SQLite {
		name, source = "sqlite", strings.Replace(url, "sqlite:", "file:", 1)+"?_pragma=busy_timeout(20000)&_txlock=immediate"
	}
	var err error
	if p.foreign, err = sql.Open(name, source); err != nil {
		t.Fatal(err)
	}
	p.foreign.SetMaxOpenConns(2)
	t.Cleanup(func() { p.foreign.Close() })
	if dialect.Name() == database.SQLite {
		p.exec("pragma journal_mode = wal")
	}
	p.exec("create table items (id bigint primary key, value bigint not null)")
	p.exec(fmt.Sprintf("with recursive n(id) as (select 0 union all select id + 1 from n where id < %d) insert into items select id, 0 from n", rows-1))
	p.a, p.b = p.open(url, stores()), p.open(url, stores())
	return p
}

func (p *pair) exec(text string, args ...any) {
	p.t.Helper()
	if _, err := p.foreign.ExecContext(p.t.Context(), text, args...); err != nil {
		p.t.Fatal(text, err)
	}
}

// open opens an instance, which the end of the test closes.
func (p *pair) open(url string, store pages.Store) *racer {
	p.t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &racer{db: database.Open(p.dialect, database.Options{URL: url, Tables: []database.Table{{Name: "items"}}, Slow: -1})}
	r.db.Use(log, true)
	engine, err := r.db.Engine()
	if err == nil {
		_, err = engine.Layout(p.t.Context())
	}
	if err != nil {
		p.t.Fatal(err)
	}
	page := func(path string, load func(context.Context, gorgon.Input) (shown, error)) *gorgon.Definition {
		return gorgon.Page[shown]{
			Path: path, Load: load, Incremental: true,
			View: func(s shown) gorgon.Component { return gorgon.Text(strconv.FormatInt(s.Value, 10)) },
		}.Definition()
	}
	r.row = page("/rows/{id}", func(ctx context.Context, in gorgon.Input) (shown, error) { return p.load(ctx, r.db, in) })
	r.table = page("/table/{n}", func(ctx context.Context, _ gorgon.Input) (s shown, err error) {
		return s, r.db.SQL().QueryRowContext(ctx, "select sum(value) from items").Scan(&s.Value)
	})
	r.cache, err = cache.New(cache.Config{
		Renderer: &render.Renderer{Build: "b1", Effort: compress.None}, Store: store, Feed: r.db.Feed, NoSweep: true, Log: log,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		r.cache.Close()
		if err := r.db.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return r
}

// load is the loader of a row's page, in a transaction or without.
func (p *pair) load(ctx context.Context, db *database.DB, in gorgon.Input) (s shown, err error) {
	p.loads.Add(1)
	id, err := strconv.Atoi(in.Path[len("/rows/"):])
	if err != nil {
		return s, err
	}
	pass := func(int) {}
	if r, ok := p.races.Load(id); ok {
		pass = r.(*race).run
	}
	pass(opening)
	const query = "select value from items where id = $1"
	if id%2 == 0 {
		if err = db.SQL().QueryRowContext(ctx, query, id).Scan(&s.Value); err == nil {
			pass(reading)
			pass(loaded)
		}
		return s, err
	}
	tx, err := db.SQL().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback() }()
	if err = tx.QueryRowContext(ctx, query, id).Scan(&s.Value); err != nil { // the snapshot
		return s, err
	}
	pass(reading)
	err = tx.QueryRowContext(ctx, query, id).Scan(&s.Value)
	pass(loaded)
	return s, err
}

// get asks an instance for a page.
func (p *pair) get(r *racer, page *gorgon.Definition, n int, d cache.Demand) (int64, cache.State) {
	path := strings.Split(page.Path, "{")[0] + strconv.Itoa(n)
	if d.Token == 0 {
		if a, ok := r.cache.Found(page, path, "", time.Now()); ok {
			return valueOf(p.t, a), a.State
		}
	}
	a, err := r.cache.Get(p.t.Context(), page, path, "", d)
	if err != nil {
		p.t.Errorf("%s: %v", path, err)
		return -1, cache.Stale
	}
	return valueOf(p.t, a), a.State
}

func valueOf(t *testing.T, a cache.Answer) int64 {
	var s shown
	if err := json.Unmarshal(a.Entry.State, &s); err != nil {
		t.Error(err)
	}
	return s.Value
}

// raceOn races on one row, which becomes a value unless it is rolled back.
func (p *pair) raceOn(d *rand.Rand, id int, value int64) {
	t := p.t
	loads, writes := p.a, p.b
	if d.IntN(2) == 0 {
		loads, writes = p.b, p.a
	}
	if d.IntN(4) == 0 {
		writes = loads
	}
	handle, foreign := writes.db.SQL(), d.IntN(12) == 0
	if foreign {
		handle = p.foreign
	}
	commits := new(dataflow.Commits)
	ctx := dataflow.WithCommits(t.Context(), commits)
	r := &race{write: d.IntN(loaded + 1)}
	r.commit = r.write + d.IntN(answered-r.write+1)
	rollBack, many := d.IntN(10) == 0, d.IntN(6) == 0
	r.run = func(point int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.points != point {
			return // another load of the page
		}
		r.points++
		var err error
		if point == r.write {
			if r.tx, err = handle.BeginTx(ctx, nil); err == nil {
				if _, err = r.tx.ExecContext(ctx, "update items set value = $1 where id = $2", value, id); err == nil && many {
					_, err = r.tx.ExecContext(ctx, "update items set value = value where id between $1 and $2", id-id%8, id-id%8+2)
				}
			}
			// Two that change rows of each other: PostgreSQL rolls one of them back.
			if err != nil && many && strings.Contains(err.Error(), "deadlock detected") {
				err, rollBack = nil, true
			}
		}
		if err == nil && point == r.commit && r.tx != nil {
			if rollBack {
				err = r.tx.Rollback()
			} else {
				err = r.tx.Commit()
			}
		}
		if err != nil {
			t.Errorf("row %d, point %d of %d to %d: %v", id, point, r.write, r.commit, err)
		}
	}
	p.races.Store(id, r)
	r.run(before)
	p.get(loads, loads.row, id, cache.Demand{})
	for point := opening; point <= answered; point++ { // those that no loader passed
		r.run(point)
	}
	if p.races.Delete(id); rollBack || foreign {
		return
	}
	// The visitor that committed asks any instance.
	token := commits.Wait(ctx)
	other := p.a
	if d.IntN(2) == 0 {
		other = p.b
	}
	if got, state := p.get(other, other.row, id, cache.Demand{Token: token}); got != value {
		t.Errorf("row %d is %d, %s, for the visitor that made it %d", id, got, state, value)
	}
	if d.IntN(16) == 0 {
		p.get(other, other.table, d.IntN(2), cache.Demand{})
	}
}

// settle waits until the outbox is empty, and then until every page is fresh. What
// is fresh has to be what the database has. It returns how many pages there are,
// and how many of them are wrong.
func (p *pair) settle() (pagesHeld, wrong int) {
	t := p.t
	engine, err := p.a.db.Engine()
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		changes, err := engine.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d changes are left in the outbox", len(changes))
		}
	}
	want, sum := map[int]int64{}, int64(0)
	rows, err := p.foreign.QueryContext(t.Context(), "select id, value from items")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var v int64
		if err := rows.Scan(&id, &v); err != nil {
			t.Fatal(err)
		}
		want[id], sum = v, sum+v
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	type held struct {
		r    *racer
		page *gorgon.Definition
		n    int
		want int64
	}
	var open []held
	for _, r := range []*racer{p.a, p.b} {
		for id, v := range want {
			open = append(open, held{r, r.row, id, v})
		}
		open = append(open, held{r, r.table, 0, sum}, held{r, r.table, 1, sum})
	}
	pagesHeld = len(open)
	for end := time.Now().Add(20 * time.Second); len(open) > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		open = slices.DeleteFunc(open, func(h held) bool {
			got, state := p.get(h.r, h.page, h.n, cache.Demand{})
			if state != cache.Stale && got != h.want {
				t.Errorf("%s of %d is %d, %s, and %d in the database", h.page.Path, h.n, got, state, h.want)
				wrong++
			}
			return state != cache.Stale
		})
	}
	if len(open) > 0 {
		t.Errorf("%d pages do not become fresh, such as %s of %d", len(open), open[0].page.Path, open[0].n)
	}
	return pagesHeld, wrong + len(open)
}

// stands are the databases, and what stores the instances share there.
var stands = []struct {
	name string
	open func(t *testing.T, rows int) *pair
}{
	{"sqlite/mem", func(t *testing.T, rows int) *pair {
		return openPair(t, litedb.Dialect, "sqlite:"+filepath.Join(t.TempDir(), "shop.db"), inMemory(t), rows)
	}},
	{"sqlite/disk", func(t *testing.T, rows int) *pair {
		return openPair(t, litedb.Dialect, "sqlite:"+filepath.Join(t.TempDir(), "shop.db"), onDisk(t), rows)
	}},
	{"postgresql/mem", func(t *testing.T, rows int) *pair {
		return openPair(t, pgdb.Dialect, testbed.For(t, testbed.Postgres).URL, inMemory(t), rows)
	}},
	{"postgresql/postgres", func(t *testing.T, rows int) *pair {
		url := testbed.For(t, testbed.Postgres).URL
		return openPair(t, pgdb.Dialect, url, inPostgres(t, url), rows)
	}},
}

func inMemory(t *testing.T) func() pages.Store {
	store := mem.Open(mem.Options{})
	t.Cleanup(func() { store.Close() })
	return func() pages.Store { return store }
}

func onDisk(t *testing.T) func() pages.Store {
	store, err := disk.Open(t.TempDir(), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return func() pages.Store { return store }
}

func inPostgres(t *testing.T, url string) func() pages.Store {
	return func() pages.Store {
		store, err := postgres.Open(t.Context(), url, postgres.Options{})
		if err == nil {
			_, err = store.Migrate(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
}

// TestCommitRaces races loaders with commits. Afterwards every page of both
// instances is fresh, and what the database has:
//
//	COMMIT_RACES=10000 go test ./e2e -run CommitRaces -v
//
// Without the variable there are 600 races with each database.
func TestCommitRaces(t *testing.T) {
	races := number(t, "COMMIT_RACES", 600)
	for _, s := range stands {
		t.Run(s.name, func(t *testing.T) {
			const racers = 4
			rows := max(64, races/2/4) // so that pages are raced for again
			p := s.open(t, rows)
			began := time.Now()
			var all sync.WaitGroup
			var value atomic.Int64
			for n := range racers {
				d := rand.New(rand.NewPCG(1, uint64(n)))
				all.Go(func() {
					for range races / 2 / racers {
						id := d.IntN(rows/racers)*racers + n // its own, so that it knows the last value
						p.raceOn(d, id, value.Add(1))
					}
				})
			}
			all.Wait()
			took := time.Since(began)
			held, wrong := p.settle()
			t.Logf("%d races in %v, %d loads; %d pages on two instances, %d stale for good", races/2, took.Round(time.Millisecond), p.loads.Load(), held, wrong)
		})
	}
}

// TestCommitRacesSeen measures how soon the other instance sees a commit. The
// figures that it prints are those of an idle machine; it fails only far above:
//
//	COMMIT_SEEN=100 go test ./e2e -run CommitRacesSeen -v
func TestCommitRacesSeen(t *testing.T) {
	for _, s := range stands {
		t.Run(s.name, func(t *testing.T) {
			p := s.open(t, 64)
			seen := func(n int, commit func(value int64), most time.Duration) (times []time.Duration) {
				for i := range n {
					for { // the other instance has a fresh page, older than [cache.Config.Settle]
						if _, state := p.get(p.b, p.b.row, 1, cache.Demand{}); state != cache.Stale {
							break
						}
						time.Sleep(time.Millisecond)
					}
					time.Sleep(120*time.Millisecond + rand.N(20*time.Millisecond))
					value := int64(1000*n + i)
					commit(value)
					began := time.Now()
					for {
						if got, _ := p.get(p.b, p.b.row, 1, cache.Demand{}); got == value {
							break
						}
						if time.Since(began) > 10*most {
							t.Fatalf("a commit is not seen after %v", time.Since(began))
						}
						time.Sleep(200 * time.Microsecond)
					}
					times = append(times, time.Since(began))
				}
				slices.Sort(times)
				return times
			}
			own := seen(number(t, "COMMIT_SEEN", 10), func(value int64) {
				if _, err := p.a.db.SQL().ExecContext(t.Context(), "update items set value = $1 where id = 1", value); err != nil {
					t.Fatal(err)
				}
			}, time.Second)
			foreign := seen(5, func(value int64) {
				p.exec("update items set value = $1 where id = 1", value)
			}, time.Second)
			of := func(times []time.Duration, q float64) time.Duration {
				return times[int(q*float64(len(times)-1)+0.5)].Round(100 * time.Microsecond)
			}
			t.Logf("a commit is seen by the other instance: p50 %v, p99 %v; another program's: p50 %v, at most %v",
				of(own, 0.5), of(own, 0.99), of(foreign, 0.5), of(foreign, 1))
			if of(own, 0.5) > time.Second || of(foreign, 0.5) > 3*time.Second {
				t.Errorf("commits are seen too late")
			}
		})
	}
}
