// The triggers that note what a statement changes.

package pgdb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// events are those that have a trigger each, and what it reads.
var events = []struct{ name, referencing string }{
	{"insert", "referencing new table as new_rows"},
	{"update", "referencing old table as old_rows new table as new_rows"},
	{"delete", "referencing old table as old_rows"},
	{"truncate", ""},
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// quote is a string in statements.
func quote(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

func (e *engine) ours(name string) string { return pgx.Identifier{e.config.Schema, name}.Sanitize() }

// triggerName is the name of a trigger; those of another app have others.
func (e *engine) triggerName(event string) string {
	name := e.config.Schema + "_" + event
	if len(name) > 63 {
		sum := sha256.Sum256([]byte(e.config.Schema))
		name = "gorgon_" + hex.EncodeToString(sum[:8]) + "_" + event
	}
	return name
}

// maxKeys is how many changed rows are noted one by one.
const maxKeys = 100

// functionSQL is the statement that makes the function of a table's triggers.
// It puts one row into the outbox for each statement that changed something.
func (e *engine) functionSQL(l laid) string {
	insert := fmt.Sprintf("insert into %s (tab, keys)", e.ours("outbox"))
	name := quote(l.full())
	var b strings.Builder
	fmt.Fprintf(&b, "create or replace function %s() returns trigger language plpgsql security definer\nset search_path = pg_catalog, pg_temp as ", e.ours(l.function))
	var body strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&body, format+"\n", args...) }
	line("begin")
	line("if tg_op = 'UPDATE' then")
	line("%s", l.updated(insert, name))
	line("elsif tg_op = 'INSERT' then")
	line("%s", l.rows(insert, name, "new_rows"))
	line("elsif tg_op = 'DELETE' then")
	line("%s", l.rows(insert, name, "old_rows"))
	line("else")
	line("%s values (%s, '{*}');", insert, name)
	line("end if;")
	if e.config.Announce {
		line("if found then perform pg_notify(%s, ''); end if;", quote(e.config.Schema))
	}
	line("return null;")
	line("end")
	b.WriteString(quote(body.String()))
	return b.String()
}

// keyOf is the text of a row's key. Longer keys are not those of tags.
func (l laid) keyOf(row string) string {
	column := row + "." + identifier(l.key)
	if l.kind == textual {
		return fmt.Sprintf("left(%s::text, 65)", column)
	}
	return column + "::text"
}

// rows notes all rows of a transition table.
func (l laid) rows(insert, name, from string) string {
	if l.key == "" {
		return fmt.Sprintf("%s select %s, null where exists (select from %s);", insert, name, from)
	}
	return fmt.Sprintf("%s select %s, case when count(*) > %d then '{*}' else array_agg(k) end\n"+
		"from (select %s as k from %s r limit %d) c having count(*) > 0;", insert, name, maxKeys, l.keyOf("r"), from, maxKeys+1)
}

// updated notes the rows that an update changed, under their old and new keys.
func (l laid) updated(insert, name string) string {
	visible := func(row string) string {
		var list []string
		for _, column := range l.ignore {
			list = append(list, quote(column))
		}
		return fmt.Sprintf("to_jsonb(%s) - array[%s]", row, strings.Join(list, ", "))
	}
	switch {
	case l.key == "" && len(l.ignore) == 0:
		return l.rows(insert, name, "new_rows")
	case l.key == "":
		return fmt.Sprintf("%s select %s, null where exists (\n(select %s from new_rows n) except all (select %s from old_rows o));",
			insert, name, visible("n"), visible("o"))
	case len(l.ignore) == 0:
		return fmt.Sprintf("%s select %s, case when count(*) > %d then '{*}' else array_agg(k) end\n"+
			"from (select %s as k from new_rows n union all select %s from old_rows o limit %d) c having count(*) > 0;",
			insert, name, 2*maxKeys, l.keyOf("n"), l.keyOf("o"), 2*maxKeys+1)
	}
	key := identifier(l.key)
	return fmt.Sprintf("%s select %s, case when count(*) > %d then '{*}' else array_agg(n) || array_agg(o) end\n"+
		"from (select %s as n, %s as o from new_rows n full join old_rows o on n.%s = o.%s\n"+
		"where %s is distinct from %s limit %d) c having count(*) > 0;",
		insert, name, maxKeys, l.keyOf("n"), l.keyOf("o"), key, key, visible("n"), visible("o"), maxKeys+1)
}

// triggerSQL are the statements that make a table's triggers.
func (e *engine) triggerSQL(l laid) []string {
	var list []string
	for _, event := range events {
		name := identifier(e.triggerName(event.name))
		list = append(list,
			fmt.Sprintf("drop trigger if exists %s on %s", name, l.sql()),
			fmt.Sprintf("create trigger %s after %s on %s %s for each statement execute function %s()", name, event.name, l.sql(), event.referencing, e.ours(l.function)),
			fmt.Sprintf("alter table %s enable always trigger %s", l.sql(), name))
	}
	return list
}
