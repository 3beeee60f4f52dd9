// What is logged, observed and refused.

package litedb_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// A slow statement is logged, with the beginning of its text, which names it in
// code that sqlc generates, and without its arguments.
func TestSlow(t *testing.T) {
	var log bytes.Buffer
	b := openAt(t, openShop(t).path(), func(c *database.Config) {
		c.Slow = 1
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	}, declared...)
	b.exec("-- name: AddSecret :exec\ninsert into secret (t) values (?) -- "+strings.Repeat("ä", 400), "argument")
	if got := log.String(); !strings.Contains(got, "slow statement") || !strings.Contains(got, "name: AddSecret :exec") || !strings.Contains(got, "insert into secret") ||
		strings.Contains(got, "argument") || len(got) > 1000 {
		t.Error(got)
	}
}

// Each statement is observed once, when it has ended.
func TestObserve(t *testing.T) {
	var observed []database.Statement
	b := openAt(t, openShop(t).path(), func(c *database.Config) {
		c.Observe = func(_ context.Context, s database.Statement) { observed = append(observed, s) }
	}, declared...)
	b.exec("delete from log")
	rows, err := b.sql.Query("select * from products")
	if err != nil {
		t.Fatal(err)
	}
	if len(observed) != 1 {
		t.Errorf("before the rows are closed, %d were observed", len(observed))
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.sql.Exec("insert into products (id, title) values (1, 'x')"); err == nil {
		t.Fatal("no error")
	}
	if len(observed) != 3 || observed[0].Err != nil || observed[1].Text != "select * from products" || observed[2].Err == nil {
		t.Errorf("%+v", observed)
	}
}

// In strict mode, a loader's query fails if what it reads cannot be found out.
func TestStrict(t *testing.T) {
	path := openShop(t).path()
	const unknown = "select * from dbstat"
	for _, strict := range []bool{false, true} {
		b := openAt(t, path, func(c *database.Config) { c.Strict = strict }, declared...)
		if _, err := results(t, b.sql, unknown); err != nil {
			t.Fatalf("without a loader: %v", err)
		}
		reads := new(dataflow.Reads)
		ctx := dataflow.WithReads(t.Context(), reads)
		rows, err := b.sql.QueryContext(ctx, unknown)
		if strict {
			if err == nil || !strings.Contains(err.Error(), "dbstat") {
				t.Errorf("strict: %v", err)
			}
		} else if err = errors.Join(err, rows.Close()); err != nil || len(reads.Doubts()) != 1 {
			t.Error(err, reads.Doubts())
		}
		if tags, _ := b.reads("select title from products"); len(tags) != 2 {
			t.Error(tags)
		}
	}
}
