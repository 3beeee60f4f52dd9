// What a table looks like.

package litedb

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/database"
)

// A kind is that of a key.
type kind byte

const (
	none kind = iota // the table has no key by which single rows are known
	integer
	textual
	uuid
)

// kindOf is the kind of a column's declared type, by SQLite's rules of affinity.
func kindOf(declared string) kind {
	declared = fold(declared)
	contains := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(declared, p) })
	}
	switch {
	case contains("int"):
		return integer
	case contains("char", "clob", "text"):
		return textual
	case declared == "uuid":
		return uuid
	}
	return none
}

// A column is one of a table. Its values have a type of their own each if it has
// no affinity.
type column struct {
	name  string
	loose bool
}

// A table is a declared one as it is in the database.
type table struct {
	name    string // as it was declared, in lower case
	key     string // the name of its key; "" for none
	kind    kind
	folds   bool // texts that differ may be equal in it
	columns []column
	ignored map[string]bool // by their names in lower case
}

var collates = regexp.MustCompile(`(?i)\bcollate\b`)

// inspect looks at a declared table. It is nil if the table does not exist.
func inspect(ctx context.Context, s *session, declared database.Table) (*table, error) {
	name := fold(declared.Name)
	found, err := s.rows(ctx, "select type, sql from main.sqlite_schema where lower(name) = ? and type in ('table', 'view')", name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	sql, _ := found[0][1].(string)
	if found[0][0] != "table" {
		return nil, fmt.Errorf("%s, in Options.Tables, is a view: name the tables that it reads", declared.Name)
	}
	if strings.HasPrefix(fold(strings.Join(strings.Fields(sql), " ")), "create virtual ") {
		return nil, fmt.Errorf("%s, in Options.Tables, is a virtual table, which has no triggers: name the table that it is made of", declared.Name)
	}
	t := &table{name: name, folds: collates.MatchString(sql), ignored: map[string]bool{}}
	rows, err := s.rows(ctx, "select name, type, pk from pragma_table_xinfo(?, 'main') where hidden <> 1 order by cid", name)
	if err != nil {
		return nil, err
	}
	var primary []string
	kinds := map[string]kind{}
	for _, row := range rows {
		column := column{}
		column.name, _ = row[0].(string)
		kind := textual
		if declared, ok := row[1].(string); ok {
			kind = kindOf(declared)
			column.loose = declared == "" || strings.Contains(fold(declared), "blob") || strings.EqualFold(declared, "any")
		}
		kinds[fold(column.name)] = kind
		t.columns = append(t.columns, column)
		if row[2] != int64(0) {
			primary = append(primary, column.name)
		}
	}
	return t, t.fit(declared, kinds, primary)
}

// fit applies what was declared.
func (t *table) fit(declared database.Table, kinds map[string]kind, primary []string) error {
	key := fold(declared.Key)
	switch kind, ok := kinds[key]; {
	case key == "":
		if len(primary) == 1 {
			t.key = fold(primary[0])
			t.kind = kinds[t.key]
		}
		if t.kind == none {
			t.key = ""
		}
	case !ok:
		return fmt.Errorf("table %s has no column %s, which is its Key in Options.Tables", declared.Name, declared.Key)
	case kind == none:
		return fmt.Errorf("column %s of table %s is its Key in Options.Tables, and its type is neither integer, text nor uuid", declared.Key, declared.Name)
	default:
		t.key, t.kind = key, kind
	}
	for _, name := range declared.Ignore {
		lower := fold(name)
		switch _, ok := kinds[lower]; {
		case !ok:
			return fmt.Errorf("table %s has no column %s, which its Ignore in Options.Tables names", declared.Name, name)
		case lower == t.key:
			return fmt.Errorf("column %s of table %s is its key and in its Ignore in Options.Tables", name, declared.Name)
		}
		t.ignored[lower] = true
	}
	return nil
}
