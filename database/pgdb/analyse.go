// What a text reads, by the server's own analysis.

package pgdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/dataflow"
)

var errNotQuery = errors.New("it is not a query")

// analyseTimeout is how long an analysis may take.
const analyseTimeout = 5 * time.Second

// prepared numbers the statements that are prepared, so that one which was left
// behind a proxy is not in the way.
var prepared atomic.Uint64

// relations lists what this transaction has locked: tables, and what is read
// through views. A partition is its table; the tables that a table inherits
// from are listed, too.
const relations = `
with recursive
locked (oid) as (
	select l.relation from pg_catalog.pg_locks l
	where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation'
	and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
	union
	select d.refobjid from locked
	join pg_catalog.pg_class c on c.oid = locked.oid and c.relkind = 'v'
	join pg_catalog.pg_rewrite r on r.ev_class = c.oid
	join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
		and d.refclassid = 'pg_catalog.pg_class'::regclass
),
roots (oid, above) as (
	select coalesce(pg_catalog.pg_partition_root(c.oid), c.oid), false
	from locked join pg_catalog.pg_class c on c.oid = locked.oid
	union
	select i.inhparent, true from roots join pg_catalog.pg_inherits i on i.inhrelid = roots.oid
)
select c.oid, n.nspname, c.relname, c.relkind::text, c.relrowsecurity, pg_catalog.bool_and(roots.above)
from roots join pg_catalog.pg_class c on c.oid = roots.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f', 'v', 'S') and n.nspname not in ('pg_catalog', 'information_schema')
group by 1, 2, 3, 4, 5
order by 2, 3`

// A relation is a table or view that a text reads.
type relation struct {
	oid    uint32
	name   string // with its schema
	kind   string // as pg_class has it
	secure bool   // it has policies
	above  bool   // it is only inherited from
}

// analyse asks the server what a text reads. The text is prepared and planned,
// and not executed.
func (e *engine) analyse(ctx context.Context, sql string) (*plan, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), analyseTimeout)
	defer cancel()
	name, err := e.databaseName(ctx)
	if err != nil {
		return nil, err
	}
	laidOut, err := e.laidOut(ctx)
	if err != nil {
		return nil, err
	}
	p := &plan{database: dataflow.DatabaseTag(name)}
	err = pgx.BeginTxFunc(ctx, e.own, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		types, err := explain(ctx, tx, sql)
		if err != nil {
			return err
		}
		list, err := relationsOf(ctx, tx)
		if err != nil {
			return err
		}
		functions, err := functionsOf(ctx, tx, sql, list)
		if err != nil {
			return err
		}
		e.judge(p, name, list, laidOut)
		for _, f := range functions {
			if !f.shown {
				p.doubts = append(p.doubts, fmt.Sprintf("function %s may read tables that are not known", f.name))
			}
		}
		if len(functions) == 0 {
			p.key = e.keyOf(name, sql, list, laidOut, types)
		}
		return errDone
	})
	if !errors.Is(err, errDone) {
		return nil, err
	}
	return p, nil
}

// errDone rolls an analysis back.
var errDone = errors.New("done")

// explain prepares and plans a text, and returns the types of its parameters.
// It is one statement to the server, or none: several cannot be prepared.
func explain(ctx context.Context, tx pgx.Tx, sql string) (types []uint32, err error) {
	// A plan without values looks into functions, too.
	if _, err := tx.Exec(ctx, "select pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true), "+
		"pg_catalog.set_config('lock_timeout', '2s', true), pg_catalog.set_config('statement_timeout', '5s', true)"); err != nil {
		return nil, err
	}
	text := numbered("gorgon_", prepared.Add(1))
	if err := send(ctx, tx, "prepare "+text+" as "+sql); err != nil {
		return nil, err
	}
	if err := send(ctx, tx, "savepoint gorgon"); err != nil {
		return nil, err
	}
	err = tx.QueryRow(ctx, "select parameter_types::oid[] from pg_catalog.pg_prepared_statements where name = $1", text).Scan(&types)
	if err == nil {
		err = send(ctx, tx, "explain execute "+text+nulls(len(types)))
	}
	if err != nil {
		if back := send(ctx, tx, "rollback to gorgon"); back != nil {
			return nil, err
		}
	}
	// It outlives the transaction, and this connection may be another program's.
	if free := send(ctx, tx, "deallocate "+text); err == nil {
		err = free
	}
	return types, err
}

// send sends one statement as it is, in the way in which there can be only one.
func send(ctx context.Context, tx pgx.Tx, sql string) error {
	return tx.Conn().PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read().Err
}

func relationsOf(ctx context.Context, tx pgx.Tx) ([]relation, error) {
	rows, err := tx.Query(ctx, relations)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r relation, err error) {
		var schema, name string
		err = row.Scan(&r.oid, &schema, &name, &r.kind, &r.secure, &r.above)
		r.name = schema + "." + name
		return r, err
	})
}

// judge notes relations in a plan.
func (e *engine) judge(p *plan, database string, list []relation, laidOut []laid) {
	for _, r := range list {
		i := slices.IndexFunc(e.tables, func(t table) bool { return t.full() == r.name })
		switch {
		case r.kind == "v":
		case r.kind == "m":
			p.doubts = append(p.doubts, "reads the materialized view "+r.name+", which is refreshed unnoticed")
		case r.kind == "f":
			p.doubts = append(p.doubts, "reads the foreign table "+r.name+", which changes unnoticed")
		case r.kind == "S":
			p.doubts = append(p.doubts, "reads the sequence "+r.name+", which changes unnoticed")
		case i >= 0:
			p.tables = append(p.tables, dataflow.TableTag(database, r.name))
			if !laidOut[i].is {
				p.doubts = append(p.doubts, "the triggers of table "+r.name+" are missing: run the program's migrate command")
			}
		case !r.above:
			p.doubts = append(p.doubts, "reads table "+r.name+", which is not in Options.Tables")
		}
	}
}

// keyOf says how a text reads one row; nil if it may read several.
func (e *engine) keyOf(database, sql string, list []relation, laidOut []laid, types []uint32) *keyRead {
	if len(list) != 1 || list[0].secure || list[0].kind != "r" && list[0].kind != "p" {
		return nil
	}
	i := slices.IndexFunc(e.tables, func(t table) bool { return t.full() == list[0].name })
	if i < 0 || !laidOut[i].is || laidOut[i].key == "" {
		return nil
	}
	param, _, ok := byKey(sql, laidOut[i].key)
	if !ok || param > len(types) {
		return nil
	}
	oid := types[param-1]
	if kind := keyKindOf(oid); kind == noKey || kind != laidOut[i].kind {
		return nil
	}
	return &keyRead{dataflow.TableTag(database, list[0].name), param, oid}
}
