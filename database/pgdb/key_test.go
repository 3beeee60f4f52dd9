// What is noted as one row depends on that row alone: this is checked by
// execution, with other rows changed in between.

package pgdb_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

const keyed = `
create table t (id int primary key, name text, n int);
create table u (id int primary key, name text);
create view v as select n as id, name from t;
insert into t select g, 'name ' || g, g % 3 from generate_series(1, 20) g;
insert into u select g, 'name ' || g from generate_series(1, 20) g;`

// A keyCheck makes queries and judges what was noted.
type keyCheck struct {
	*fixture
	noted, judged int
}

// check makes a query as a loader. If a single row was noted, it changes all
// others and compares.
func (k *keyCheck) check(t *testing.T, text string) {
	if !pgdb.ByKey(text, "id") {
		return
	}
	k.tb = t
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	tags := k.tags(ctx, text)
	if !slices.Contains(tags, "public.t:7") || slices.Contains(tags, "public.t") {
		return
	}
	k.noted++
	tx, err := k.sql.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	first, err := result(ctx, tx, text)
	if err != nil {
		return
	}
	if again, err := result(ctx, tx, text); err != nil || again != first {
		return // it is of the clock or of chance
	}
	if _, err := tx.ExecContext(ctx, "delete from t where id < 7; update t set name = 'other', n = n + 1 where id > 7; insert into t select g, 'new', 7 from generate_series(30, 40) g"); err != nil {
		t.Fatal(err)
	}
	second, err := result(ctx, tx, text)
	if err != nil || first != second {
		t.Errorf("%s\nnotes the row 7 alone, and reads others:\n%s\n%s\n%v", text, first, second, err)
	}
	k.judged++
}

// tags are what a query notes, whether it succeeds or not.
func (k *keyCheck) tags(ctx context.Context, text string) []string {
	tags, _ := k.read(func(reading context.Context) error {
		tx, err := k.sql.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if rows, err := tx.QueryContext(reading, text, args(text)...); err == nil {
			for rows.Next() {
			}
			_ = rows.Close()
		}
		return nil
	})
	return tags
}

// args are as many sevens as a text has parameters.
func args(text string) []any {
	n := 1
	if strings.Contains(text, "$2") {
		n = 2
	}
	return slices.Repeat([]any{7}, n)
}

func result(ctx context.Context, tx *sql.Tx, text string) (string, error) {
	rows, err := tx.QueryContext(ctx, text, args(text)...)
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
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		fmt.Fprintln(&b, values...)
	}
	return b.String(), rows.Err()
}

func newKeyCheck(tb testing.TB) *keyCheck {
	c := []database.Table{{Name: "t"}, {Name: "u"}}
	return &keyCheck{fixture: newFixture(tb, keyed, c...)}
}

// pieces are what texts are made of.
var pieces = [][]string{
	{"select", "SELECT", "-- name: Get :one\nselect", "/* /* */ or */ select", "select distinct", "select all", "(select", "with w as (select 1) select", "table t union select"},
	{" name", " *", " count(*)", " (table t)", " max(n) over ()", " 'a''b or', n", ` "name"`, " extract(year from now()) > 0", " n is distinct from 2", " (select max(n) from t)",
		" exists (table t)", " $2::int, name", " array[n]", " e'\\'' || name", " $$ or $$ || name", " string_agg(name, ',' order by id)", " t", " row_number() over (order by id)", ""},
	{" from t", " from t as a", " from t a", " from only t", " from public.t", ` from "t"`, " from t a, t b", " from t a join t b using (id)", " from t a(n, name, id)", " from t tablesample bernoulli (100)",
		" from (table t) t", " from t, lateral (values (1)) x", " from v", " from u, t", " from t natural join u", " from t cross join t x", " from t left join u on true", " from rows from (generate_series(1, 2)) id", " from t as id", " from t*"},
	{" where", " WHERE", " where not", " where (", " where true or", " where n >= 0 and", " where name like '%' or", " having", " where id = id and", " group by id, name, n having"},
	{" id = $1", ` "id" = $1`, " t.id = $1", " a.id = $1", " id=$1", " $1 = id", " id >= $1", " id <> $1", " id = $1 + 1", " id = $1 * n", " id = $1::int", " id = any(array[$1::int])", " -id = $1", " id = -$1",
		" id in ($1)", " b.id = $1", " x.id = $1", " id = $1 is true", " id = $1 = true", " id = ($1)", " public.t.id = $1", " id /* */ = -- \n $1", " id = $1 is not null"},
	{"", "", "", " and n > 0", " or n > 0", " and n > 0 or true", " and (n > 0 or true)", ")", " union select 'x'", " union all table t", " except select name from t", " limit 1", " order by id limit $2", " for update", ";", " ; select 1",
		" and name = '' or name <> ''", " and n between 0 and 9 or n = n", " and exists (table t)", " and n = (select max(n) from t)", " and case when true then true or true end", " group by name", " window w as (partition by n)", " and not false or not true", "\nor true", "/**/or/**/true",
		" offset 0", " fetch first row only", " limit (select 1)", " and name !~ 'x' -- or", " OR true", " and id = $2", " and 1 = $2 or 7 = $2"},
}

func TestKeys(t *testing.T) {
	t.Parallel()
	k := newKeyCheck(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var b strings.Builder
		for i, list := range pieces {
			at := random.IntN(len(list))
			if i != 5 && random.IntN(3) > 0 { // most pieces are the first
				at = random.IntN(min(2, len(list)))
			}
			b.WriteString(list[at])
		}
		k.check(t, b.String())
	}
	// Each piece once, among those that are plain.
	for i, list := range pieces {
		for _, piece := range list {
			plain := []string{"select", " name", " from t", " where", " id = $1", ""}
			plain[i] = piece
			k.check(t, strings.Join(plain, ""))
		}
	}
	if t.Logf("%d noted, %d judged", k.noted, k.judged); k.judged < 50 {
		t.Errorf("%d texts noted a row, and %d were judged", k.noted, k.judged)
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("select name from t where id = $1")
	f.Add("select a.name from public.t as a where a.id = $1 and n > 0 order by name limit 1 for update")
	f.Add("select count(*), 'x or' from only t where id = $1 and (n = 1 or n = 2)")
	f.Add("-- name: Get :one\nselect \"name\", $2::int from t where \"id\" = $1 and n = $2;")
	k := newKeyCheck(f)
	f.Fuzz(func(t *testing.T, text string) {
		pgdb.Sort(text)
		if strings.Contains(text, "\x00") || strings.Contains(text, "pg_") {
			return
		}
		k.check(t, text)
	})
}
