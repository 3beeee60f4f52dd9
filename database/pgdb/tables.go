// The tables of Options.Tables, as the server has them.

package pgdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
)

// A table is one whose commits are purges.
type table struct {
	schema, name string
	key          string // "": the primary key
	ignore       []string
}

// full is a table's name with its schema, as tags have it.
func (t table) full() string { return t.schema + "." + t.name }

// sql is a table's name in statements.
func (t table) sql() string { return pgx.Identifier{t.schema, t.name}.Sanitize() }

func tablesOf(list []database.Table) ([]table, error) {
	var all []table
	for _, t := range list {
		schema, name, ok := strings.Cut(t.Name, ".")
		if !ok {
			schema, name = "public", t.Name
		}
		if schema == "" || name == "" || strings.ContainsRune(t.Name, 0) {
			return nil, fmt.Errorf("Options.Tables: %q is not a table's name: write \"products\" or \"shop.products\"", t.Name)
		}
		made := table{schema, name, t.Key, slices.Sorted(slices.Values(t.Ignore))}
		if slices.ContainsFunc(all, func(other table) bool { return other.full() == made.full() }) {
			return nil, fmt.Errorf("Options.Tables: %s is given twice", made.full())
		}
		all = append(all, made)
	}
	return all, nil
}

// checkSchema says whether PostgreSQL allows a schema of this name.
func checkSchema(name string) error {
	why := ""
	switch {
	case name == "":
		why = "it is empty"
	case len(name) > 63:
		why = "it is longer than 63 bytes"
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		why = "it is not valid text"
	case strings.HasPrefix(name, "pg_"):
		why = "names that begin with pg_ are reserved for the server"
	}
	if why != "" {
		return fmt.Errorf("Options.Schema: %s", why)
	}
	return nil
}

// state is what the server has of some tables, in their order, and of the
// outbox, with each of them. The schema is $1; names of schemas, tables, keys
// and functions follow.
const state = `
select c.oid is not null, coalesce(c.relkind::text, ''), coalesce(c.relispartition, false),
	coalesce(pg_catalog.pg_get_userbyid(c.relowner), ''),
	coalesce(k.attname, ''), coalesce(k.type, 0), coalesce(k.exact, true),
	array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
	coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), ''),
	(select pg_catalog.count(*) from pg_catalog.pg_trigger g
		where g.tgrelid = c.oid and g.tgfoid = p.oid and g.tgenabled = 'A' and not g.tgisinternal),
	coalesce(pg_catalog.obj_description(o.oid, 'pg_class'), '')
from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality t (schema, name, key, function, i)
left join pg_catalog.pg_namespace n on n.nspname = t.schema
left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.name
left join lateral (
	select a.attname::text, a.atttypid::int8 as type, coalesce(l.collisdeterministic, true) as exact
	from pg_catalog.pg_attribute a
	left join pg_catalog.pg_collation l on l.oid = a.attcollation
	where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
	and case when t.key <> '' then a.attname = t.key else exists (
		select from pg_catalog.pg_index x where x.indrelid = c.oid and x.indisprimary and x.indnkeyatts = 1 and x.indkey[0] = a.attnum) end
) k on true
left join pg_catalog.pg_namespace own on own.nspname = $1
left join pg_catalog.pg_proc p on p.pronamespace = own.oid and p.proname = t.function
left join pg_catalog.pg_class o on o.relnamespace = own.oid and o.relname = 'outbox'
order by t.i`

// A laid is the layout of one table: what is there, and what is wanted.
type laid struct {
	table
	function string // its name
	owner    string // of the table
	key      string // the column; "" for none
	kind     keyKind
	comment  string // what the function's comment should be
	is       bool   // all is as it should be
}

// look asks for the layout of all tables, and whether the outbox is there.
func (e *engine) look(ctx context.Context, q querier) (all []laid, outbox bool, err error) {
	schemas, names, keys, functions := []string{""}, []string{""}, []string{""}, []string{""} // one row, if there are no tables
	for _, t := range e.tables {
		schemas, names, keys, functions = append(schemas, t.schema), append(names, t.name), append(keys, t.key), append(functions, functionName(t))
	}
	rows, err := q.Query(ctx, state, e.config.Schema, schemas, names, keys, functions)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	all = []laid{}
	var faults []error
	for i := -1; rows.Next(); i++ {
		var exists, partition, exact bool
		var kind, owner, key, comment, version string
		var oid, triggers int64
		var columns []string
		if err := rows.Scan(&exists, &kind, &partition, &owner, &key, &oid, &exact, &columns, &comment, &triggers, &version); err != nil {
			return nil, false, err
		}
		outbox = version == outboxVersion
		if i < 0 {
			continue
		}
		t := e.tables[i]
		l := laid{table: t, function: functionName(t), owner: owner}
		if fault := t.fault(exists, kind, partition, key, keyKindOf(uint32(oid)), exact, columns); fault != "" {
			faults = append(faults, fmt.Errorf("Options.Tables: %s %s", t.full(), fault))
		}
		if k := keyKindOf(uint32(oid)); k != noKey && exact {
			l.key, l.kind = key, k
		}
		l.comment = e.fingerprint(l)
		l.is = comment == l.comment && triggers == int64(len(events))
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	return all, outbox, errors.Join(faults...)
}

// querier makes queries: a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// fault says why a table cannot be watched.
func (t table) fault(exists bool, kind string, partition bool, key string, of keyKind, exact bool, columns []string) string {
	switch {
	case !exists:
		return "does not exist: create it in a migration, or correct its name"
	case kind == "v" || kind == "m":
		return "is a view: name the tables that it reads"
	case kind != "r" && kind != "p":
		return "is not a table of this database: no trigger notes its changes"
	case partition:
		return "is a partition: name the table that is partitioned"
	case t.key != "" && key == "":
		return fmt.Sprintf("has no column %q, which is its Key", t.key)
	case t.key != "" && (of == noKey || !exact):
		return fmt.Sprintf("has the Key %q, whose type is not an integer, text or uuid", t.key)
	}
	for _, column := range t.ignore {
		if !slices.Contains(columns, column) {
			return fmt.Sprintf("has no column %q, which is in its Ignore", column)
		}
	}
	return ""
}

// functionName is the name of the function of a table's triggers.
func functionName(t table) string {
	sum := sha256.Sum256([]byte(t.full()))
	return "changed_" + hex.EncodeToString(sum[:8])
}

// fingerprint is what tells the layout of a table from any other.
func (e *engine) fingerprint(l laid) string {
	sum := sha256.Sum256([]byte(e.functionSQL(l)))
	return l.full() + ": " + hex.EncodeToString(sum[:8])
}

// laidOut is what look says, remembered.
func (e *engine) laidOut(ctx context.Context) ([]laid, error) {
	e.known.Lock()
	all, age := e.laid, e.generation
	e.known.Unlock()
	if all != nil {
		return all, nil
	}
	all, _, err := e.look(ctx, e.own)
	if len(all) < len(e.tables) {
		return nil, err
	}
	e.known.Lock()
	defer e.known.Unlock()
	if age == e.generation {
		e.laid = all
	}
	return all, nil
}

// seen is called with the generation that the outbox has: what was known of
// others is forgotten.
func (e *engine) seen(generation int64) {
	e.known.Lock()
	defer e.known.Unlock()
	if generation != e.generation {
		e.generation, e.laid, e.volatile = generation, nil, nil
		e.plans.clear()
	}
}
