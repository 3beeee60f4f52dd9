// What the statements of a file make and remove.

package migration

import (
	"fmt"
	"slices"
	"strings"
)

// A change is what one statement, or one action of an ALTER TABLE, does to a
// table.
type change struct {
	line   int
	action cursor // of an ALTER TABLE: what comes after the table's name
	table  string
	made   bool // the table was made by a statement of the file before
}

// A removal is something that programs may read and that a file takes away.
type removal struct {
	line int
	does string // "drops the column"
	what string // "products.subtitle"
}

// A survey is what is known of a file when its statements are read in order.
type survey struct {
	made     []string // tables and columns that the file made
	alters   []change
	removals []removal
}

// look reads the statements of a file's Up.
func (f File) look() survey {
	var s survey
	for _, statement := range f.Up {
		s.statement(statement)
	}
	return s
}

// creates is the name of the table or view that a statement makes; "" for none.
func creates(c cursor) (kind, table string) {
	if !c.take("create") {
		return "", ""
	}
	for c.take("or", "replace") || c.take("temp") || c.take("temporary") || c.take("unlogged") || c.take("global") || c.take("local") {
	}
	for _, kind := range []string{"table", "view", "materialized", "virtual"} {
		if c.take(kind) {
			_ = c.take("table") || c.take("view")
			c.take("if", "not", "exists")
			return kind, c.name()
		}
	}
	return "", ""
}

func (s *survey) statement(statement Statement) {
	c := cursor{statement.tokens}
	if _, table := creates(c); table != "" {
		s.made = append(s.made, table)
		return
	}
	switch {
	case c.take("drop", "table"), c.take("drop", "view"), c.take("drop", "materialized", "view"), c.take("drop", "schema"):
		c.take("if", "exists")
		for _, item := range c.list() {
			if table := item.name(); table != "" {
				s.remove(statement.Line, "drops", table)
			}
		}
	case c.take("alter", "table"):
		s.alter(statement.Line, c)
	}
}

func (s *survey) remove(line int, does, what string) {
	if !covers(s.made, what) {
		s.removals = append(s.removals, removal{line, does, what})
	}
}

func (s *survey) alter(line int, c cursor) {
	c.take("if", "exists")
	c.take("only")
	table := c.name()
	c.take("*")
	if table == "" {
		return
	}
	for _, action := range c.list() {
		s.alters = append(s.alters, change{line, action, table, covers(s.made, table)})
		a := action
		switch {
		case a.take("rename", "to"), a.take("set", "schema"):
			s.remove(line, "renames", table)
			s.made = append(s.made, a.name())
		case a.take("rename", "constraint"):
		case a.take("rename"):
			a.take("column")
			s.remove(line, "renames", table+"."+a.name())
			if a.take("to") {
				s.made = append(s.made, table+"."+a.name())
			}
		case a.take("drop", "constraint"), a.take("drop", "expression"):
		case a.take("drop"):
			a.take("column")
			a.take("if", "exists")
			s.remove(line, "drops", table+"."+a.name())
		case a.take("alter"):
			a.take("column")
			column := table + "." + a.name()
			if a.take("set", "data", "type") || a.take("type") {
				s.remove(line, "changes the type of", column)
			}
		case a.isColumn():
			s.made = append(s.made, table+"."+a.name())
		}
	}
}

// isColumn takes the words before a column, if an ALTER TABLE adds one, and says
// whether it does.
func (c *cursor) isColumn() bool {
	rest := cursor{c.left}
	if !rest.take("add") {
		return false
	}
	if rest.take("column") {
		rest.take("if", "not", "exists")
	} else if len(rest.left) == 0 || rest.next("constraint", "foreign", "check", "unique", "primary", "exclude", "not") {
		return false
	}
	c.left = rest.left
	return true
}

// Check says what forbids to apply a file.
func (f File) Check() error {
	fault := func(line int, format string, args ...any) error {
		return &Fault{File: f.Path, Line: line, Says: fmt.Sprintf(format, args...)}
	}
	for _, list := range [][]Statement{f.Up, f.Down} {
		for _, s := range list {
			if c := (cursor{s.tokens}); len(s.tokens) <= 3 && (c.take("begin") || c.take("commit") || c.take("rollback") || c.take("end") || c.take("start", "transaction")) {
				return fault(s.Line, "a file is one transaction already: remove this statement")
			}
			if c := (cursor{s.tokens}); f.dialect == PostgreSQL && !f.Bare && concurrent(c) {
				return fault(s.Line, "CONCURRENTLY cannot be in a transaction: put the statement alone into a file with '-- gorgon: no transaction' at the top")
			}
		}
	}
	switch {
	case f.Bare && f.dialect == SQLite:
		return fault(0, "with SQLite, every file is one transaction: remove the declaration 'no transaction'")
	case f.Bare && len(f.Up) != 1:
		return fault(0, "without a transaction, a file has one statement, and this has %d: give each a file of its own", len(f.Up))
	}
	for _, r := range f.look().removals {
		switch {
		case !f.Declared:
			return fault(r.line, "it %s %s, which the release before this may use: declare '-- gorgon: contract %s' at the top, or '-- gorgon: expand' if that release works without it", r.does, r.what, r.what)
		case f.Kind == Contract && !covers(f.Removes, r.what):
			return fault(r.line, "it %s %s, which the declaration at the top does not name: '-- gorgon: contract %s'", r.does, r.what, strings.Join(append(slices.Clone(f.Removes), r.what), ", "))
		}
	}
	return nil
}

// concurrent says whether a statement is one with CONCURRENTLY.
func concurrent(c cursor) bool {
	if c.take("create") {
		c.take("unique")
		return c.take("index", "concurrently")
	}
	return c.take("drop", "index", "concurrently") || c.take("reindex") && c.has("concurrently") || c.take("refresh") && c.has("concurrently")
}

// Index is the index that a file makes concurrently, outside of a transaction,
// with its schema; "" for any other file.
func (f File) Index() string {
	if !f.Bare || len(f.Up) != 1 {
		return ""
	}
	c := cursor{f.Up[0].tokens}
	if !concurrent(c) || !c.take("create") {
		return ""
	}
	c.take("unique")
	c.take("index", "concurrently")
	c.take("if", "not", "exists")
	if c.next("on") {
		return "" // the server names it
	}
	index := c.name()
	c.take("on")
	c.take("only")
	if schema, _, ok := strings.Cut(c.name(), "."); ok {
		index = schema + "." + index
	}
	return index
}
