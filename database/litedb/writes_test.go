// What each kind of write purges.

package litedb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
)

// shop is the schema of most tests.
const shop = `
create table products (id integer primary key, title text not null, price integer not null default 0, views integer not null default 0, author text references authors (name) on delete cascade on update cascade);
create table authors (name text primary key, born integer);
create table tags (product integer, tag text, primary key (product, tag)) without rowid;
create table loose (id integer primary key, a, b blob, c text collate nocase, views integer, twice integer generated always as (views * 2) virtual);
create table log (id integer primary key, line text);
create table devices (id uuid primary key, name text);
create table codes (code text primary key collate nocase, name text);
create table secret (id integer primary key, t text);
create view cheap as select id, title from products where price < 100;
create view both as select p.title, a.born from products p join authors a on a.name = p.author;
create virtual table papers using fts5(title, body);
create trigger logs after insert on tags when new.tag = 'log' begin insert into log (line) values ('a tag'); end;
` + content

// content is what is in it.
const content = `
insert into authors values ('ann', 1900), ('bob', 1950);
insert into products (id, title, price, author) values (1, 'one', 10, 'ann'), (2, 'two', 200, 'bob'), (3, 'three', 30, 'bob');
insert into tags values (1, 'new');
insert into loose (id, a, b, c, views) values (1, 1, x'01', 'c', 0);
insert into devices values ('0b0e7a3c-9e3b-4f55-9a44-0d9a1f2b3c4d', 'd');
insert into codes values ('X', 'x');
`

// declared are the tables of it that are declared.
var declared = []database.Table{
	{Name: "products", Ignore: []string{"views"}}, {Name: "authors"}, {Name: "tags"},
	{Name: "loose", Ignore: []string{"VIEWS", "twice"}}, {Name: "Log"}, {Name: "devices"}, {Name: "codes"},
}

// tags are those of tables and rows, which are written for short: "products:7".
func tags(list string) []string {
	all := strings.Fields(list)
	for i, t := range all {
		if all[i] = "db:main." + t; t == "*" {
			all[i] = "db:main"
		}
	}
	slices.Sort(all)
	return all
}

