// The app's functions that a text calls.

package pgdb

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// functions lists the functions with some names, and those that some views and
// policies of tables call, except those that are believed to read no table.
const functions = `
select p.oid, pg_catalog.format('%s.%s(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
	l.lanname = 'sql' and p.prokind = 'f' and not p.prosecdef and p.proconfig is null,
	p.proretset, p.proisstrict or p.provolatile = 'v',
	case when p.prosrc <> '' then p.prosrc when p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) else '' end,
	p.proname
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where p.provolatile <> 'i' and n.nspname not in ('pg_catalog', 'information_schema')
and not exists (select from pg_catalog.pg_depend d
	where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
and (p.proname = any($1)
	or p.proname = any($2) and p.pronargs = 1
		and exists (select from pg_catalog.pg_type t where t.oid = p.proargtypes[0] and t.typrelid <> 0)
	or p.oid in (select d.refobjid from pg_catalog.pg_depend d
		where d.refclassid = 'pg_catalog.pg_proc'::regclass
		and (d.classid = 'pg_catalog.pg_rewrite'::regclass
				and d.objid in (select r.oid from pg_catalog.pg_rewrite r where r.ev_class = any($3))
			or d.classid = 'pg_catalog.pg_policy'::regclass
				and d.objid in (select y.oid from pg_catalog.pg_policy y where y.polrelid = any($3)))))
order by 2`

// A function is one of the app.
type function struct {
	oid   uint32
	name  string
	shown bool // the tables that it reads are among those that its plan locks
	set   bool // it returns rows
	whole bool // PostgreSQL never looks into it, if it returns rows
	body  string
	plain string
}

// readers are functions of PostgreSQL that read what an argument says.
var readers = []string{
	"query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "cursor_to_xml", "table_to_xml", "table_to_xml_and_xmlschema",
	"schema_to_xml", "schema_to_xml_and_xmlschema", "database_to_xml", "database_to_xml_and_xmlschema",
	"ts_stat", "ts_rewrite", "dblink", "dblink_fetch", "pg_read_file", "pg_read_binary_file", "lo_get", "loread", "crosstab", "connectby",
}

// functionsOf lists the functions that a text calls, directly or in views.
func functionsOf(ctx context.Context, tx pgx.Tx, sql string, list []relation) ([]function, error) {
	s := sortOf(sql)
	var of []uint32
	for _, r := range list {
		if r.kind == "v" || r.secure {
			of = append(of, r.oid)
		}
	}
	found, err := functionsNamed(ctx, tx, s, of)
	if err != nil {
		return nil, err
	}
	for i, f := range found {
		if f.shown && f.set && (f.whole || !inFrom(sql, f.plain)) {
			found[i].shown = false
		}
		if !found[i].shown {
			continue
		}
		// PostgreSQL does not always look into what a function calls.
		inner := sortOf(f.body)
		within, err := functionsNamed(ctx, tx, inner, nil)
		if err != nil {
			return nil, err
		}
		if inner.many || !inner.reads || slices.ContainsFunc(within, func(w function) bool { return w.oid != f.oid }) || reader(inner) != "" {
			found[i].shown = false
		}
	}
	if name := reader(s); name != "" {
		found = append(found, function{name: name})
	}
	return found, nil
}

// reader is a function among those that a statement calls that reads what an
// argument says.
func reader(s sort) string {
	for _, c := range s.calls {
		if slices.Contains(readers, c) {
			return c
		}
	}
	return ""
}

// inFrom says whether a text calls a function, and only in a from clause, where
// PostgreSQL looks into functions that return rows.
func inFrom(sql, name string) bool {
	list, ok := tokens(sql)
	found := false
	for i, t := range list {
		if !t.name() || t.text != name || i+1 == len(list) || !list[i+1].sign("(") {
			continue
		}
		at := i - 1
		if at > 0 && list[at].sign(".") {
			at -= 2
		}
		if at < 0 || !list[at].is("from") && !list[at].is("join") && !list[at].is("lateral") {
			return false
		}
		found = true
	}
	return ok && found
}

func functionsNamed(ctx context.Context, tx pgx.Tx, s sort, of []uint32) ([]function, error) {
	if len(s.calls) == 0 && len(s.dotted) == 0 && len(of) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, functions, append([]string{}, s.calls...), append([]string{}, s.dotted...), append([]uint32{}, of...))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f function, err error) {
		err = row.Scan(&f.oid, &f.name, &f.shown, &f.set, &f.whole, &f.body, &f.plain)
		return f, err
	})
}
