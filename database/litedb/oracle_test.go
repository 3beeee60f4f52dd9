// A query's result changes only with what it has noted.

package litedb_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/dataflow"
)

// results is what a query gives, as text.
func results(t testing.TB, db *sql.DB, text string, args ...any) (string, error) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			return "", err
		}
		for _, v := range row {
			fmt.Fprintf(&b, "%v|", *v.(*any))
		}
		b.WriteString("\n")
	}
	return b.String(), rows.Err()
}

// sentence makes a random query.
type sentence struct{ *rand.Rand }

func (s sentence) pick(of ...string) string { return of[s.IntN(len(of))] }

func (s sentence) value() string {
	return s.pick("1", "2", "3", "'ann'", "null", "price", "id", "born", "title", "name")
}

func (s sentence) where(depth int) string {
	switch s.IntN(8) {
	case 0:
		return ""
	case 1:
		return " where 0"
	case 2:
		return " where exists (" + s.query(depth-1) + ")"
	case 3:
		return " where " + s.value() + " in (select " + s.pick("id", "title", "price") + " from " + s.pick("products", "cheap", "both") + ")"
	case 4:
		return " where 0 and exists (" + s.query(depth-1) + ")"
	default:
		return " where " + s.value() + " " + s.pick("=", "<", "is", "<>") + " " + s.value()
	}
}

func (s sentence) query(depth int) string {
	if depth <= 0 {
		return "select 1 from " + s.pick("products", "authors", "log", "tags")
	}
	from := s.pick("products", "authors", "cheap", "both", "log", "tags", "products p left join authors a on a.name = p.author",
		"products join tags on product = id", "authors, log", "("+s.query(depth-1)+")")
	what := s.pick("count(*)", "1", "max(id)", "min(rowid)", "*", "title", "sum(price)", "name",
		"("+s.query(depth-1)+")", "case when 1 then 2 else ("+s.query(depth-1)+") end", "count(*) filter (where price > 1)")
	text := "select " + what + " from " + from + s.where(depth)
	switch s.IntN(6) {
	case 0:
		text += " limit 1"
	case 1:
		text += " union all " + s.query(depth-1)
	case 2:
		text = "with c as (" + text + ") select " + s.pick("*", "count(*)", "1") + " from c"
	}
	return text
}

// changes are statements that change one table each.
var changes = map[string]string{
	"products": "insert into products (title, price, author) select 'new', 3, 'ann'; update products set price = price + 1, title = title || 'x'; delete from products where id = 2",
	"authors":  "insert into authors values ('new', 3); update authors set born = born + 1",
	"tags":     "insert into tags values (2, 'x'), (3, 'y'); update tags set tag = tag || 'x'",
	"log":      "insert into log (line) values ('x'), ('y')",
}

