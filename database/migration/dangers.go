// What is dangerous for a database in use.

package migration

import "slices"

// A Danger is what a statement does to a database in use.
type Danger struct {
	File string
	Line int
	Rule string // its name, for '-- gorgon: allow RULE'
	Says string
	Hint string
}

// rules are what is looked for.
var rules = []struct{ name, says, hint string }{
	{"not-null", "the column is NOT NULL and has no default: this fails where the table has rows",
		"add it with a DEFAULT, or without NOT NULL and fill it first"},
	{"rewrite", "the table is written again under a lock that stops all readers",
		"add the column without that default, fill it in batches, then set the default"},
	{"set-not-null", "SET NOT NULL reads the whole table under a lock that stops all readers",
		"add a CHECK (column IS NOT NULL) NOT VALID, VALIDATE it in the next file, then SET NOT NULL, which is quick"},
	{"constraint-scan", "the constraint is checked against all rows under a lock that stops writers",
		"add it with NOT VALID, and VALIDATE CONSTRAINT in the next file"},
	{"validate-together", "the constraint is validated in the transaction that added it, which keeps its lock",
		"move VALIDATE CONSTRAINT into the next file"},
	{"index-locks", "the index is made under a lock that stops writers",
		"CREATE INDEX CONCURRENTLY, alone in a file with '-- gorgon: no transaction'"},
	{"drop-index-locks", "the index is dropped under a lock that stops all readers",
		"DROP INDEX CONCURRENTLY, alone in a file with '-- gorgon: no transaction'"},
	{"unique-scan", "the constraint makes its index under a lock that stops all readers",
		"CREATE UNIQUE INDEX CONCURRENTLY in a file before, then ADD CONSTRAINT … USING INDEX"},
	{"all-rows", "all rows are changed in one transaction, which keeps them locked",
		"change them in batches, by a program or a job, or say WHERE"},
	{"exclusive", "the statement locks the whole table against all readers",
		"do it in a time of maintenance"},
	{"replace", "with REPLACE, pages that show a replaced row are not purged where the row that it replaces has another key",
		"INSERT … ON CONFLICT DO UPDATE"},
	{"pragma", "the statement has no effect in a transaction, which every file is",
		"remove it: foreign keys are checked once, at the end of the file"},
}

// Rules are the names of what is looked for.
func Rules() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// A watch collects the dangers of a file.
type watch struct {
	file  File
	found []Danger
}

func (w *watch) add(line int, rule string) {
	if slices.Contains(w.file.Allows, rule) {
		return
	}
	for _, r := range rules {
		if r.name == rule {
			w.found = append(w.found, Danger{File: w.file.Path, Line: line, Rule: rule, Says: r.says, Hint: r.hint})
		}
	}
}

// Dangers finds what is dangerous in a file's Up, for the tables that it has
// not made itself.
func (f File) Dangers() []Danger {
	w := &watch{file: f}
	s := f.look()
	for _, statement := range f.Up {
		w.statement(statement, s.made)
	}
	for _, a := range s.alters {
		if !a.made {
			w.alter(a, s)
		}
	}
	slices.SortStableFunc(w.found, func(a, b Danger) int { return a.Line - b.Line })
	return w.found
}

// statement looks at one that is not an ALTER TABLE.
func (w *watch) statement(statement Statement, made []string) {
	c := cursor{statement.tokens}
	postgres := w.file.dialect == PostgreSQL
	switch {
	case c.take("update"):
		c.take("only")
		if table := c.name(); !covers(made, table) && !c.has("where") {
			w.add(statement.Line, "all-rows")
		}
	case c.take("delete", "from"):
		c.take("only")
		if table := c.name(); !covers(made, table) && !c.has("where") {
			w.add(statement.Line, "all-rows")
		}
	case !postgres && (c.take("replace") || c.take("insert", "or", "replace")):
		w.add(statement.Line, "replace")
	case !postgres && (c.take("pragma", "foreign_keys") || c.take("pragma", "journal_mode") || c.take("pragma", "synchronous")):
		w.add(statement.Line, "pragma")
	case !postgres:
	case concurrent(c):
	case c.take("create", "index"), c.take("create", "unique", "index"):
		c.take("if", "not", "exists")
		if !c.next("on") {
			c.name()
		}
		c.take("on")
		c.take("only")
		if !covers(made, c.name()) {
			w.add(statement.Line, "index-locks")
		}
	case c.take("drop", "index"):
		w.add(statement.Line, "drop-index-locks")
	case c.take("truncate"), c.take("cluster"), c.take("lock"), c.take("reindex"), c.take("vacuum", "full"), c.take("refresh", "materialized"):
		w.add(statement.Line, "exclusive")
	}
}

// alter looks at one action of an ALTER TABLE.
func (w *watch) alter(a change, s survey) {
	c := a.action
	postgres := w.file.dialect == PostgreSQL
	constraint := cursor{c.left}
	switch {
	case constraint.take("add", "constraint"):
		constraint.name()
		w.constraint(a, constraint)
	case c.isColumn():
		w.column(a, c)
	case c.take("add"):
		w.constraint(a, c)
	case postgres && c.take("validate", "constraint"):
		added := c.name()
		for _, other := range s.alters {
			o := other.action
			if other.table == a.table && o.take("add", "constraint") && o.name() == added {
				w.add(a.line, "validate-together")
			}
		}
	case postgres && c.take("alter"):
		c.take("column")
		if c.name(); c.take("set", "not", "null") {
			w.add(a.line, "set-not-null")
		}
	}
}

// column looks at a column that is added, from its name on.
func (w *watch) column(a change, c cursor) {
	c.name()
	value := cursor{c.left}
	hasDefault := false
	for len(value.left) > 0 && !hasDefault {
		if hasDefault = value.take("default"); !hasDefault {
			value.left = value.left[1:]
		}
	}
	generated := c.has("generated") || c.next("serial", "bigserial", "smallserial")
	if c.has("not", "null") && !hasDefault && !generated {
		w.add(a.line, "not-null")
	}
	if w.file.dialect == SQLite {
		return
	}
	if generated || hasDefault && volatile(value) {
		w.add(a.line, "rewrite")
	}
	if c.has("references") || c.has("check") {
		w.add(a.line, "constraint-scan")
	}
	if c.has("unique") || c.has("primary", "key") {
		w.add(a.line, "unique-scan")
	}
}

// volatile says whether a default may differ from row to row: it calls a
// function that is not known to be stable.
func volatile(value cursor) bool {
	stable := []string{"now", "current_timestamp", "current_date", "transaction_timestamp", "statement_timestamp", "lower", "upper", "jsonb_build_object", "to_tsvector",
		"varchar", "char", "numeric", "decimal", "check", "references"}
	for i, t := range value.left {
		if t.is("not", "null", "check", "references", "unique", "primary", "constraint") && i > 0 {
			break
		}
		if t.kind == word && i+1 < len(value.left) && value.left[i+1].is("(") && !t.is(stable...) {
			return true
		}
	}
	return false
}

// constraint looks at one that is added, from its kind on.
func (w *watch) constraint(a change, c cursor) {
	if w.file.dialect == SQLite {
		return
	}
	switch {
	case (c.take("foreign") || c.take("check")) && !c.has("not", "valid"):
		w.add(a.line, "constraint-scan")
	case (c.take("unique") || c.take("primary") || c.take("exclude")) && !c.has("using", "index"):
		w.add(a.line, "unique-scan")
	}
}
