package dataflow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/dataflow"
)

const products = "db:shop.public.products"

func TestReads(t *testing.T) {
	for name, c := range map[string]struct {
		note func(*dataflow.Reads)
		want []string
	}{
		"nothing":            {func(*dataflow.Reads) {}, nil},
		"a table":            {func(r *dataflow.Reads) { r.Table(products) }, []string{products}},
		"a row, and all":     {func(r *dataflow.Reads) { r.Row(products, "7") }, []string{products + ":*", products + ":7"}},
		"rows, then a table": {func(r *dataflow.Reads) { r.Row(products, "7"); r.Table(products) }, []string{products}},
		"a table, then rows": {func(r *dataflow.Reads) { r.Table(products); r.Row(products, "7") }, []string{products}},
		"a key that cannot be in a tag": {func(r *dataflow.Reads) { r.Row(products, "a b") },
			[]string{products + ":*"}},
		"two tables": {func(r *dataflow.Reads) { r.Row("db:shop.public.prices", "1"); r.Table(products) },
			[]string{"db:shop.public.prices:*", "db:shop.public.prices:1", products}},
		"another value": {func(r *dataflow.Reads) { r.Value(3, false, []string{"t", products}, nil) }, []string{products, "t"}},
	} {
		r := new(dataflow.Reads)
		c.note(r)
		if got := r.Tags(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Up to MaxRows rows are noted one by one; one more is the table.
func TestManyRowsAreTheTable(t *testing.T) {
	r := new(dataflow.Reads)
	for n := range dataflow.MaxRows {
		r.Row(products, fmt.Sprint(n))
	}
	if got := r.Tags(); len(got) != dataflow.MaxRows+1 {
		t.Errorf("%d tags", len(got))
	}
	r.Row(products, "0") // again
	if got := r.Tags(); len(got) != dataflow.MaxRows+1 {
		t.Errorf("%d tags", len(got))
	}
	r.Row(products, "more")
	r.Row(products, "more still")
	if got := r.Tags(); !slices.Equal(got, []string{products}) {
		t.Errorf("%q", got)
	}
}

// What was made of a stored value is never newer than it.
func TestEpochs(t *testing.T) {
	r := new(dataflow.Reads)
	if epoch, stale := r.Epoch(9); epoch != 9 || stale {
		t.Errorf("of nothing: %d, %v", epoch, stale)
	}
	r.Value(12, false, nil, nil)
	if epoch, stale := r.Epoch(9); epoch != 9 || stale {
		t.Errorf("of a newer value: %d, %v", epoch, stale)
	}
	r.Value(0, true, nil, []string{"why"})
	r.Value(20, false, nil, nil)
	if epoch, stale := r.Epoch(9); epoch != 0 || !stale {
		t.Errorf("of an old one: %d, %v", epoch, stale)
	}
	if got := r.Doubts(); !slices.Equal(got, []string{"why"}) {
		t.Errorf("doubts %q", got)
	}
}

func TestKeys(t *testing.T) {
	for key, want := range map[string]bool{
		"7": true, "-7": true, "a_B.9": true, "0f8fad5b-d9cb-469f-a165-70867728950e": true, strings.Repeat("k", 64): true,
		"": false, "*": false, "a b": false, "a:b": false, "ü": false, strings.Repeat("k", 65): false, "a\n": false,
	} {
		if dataflow.IsKey(key) != want {
			t.Errorf("IsKey(%q) is %v", key, !want)
		}
	}
}

// The tag of a row's table is found in the row's, whatever names and keys are.
func TestCoarse(t *testing.T) {
	for _, table := range []string{dataflow.TableTag("shop", "public.products"), dataflow.TableTag("my:shop", "public.a:b c")} {
		for _, key := range []string{"7", dataflow.AllRows} {
			if got := dataflow.Coarse(dataflow.RowTag(table, key)); got != table {
				t.Errorf("of row %s: %q, want %q", key, got, table)
			}
		}
		if got := dataflow.Coarse(table); got != table {
			t.Errorf("of a table: %q, want %q", got, table)
		}
	}
	for _, tag := range []string{dataflow.DatabaseTag("shop"), "mine:7", ""} {
		if got := dataflow.Coarse(tag); got != tag {
			t.Errorf("%q is %q", tag, got)
		}
	}
}

func TestContexts(t *testing.T) {
	if dataflow.ReadsOf(t.Context()) != nil || dataflow.CommitsOf(t.Context()) != nil {
		t.Error("a context without notes has some")
	}
	r, c := new(dataflow.Reads), new(dataflow.Commits)
	ctx := dataflow.WithCommits(dataflow.WithReads(t.Context(), r), c)
	if dataflow.ReadsOf(ctx) != r || dataflow.CommitsOf(ctx) != c {
		t.Error("they are not found")
	}
}

// Every commit is waited for once, and the visitor is told the latest number
// once.
func TestCommits(t *testing.T) {
	c := new(dataflow.Commits)
	if token, first := c.Told(t.Context()); token != 0 || first {
		t.Errorf("without a commit: %d, %v", token, first)
	}
	waited := map[uint64]int{}
	var mu sync.Mutex
	for _, n := range []uint64{5, 7, 6} {
		c.Add(func(context.Context) uint64 {
			mu.Lock()
			defer mu.Unlock()
			waited[n]++
			return n
		})
	}
	if token := c.Wait(t.Context()); token != 7 {
		t.Errorf("the token is %d", token)
	}
	if token, first := c.Told(t.Context()); token != 7 || !first {
		t.Errorf("told %d, %v", token, first)
	}
	if token, first := c.Told(t.Context()); token != 7 || first {
		t.Errorf("told again %d, %v", token, first)
	}
	for n, times := range waited {
		if times != 1 {
			t.Errorf("commit %d was waited for %d times", n, times)
		}
	}
}