// If a change of a table alone changes a query's result, the query has noted the
// table.
func TestOracle(t *testing.T) {
	b := openShop(t)
	b.exec("insert into log (line) values ('a')")
	before := map[string]*base{"": b}
	for table, change := range changes {
		other := openShop(t)
		other.exec("insert into log (line) values ('a')")
		other.exec("pragma foreign_keys = off; " + change)
		before[table] = other
	}
	s := sentence{rand.New(rand.NewPCG(1, 2))}
	valid, differ := 0, 0
	for range 600 {
		text := s.query(3)
		reads := new(dataflow.Reads)
		ctx := dataflow.WithReads(t.Context(), reads)
		if rows, err := b.sql.QueryContext(ctx, text); err != nil {
			continue // a random query may name what is not there
		} else {
			rows.Close()
		}
		want, err := results(t, b.sql, text)
		if err != nil {
			continue
		}
		valid++
		noted := reads.Tags()
		for table := range changes {
			got, err := results(t, before[table].sql, text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if got != want {
				if differ++; !slices.Contains(noted, "db:main."+table) {
					t.Errorf("%s\ndepends on %s, and noted %v", text, table, noted)
				}
			}
		}
	}
	if valid < 100 || differ < 25 {
		t.Errorf("only %d queries were valid, and %d results differed", valid, differ)
	}
}

// lookups are texts near those that read a single row.
var lookups = []string{
	"select * from products where id = ?",
	"select title from products as p where p.id = ?1 limit 1",
	"-- name: Get :one\nselect id, title from \"products\" where \"id\" = ? and price > 3",
	"select * from main.products where id == $1 order by title",
	"select * from products where id = ? or price > 1",
	"select * from products where id = ? and price > 1 or 1",
	"select * from products where not id = ?",
	"select * from products where id = ? is null",
	"select * from products where id = ? + 1",
	"select * from products where id = ? collate nocase",
	"select * from products where id = ? union select * from products",
	"select (select count(*) from products) from products where id = ?",
	"select * from products, products q where id = ?",
	"select price = ? as id from products where id = ?2",
	"select count(*) from products where id = ? group by price having count(*) > 0",
	"select * from products where (id = ?)",
	"select * from products where id = ? and exists (select 1 from products)",
	"select title as id from products where id = ?",
	"select * from products p where products.id = ?",
	"select * from products where price between 0 and ? and id = ?1",
	"select sum(price) over () from products where id = ?",
	"select * from products where id = ? -- or 1\n or 1",
	"select * from products where id = ? /* x */ and 1 in (select id from products)",
	"with products as (select * from authors) select * from products where id = ?",
	"select * from cheap where id = ?",
	"select a is distinct from b from products where id = ?",
	"select * from products where id = 1 and price = ?",
	"select * from products where id = :id",
	"values (?)",
	"select * from products where 0 = id = ?",
	"select * from products where id = ? between 0 and 1",
	"select * from products where id = ? in (1)",
	"select * from products where id = ? < 1",
	"select * from products where id = ?;",
	"select * from products indexed by x where id = ?",
	"select title from products where id = ? limit (select count(*) from products)",
	"select \"from\" from products where id = ?",
	"select 'x from products where id = ?' from products where price = ?",
}

// oracle checks that a query which notes a single row gives the same when only
// other rows change.
func oracle(t *testing.T, one, two *base, text string, id int64) (byKey bool) {
	t.Helper()
	reads := new(dataflow.Reads)
	ctx := dataflow.WithReads(t.Context(), reads)
	rows, err := one.sql.QueryContext(ctx, text, id, id)
	if err != nil {
		return false
	}
	rows.Close()
	if slices.Contains(reads.Tags(), "db:main.products") || !slices.Contains(reads.Tags(), fmt.Sprint("db:main.products:", id)) {
		return false
	}
	want, err1 := results(t, one.sql, text, id, id)
	got, err2 := results(t, two.sql, text, id, id)
	if want != got || fmt.Sprint(err1) != fmt.Sprint(err2) {
		t.Errorf("%s\nnoted only row %d, and gave\n%s%v\nand when other rows changed\n%s%v", text, id, want, err1, got, err2)
	}
	return true
}

// oracles are two databases whose products differ in all rows but 2.
func oracles(t testing.TB) (one, two *base) {
	one, two = openShop(t), openShop(t)
	one.exec("alter table products add column b; alter table products add column a")
	two.exec("alter table products add column b; alter table products add column a")
	two.exec("delete from products where id = 1; update products set price = 7, title = 'z' where id <> 2; insert into products (id, title, price) values (50, 'x', 2), (4, 'y', 3)")
	return one, two
}

func TestByKeyOracle(t *testing.T) {
	one, two := oracles(t)
	byKey := 0
	for _, text := range lookups {
		if oracle(t, one, two, text, 2) {
			byKey++
			t.Log(text)
		}
	}
	if byKey < 8 {
		t.Errorf("only %d texts were recognized", byKey)
	}
}

func FuzzByKey(f *testing.F) {
	for _, text := range lookups {
		f.Add(text)
	}
	one, two := oracles(f)
	f.Fuzz(func(t *testing.T, text string) {
		lower := strings.ToLower(text)
		if !strings.HasPrefix(strings.TrimSpace(lower), "select") || strings.Contains(text, ";") || strings.Contains(lower, "random") {
			return // the databases must stay as they are
		}
		oracle(t, one, two, text, 2)
	})
}
