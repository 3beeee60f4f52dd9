// What the tests have in common.

package litedb_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/dataflow"
)

// A base is a database under test.
type base struct {
	testing.TB
	database.Engine
	sql     *sql.DB
	commits atomic.Int64
}

// open opens a database in a file of its own, with the schema and its layout.
func open(t testing.TB, schema string, tables ...database.Table) *base {
	t.Helper()
	b := openAt(t, filepath.Join(t.TempDir(), "shop.db"), nil, tables...)
	b.exec(schema)
	b.layout()
	b.drain()
	b.commits.Store(0)
	return b
}

// model is the content of a file with the shop in it.
var model = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "litedb")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shop.db")
	engine, err := litedb.Dialect.Open(configOf(path, declared))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(engine.Connector())
	if _, err = db.Exec(shop); err == nil {
		_, err = engine.Layout(context.Background())
	}
	if err = errors.Join(err, db.Close(), engine.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// openShop opens a database with the shop in it.
func openShop(t testing.TB) *base {
	t.Helper()
	content, err := model()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, path, nil, declared...)
	b.drain()
	return b
}

func configOf(path string, tables []database.Table) database.Config {
	return database.Config{
		Options: database.Options{
			URL: path, Tables: tables, Conns: 8, Timeout: 30 * time.Second, Slow: -1,
			Poll: time.Second, Schema: "gorgon_data",
		},
		Log: slog.New(slog.DiscardHandler),
	}
}

// openAt opens the database in a file.
func openAt(t testing.TB, path string, change func(*database.Config), tables ...database.Table) *base {
	t.Helper()
	config := configOf(path, tables)
	if change != nil {
		change(&config)
	}
	engine, err := litedb.Dialect.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	b := &base{TB: t, Engine: engine}
	engine.OnCommit(func(context.Context) { b.commits.Add(1) })
	b.sql = sql.OpenDB(engine.Connector())
	b.sql.SetMaxOpenConns(config.Conns)
	b.sql.SetMaxIdleConns(config.Conns)
	t.Cleanup(func() {
		if err := b.sql.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *base) exec(text string, args ...any) {
	b.Helper()
	if _, err := b.sql.ExecContext(b.Context(), text, args...); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
}

func (b *base) layout() []string {
	b.Helper()
	steps, err := b.Layout(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return steps
}

// drain returns the tags of all that was changed, and removes it.
func (b *base) drain() []string {
	b.Helper()
	var tags []string
	for {
		changes, err := b.Look(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		if err := b.Remove(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
		for _, c := range changes {
			tags = append(tags, c.Tags...)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// reads returns the tags and doubts of a query.
func (b *base) reads(text string, args ...any) (tags, doubts []string) {
	b.Helper()
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(b.Context(), reads)
	rows, err := b.sql.QueryContext(ctx, text, args...)
	if err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	if err := rows.Close(); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	return reads.Tags(), reads.Doubts()
}
