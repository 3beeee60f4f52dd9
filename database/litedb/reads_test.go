// What each kind of query notes.

package litedb_test

import (
	"slices"
	"strings"
	"testing"
)

func TestReads(t *testing.T) {
	b := openShop(t)
	b.sql.SetMaxOpenConns(1) // all that follows is of one connection
	b.exec("attach ? as other", t.TempDir()+"/other.db")
	b.exec("create table other.far (a); create temp table near (a)")
	for _, c := range []struct {
		text string
		args []any
		want string // beside the tag of the database
		why  string // a part of the doubt
	}{
		{text: "select 1"},
		{text: "select * from products", want: "products"},
		{text: "select title from PRODUCTS where id > 1", want: "products"},
		{text: "select count(*) from products", want: "products"},
		{text: "select count(*) from \"Products\" as p", want: "products"},
		{text: "select max(id) from products", want: "products"},
		{text: "select 1 from products where 0", want: "products"},
		{text: "select rowid from products", want: "products"},
		{text: "select exists (select 1 from products)", want: "products"},
		{text: "select (select born from authors limit 1) from products", want: "authors products"},
		{text: "select 3 in (select product from tags)", want: "tags"},
		{text: "select * from products p left join authors a on a.name = p.author", want: "authors products"},
		{text: "select p.title from products p left join authors a on a.name = p.author", want: "authors products"},
		{text: "select title from cheap", want: "products"},
		{text: "select count(*) from cheap", want: "products"},
		{text: "select * from both", want: "authors products"},
		{text: "with x as (select title from products) select * from x", want: "products"},
		{text: "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select * from n"},
		{text: "select name from authors union select title from products", want: "authors products"},
		{text: "select tag from tags order by product", want: "tags"},
		{text: "select line from log", want: "log"},
		{text: "select value from json_each('[1, 2]')"},
		{text: "select name from pragma_table_info('products')"},
		{text: "select name from sqlite_schema"},
		{text: "select p.title from products p, json_each('[1, 2]') j where p.id = j.value", want: "products"},
		{text: "select sum(price) over (order by id) from products", want: "products"},
		{text: "select case when 0 then (select count(*) from authors) end from products", want: "authors products"},
		{text: "update products set price = 3 where id = 1 returning title", want: "products"},
		{text: "select t from secret", why: "reads table secret, which is not in Options.Tables"},
		{text: "select count(*) from secret s, products", want: "products", why: "reads table secret"},
		{text: "select * from papers where papers match 'x'", why: "reads table papers, which is not in Options.Tables"},
		{text: "select * from papers_content", why: "reads table papers_content"},
		{text: "select 1 from other.sqlite_schema", why: "attached database other"},
		{text: "select a from far", why: "table far of the attached database other"},
		{text: "select count(*) from far", why: "table far of the attached database other"},
		{text: "select a from near", why: "near, which is temporary"},
		{text: "select count(*) from near", why: "near, which is temporary"},
		{text: "select 1; select title from products", want: "products"},

		// By key.
		{text: "select * from products where id = ?", args: []any{7}, want: "products:7 products:*"},
		{text: "-- name: GetProduct :one\nSELECT id, title FROM products\nWHERE id = ?1 LIMIT 1", args: []any{7}, want: "products:7 products:*"}, // as sqlc has it
		{text: "select * from products where id = ?", args: []any{int64(-7)}, want: "products:-7 products:*"},
		{text: "select * from products where id = ?", args: []any{"7"}, want: "products"},
		{text: "select * from products where id = ?", args: []any{7.0}, want: "products"},
		{text: "select * from products where id = ?", args: []any{nil}, want: "products"},
		{text: "select born from authors where name = ?", args: []any{"ann"}, want: "authors:ann authors:*"},
		{text: "select born from authors where name = ?", args: []any{"ann lee"}, want: "authors:*"},
		{text: "select born from authors where name = ?", args: []any{7}, want: "authors"},
		{text: "select name from codes where code = ?", args: []any{"x"}, want: "codes"},
		{text: "select name from devices where id = ?", args: []any{"0b0e7a3c-9e3b-4f55-9a44-0d9a1f2b3c4d"}, want: "devices:* devices:0b0e7a3c-9e3b-4f55-9a44-0d9a1f2b3c4d"},
		{text: "select name from devices where id = ?", args: []any{"07"}, want: "devices"},
		{text: "select id from cheap where id = ?", args: []any{7}, want: "products"},
		{text: "select tag from tags where product = ?", args: []any{7}, want: "tags"},
		{text: "select title from products where id = ? and price > (select 1)", args: []any{7}, want: "products"},
	} {
		got, doubts := b.reads(c.text, c.args...)
		if want := tags(c.want + " *"); !slices.Equal(got, want) {
			t.Errorf("%s\ngave %v\nnot  %v", c.text, got, want)
		}
		if joined := strings.Join(doubts, "; "); !strings.Contains(joined, c.why) || (c.why == "") != (joined == "") || len(doubts) > 1 {
			t.Errorf("%s: the doubt is %q and not %q", c.text, joined, c.why)
		}
	}
}

// A statement that stays compiled is compiled again when the schema changes.
func TestViewChanges(t *testing.T) {
	b := openShop(t)
	for range 3 {
		if got, _ := b.reads("select * from cheap"); !slices.Equal(got, tags("products *")) {
			t.Fatal(got)
		}
	}
	other := openAt(t, strings.TrimPrefix(b.Shown(), "sqlite:"), nil, declared...)
	other.exec("drop view cheap; create view cheap as select name from authors")
	if got, _ := b.reads("select * from cheap"); !slices.Contains(got, "db:main.authors") {
		t.Error(got)
	}
	other.exec("drop view cheap; create view cheap as select t from secret")
	if _, doubts := b.reads("select * from cheap"); len(doubts) != 1 {
		t.Error(doubts)
	}
	other.exec("drop view cheap; create view cheap as select line from log")
	if got, _ := b.reads("select * from cheap"); !slices.Contains(got, "db:main.log") {
		t.Error(got)
	}
	if got, doubts := b.reads("select * from cheap"); !slices.Equal(got, tags("log *")) || doubts != nil {
		t.Error(got, doubts)
	}
}

// A key whose values are compared in another way later is not one by which rows
// are known.
func TestKeyChanges(t *testing.T) {
	b := openShop(t)
	const query = "select born from authors where name = ?"
	if got, _ := b.reads(query, "ann"); !slices.Equal(got, tags("authors:ann authors:* *")) {
		t.Fatal(got)
	}
	other := openAt(t, b.path(), nil, declared...)
	other.exec("pragma foreign_keys = off; drop table authors; create table authors (name text primary key collate nocase, born integer)")
	if got, _ := b.reads(query, "ann"); !slices.Equal(got, tags("authors *")) {
		t.Error(got)
	}
}
