// The app's functions that may write.

package pgdb

import (
	"context"
	"time"
)

// writers lists the names of functions that may write. Extensions are believed
// to write to no table of the app.
const writers = `
select distinct p.proname
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.provolatile = 'v' and n.nspname not in ('pg_catalog', 'information_schema')
and not exists (select from pg_catalog.pg_depend d
	where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`

// callsWriter says whether a statement calls a function that may write; it does
// if that cannot be found out.
func (e *engine) callsWriter(ctx context.Context, s sort) bool {
	if len(s.calls) == 0 && len(s.dotted) == 0 {
		return false
	}
	names, err := e.writerNames(ctx)
	if err != nil {
		return true
	}
	for _, list := range [][]string{s.calls, s.dotted} {
		for _, name := range list {
			if names[name] {
				return true
			}
		}
	}
	return false
}

func (e *engine) writerNames(ctx context.Context) (map[string]bool, error) {
	e.known.Lock()
	names := e.volatile
	age := e.generation
	e.known.Unlock()
	if names != nil {
		return names, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	rows, err := e.own.Query(ctx, writers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names = map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names[name] = true
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	e.known.Lock()
	defer e.known.Unlock()
	if e.generation == age {
		e.volatile = names
	}
	return names, nil
}
