// The SQL of the outbox and of the triggers.

package litedb

import (
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/dataflow"
)

// layout is the outbox. A key is once in batch 0, where triggers write to,
// however often it was changed. It and the triggers use what SQLite has had since
// version 3.24, since other programs that write to the tables run them, too.
func layout(outbox string) string {
	return "CREATE TABLE " + outbox + " (batch integer not null default 0, tab text not null, key text not null," +
		" at real not null default (julianday('now')), primary key (batch, tab, key)) without rowid"
}

// texts are the engine's own statements.
type texts struct{ list, take, remove, changed string }

func textsOf(outbox string) texts {
	const columns = "batch, (julianday('now') - at) * 86400.0, tab, key"
	return texts{
		list:    "select " + columns + " from " + outbox,
		take:    "update " + outbox + " set batch = ? where batch = 0 returning " + columns,
		remove:  "delete from " + outbox + " where batch in (select value from json_each(?))",
		changed: "insert into " + outbox + " (tab, key) values ('*', '*') on conflict do nothing",
	}
}

// A trigger is one of a table.
type trigger struct{ name, sql string }

// triggers are those of a table. Each has the form in which SQLite keeps it.
func (e *engine) triggers(t *table) []trigger {
	on := func(event, when string, keys ...string) trigger {
		name := e.config.Schema + "_" + t.name + "_" + event
		all := "not exists (select 1 from " + e.outbox + " where batch = 0 and tab = " + str(t.name) + " and key = '*')"
		if when != "" {
			all += " and (" + when + ")"
		}
		var body strings.Builder
		for i, key := range keys {
			where := ""
			if i > 0 {
				where = " where old." + quote(t.key) + " is not new." + quote(t.key)
			}
			body.WriteString(e.insert(t, key, where))
		}
		return trigger{name, "CREATE TRIGGER " + quote(name) + " after " + event + " on " + quote(t.name) + " for each row when " + all + " begin" + body.String() + " end"}
	}
	before, after := t.keyOf("old"), t.keyOf("new")
	update := on("update", t.changed(), after)
	if t.key != "" {
		update = on("update", t.changed(), after, before)
	}
	return []trigger{on("insert", "", after), update, on("delete", "", before)}
}

// insert writes a key, unless it is there; the one after [dataflow.MaxRows] is
// all rows.
func (e *engine) insert(t *table, key, where string) string {
	if where == "" {
		where = " where true" // so that the parser does not take "on" for a join
	}
	if t.key != "" {
		key = fmt.Sprintf("case when (select count(*) from %s where batch = 0 and tab = %s) < %d then %s else '*' end", e.outbox, str(t.name), dataflow.MaxRows, key)
	}
	return " insert into " + e.outbox + " (tab, key) select " + str(t.name) + ", " + key + where + " on conflict do nothing;"
}

// keyOf is the key of the old or the new row, as text.
func (t *table) keyOf(row string) string {
	if t.key == "" {
		return "'*'"
	}
	key := "cast(" + row + "." + quote(t.key) + " as text)"
	return fmt.Sprintf("case when length(%[1]s) between 1 and 64 and %[1]s not glob '*[^A-Za-z0-9_.-]*' then %[1]s else '*' end", key)
}

// changed is true where an update changes a column that is shown; "" if all
// columns are. Collations are left aside: they take different texts for equal.
func (t *table) changed() string {
	if len(t.ignored) == 0 {
		return ""
	}
	var all []string
	for _, c := range t.shown() {
		name := quote(c.name)
		all = append(all, "old."+name+" is not new."+name+" collate binary")
		if c.loose {
			all = append(all, "typeof(old."+name+") <> typeof(new."+name+")")
		}
	}
	if all == nil {
		return "false"
	}
	return strings.Join(all, " or ")
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func str(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