func TestWrites(t *testing.T) {
	b := openShop(t)
	many := "with recursive n(i) as (select 1000 union all select i + 1 from n where i < 1150) "
	for _, c := range []struct{ text, want string }{
		{"insert into products (id, title) values (7, 'seven')", "products products:7"},
		{"insert into products (title) values ('four')", "products products:4"},
		{"insert into products (id, title) values (-7, 'seven')", "products products:-7"},
		{"update products set price = 5 where id = 2", "products products:2"},
		{"update products set price = price where id = 2", ""}, // other columns than views are the same
		{"update products set views = views + 1", ""},
		{"update products set views = views + 1, title = 'x' where id = 1", "products products:1"},
		{"update products set price = 5 where id = 99", ""},
		{"update products set id = 9 where id = 2", "products products:2 products:9"},
		{"update products set price = a.born from authors a where a.name = author and id < 3", "products products:1 products:2"},
		{"update or fail products set price = 5 where id < 3", "products products:1 products:2"},
		{"update or rollback products set price = price + 1 where id < 3", "products products:1 products:2"},
		{"update or ignore products set price = 5 where id < 3", "products products:1 products:2"},
		{"update or replace products set id = 2 where id = 1", "products products:1 products:2"},
		{"delete from products where id = 3", "products products:3"},
		{"delete from products", "products products:1 products:2 products:3"},
		{"insert into products (id, title) values (2, 'x') on conflict (id) do update set title = excluded.title", "products products:2"},
		{"insert into products (id, title) values (2, 'x') on conflict do nothing", ""},
		{"insert or ignore into products (id, title) values (2, 'x')", ""},
		{"insert or fail into products (id, title) values (12, 'x'), (13, 'x')", "products products:12 products:13"},
		{"insert or replace into products (id, title) values (2, 'x')", "products products:2"},
		{"replace into products (id, title) values (2, 'x'), (8, 'x')", "products products:2 products:8"},
		{"delete from authors where name = 'bob'", "authors authors:bob products products:2 products:3"},
		{"update authors set name = 'rob' where name = 'bob'", "authors authors:bob authors:rob products products:2 products:3"},
		{"insert into authors values ('ann lee', 1)", "authors authors:*"},
		{"insert into authors values ('" + strings.Repeat("a", 64) + "', 1)", "authors authors:" + strings.Repeat("a", 64)},
		{"insert into authors values ('" + strings.Repeat("a", 65) + "', 1)", "authors authors:*"},
		{"insert into authors values ('ä', 1)", "authors authors:*"},
		{"insert into authors values ('', 1)", "authors authors:*"},
		{"insert into authors values (null, 1)", "authors authors:*"},
		{"insert into authors values (x'00ff', 1)", "authors authors:*"},
		{"insert into authors values ('a' || char(0) || 'b', 1)", "authors authors:*"},
		{"insert into authors values (12, 1)", "authors authors:12"},
		{"update authors set name = 'ann lee' where name = 'ann'", "authors authors:* authors:ann products products:1"},
		{"insert into tags values (2, 'x')", "tags tags:*"},
		{"insert into tags values (2, 'log')", "tags tags:* log log:1"},
		{"update tags set tag = 'y'", "tags tags:*"},
		{"update loose set views = 9", ""},
		{"update loose set a = 1.0", "loose loose:1"},
		{"update loose set c = 'C'", "loose loose:1"},
		{"update loose set b = x'01'", ""},
		{"update loose set b = '\x01'", "loose loose:1"},
		{"update loose set a = null", "loose loose:1"},
		{"update devices set name = 'e'", "devices devices:0b0e7a3c-9e3b-4f55-9a44-0d9a1f2b3c4d"},
		{"insert into secret (t) values ('x')", ""},
		{many + "insert into products (id, title) select i, 'many' from n limit 100",
			"products " + strings.Join(row("products", 1000, 1099), " ")},
		{many + "insert into products (id, title) select i, 'many' from n",
			"products products:* " + strings.Join(row("products", 1000, 1099), " ")},
		{"begin; update products set price = 1 where id = 1; rollback", ""},
		{"begin; update products set price = 1 where id = 1; commit", "products products:1"},
		{"savepoint a; update products set price = 1 where id = 1; savepoint b; update products set price = 1 where id = 2; rollback to b; release a", "products products:1"},
	} {
		b.exec(c.text)
		if got, want := b.drain(), tags(c.want); !slices.Equal(got, want) {
			t.Errorf("%s\ngave %v\nnot  %v", c.text, got, want)
		}
		b.exec("delete from products; delete from authors; delete from tags; delete from loose; delete from log; delete from devices; delete from codes; delete from secret;" + content)
		b.drain()
	}
}

func row(table string, first, last int) (all []string) {
	for i := first; i <= last; i++ {
		all = append(all, fmt.Sprint(table, ":", i))
	}
	return all
}

// A column can be dropped, though a trigger compares it.
func TestDroppedColumn(t *testing.T) {
	b := openShop(t)
	b.exec("drop view cheap")
	const drop = "alter table products drop column price"
	if _, err := b.sql.Exec("select 1; " + drop); err == nil || !strings.Contains(err.Error(), "a statement of its own") {
		t.Errorf("in a script: %v", err)
	}
	tx, err := b.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), drop); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if steps := b.layout(); len(steps) != 1 || !strings.Contains(steps[0], "products again") {
		t.Error(steps)
	}
	b.exec("update products set title = 'x' where id = 1")
	b.exec("update products set views = 7 where id = 2")
	if got := b.drain(); !slices.Equal(got, tags("products products:1")) {
		t.Error(got)
	}
}

// A column that is added later is compared after the next layout.
func TestAddedColumn(t *testing.T) {
	b := openShop(t)
	b.exec("alter table products add column weight integer")
	missing, err := b.Missing(t.Context())
	if err != nil || len(missing) != 1 || !strings.Contains(missing[0], "products") {
		t.Fatal(missing, err)
	}
	if steps := b.layout(); !slices.Equal(steps, missing) {
		t.Errorf("layout made %v, and %v was missing", steps, missing)
	}
	b.drain()
	b.exec("update products set weight = 3 where id = 1")
	if got := b.drain(); !slices.Equal(got, tags("products products:1")) {
		t.Error(got)
	}
	if steps := b.layout(); len(steps) > 0 {
		t.Error(steps)
	}
}
