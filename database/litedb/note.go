// Noting what a query reads.

package litedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/dataflow"
)

// name is what SQLite calls the database of a file.
const name = "main"

var everything = dataflow.DatabaseTag(name)

// facts are what a statement reads, in terms of tags and doubts.
type facts struct {
	asked   int // of the use that they follow from
	tables  []string
	doubts  []string
	unknown string // what cannot be found out; "" if there is nothing like that
	lookup  *lookup
	kind    kind
}

// note notes what a query reads.
func (s *stmt) note(ctx context.Context, reads *dataflow.Reads, args []driver.NamedValue) error {
	reads.Tag(everything)
	if s.facts == nil || s.facts.asked != s.use.asked {
		f, err := s.conn.learn(ctx, s)
		if err != nil {
			return fmt.Errorf("find out what the query reads: %w", err)
		}
		s.facts = f
	}
	f := s.facts
	if f.unknown != "" && s.conn.engine.config.Strict {
		return fmt.Errorf("what the query reads is not known, since it reads %s: read tables, or query without the loader's context", f.unknown)
	}
	for _, d := range f.doubts {
		reads.Doubt(d)
	}
	if f.lookup != nil {
		if value, ok := f.lookup.argument(args); ok {
			if key, ok := f.kind.keyOf(value); ok {
				reads.Row(f.tables[0], key)
				return nil
			}
		}
	}
	for _, tag := range f.tables {
		reads.Table(tag)
	}
	return nil
}

// learn finds out what a statement's sources are.
func (c *conn) learn(ctx context.Context, s *stmt) (*facts, error) {
	f := &facts{asked: s.use.asked}
	for _, source := range s.use.sources {
		if err := c.engine.learn(ctx, c.session, source, s.use.sources, f); err != nil {
			return nil, err
		}
	}
	if len(s.use.sources) != 1 || len(f.tables) != 1 || s.script {
		return f, nil
	}
	l := lookupOf(s.text)
	if l == nil || l.table != s.use.sources[0].name {
		return f, nil
	}
	t, err := inspect(ctx, c.session, c.engine.tables[l.table])
	if err != nil || t == nil || t.key != l.column || t.kind != integer && t.folds {
		return f, nil // it reads the table; Layout says what is wrong with it
	}
	f.lookup, f.kind = l, t.kind
	return f, nil
}

// partOf says whether a source is of the virtual table that is another source. A
// virtual table reads its own tables by statements of its own.
func partOf(s source, all []source) bool {
	return slices.ContainsFunc(all, func(other source) bool { return strings.HasPrefix(s.name, other.name+"_") })
}

// harmless are functions that look like tables and have no content of their own,
// and the schema, which only migrations change.
var harmless = map[string]bool{
	"json_each": true, "json_tree": true, "jsonb_each": true, "jsonb_tree": true, "generate_series": true,
	"sqlite_schema": true, "sqlite_master": true, "sqlite_temp_schema": true, "sqlite_temp_master": true,
}

// learn adds one source to the facts.
func (e *engine) learn(ctx context.Context, s *session, source source, all []source, f *facts) error {
	if source.database == "" {
		found, err := s.value(ctx, "select schema from pragma_table_list where lower(name) = ? order by schema <> 'temp', schema <> 'main'", source.name)
		if err != nil || found == nil {
			return err // it is a name of the query's own
		}
		source.database, _ = found.(string)
	}
	_, declared := e.tables[source.name]
	switch {
	case source.database == "temp":
		f.doubts = append(f.doubts, "reads "+source.name+", which is temporary")
		return nil
	case source.database != name:
		f.doubts = append(f.doubts, "reads table "+source.name+" of the attached database "+source.database)
		return nil
	case declared:
		f.tables = append(f.tables, dataflow.TableTag(name, source.name))
		return nil
	case source.name == e.outbox, harmless[source.name], strings.HasPrefix(source.name, "pragma_"):
		return nil
	}
	kind, err := s.value(ctx, "select type from pragma_table_list where schema = 'main' and lower(name) = ?", source.name)
	switch {
	case err != nil:
		return err
	case kind == "view": // its tables are sources of their own
	case kind == "shadow" && partOf(source, all): // the content of a virtual table
	case kind != nil:
		f.doubts = append(f.doubts, "reads table "+source.name+", which is not in Options.Tables")
	default:
		f.unknown = "the function " + source.name
		f.doubts = append(f.doubts, "reads "+f.unknown+", whose content is not known")
	}
	return nil
}
