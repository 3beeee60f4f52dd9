// The databases of the tests.

package oncedb_test

import (
	"context"
	"database/sql"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/oncedb"
	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/once/oncetest"
)

// each runs a test with each dialect.
func each(t *testing.T, test func(t *testing.T, k databasetest.Kind)) {
	for _, k := range databasetest.Both() {
		t.Run(k.Name, func(t *testing.T) { test(t, k) })
	}
}

func TestMain(m *testing.M) {
	if url := os.Getenv(urlVariable); url != "" {
		os.Exit(child(url))
	}
	os.Exit(m.Run())
}

// open opens a database with the tables of the ledger and one of notes.
func open(t testing.TB, d database.Dialect, url string) (*database.DB, *oncedb.Ledger) {
	t.Helper()
	db := database.Open(d, database.Options{URL: url})
	t.Cleanup(func() { _ = db.Close() })
	ledger := oncedb.In(db)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS notes (note TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	return db, ledger
}

// write writes a note by a transaction that joins that of the context.
func write(ctx context.Context, db *database.DB, note string) error {
	return db.Tx(ctx, nil, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO notes VALUES ($1)", note)
		return err
	})
}

func notes(db *database.DB) (all []string, err error) {
	rows, err := db.SQL().QueryContext(context.Background(), "SELECT note FROM notes")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var note string
		if err := rows.Scan(&note); err != nil {
			return nil, err
		}
		all = append(all, note)
	}
	return all, rows.Err()
}

func kept(db *database.DB) (n int, err error) {
	err = db.SQL().QueryRowContext(context.Background(), "SELECT count(*) FROM "+db.OwnTable("once")).Scan(&n)
	return n, err
}

type dbKey struct{}

// owning is a ledger that gives work its database.
type owning struct {
	*oncedb.Ledger
	db *database.DB
}

func (o owning) Do(ctx context.Context, c once.Call, work func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	return o.Ledger.Do(ctx, c, func(ctx context.Context) ([]byte, error) { return work(context.WithValue(ctx, dbKey{}, o.db)) })
}

// place is a database that several processes have opened.
func place(t *testing.T, d database.Dialect, url string) oncetest.Place {
	var p oncetest.Place
	var asked, passed atomic.Int64
	begin := time.Now()
	clock := func() time.Time { asked.Add(1); return begin.Add(time.Duration(passed.Load())) }
	var db *database.DB
	for range 3 {
		one, ledger := open(t, d, url)
		ledger.SetClock(clock)
		db = one
		p.Ledgers = append(p.Ledgers, owning{ledger, one})
	}
	p.Write = func(ctx context.Context, note string) error {
		return write(ctx, ctx.Value(dbKey{}).(*database.DB), note)
	}
	p.Notes = func() ([]string, error) { return notes(db) }
	p.Kept = func() (int, error) { return kept(db) }
	p.Pass = func(d time.Duration) { passed.Add(int64(d)) }
	p.Asked = asked.Load
	return p
}

// The laws hold in both dialects, between several handles of one database.
func TestLaws(t *testing.T) {
	each(t, func(t *testing.T, k databasetest.Kind) {
		oncetest.Run(t, func(t *testing.T) oncetest.Place { return place(t, k.Dialect, k.URL(t)) })
	})
}

// urlVariable is the database in which this binary, as another process, makes
// a call and dies while its work is running.
const urlVariable = "GORGON_ONCEDB_URL"
