// The outbox: looked at, and emptied.

package pgdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/dataflow"
)

// Look lists what the outbox has.
func (e *engine) Look(ctx context.Context) ([]dataflow.Change, error) {
	name, err := e.databaseName(ctx)
	if err != nil {
		return nil, e.explain("look at the outbox", err)
	}
	rows, err := e.own.Query(ctx, "select g.generation, o.id, o.ctid::text, extract(epoch from clock_timestamp() - o.at)::float8, o.tab, o.keys from "+
		e.ours("changes")+" g left join "+e.ours("outbox")+" o on o.tab <> '*' or o.at <= clock_timestamp()")
	if err != nil {
		return nil, e.explain("look at the outbox", err)
	}
	defer rows.Close()
	var all []dataflow.Change
	tags := map[string]string{} // of tables
	for rows.Next() {
		var generation int64
		var id *int64
		var place, tab *string
		var age *float64
		var keys []*string
		if err := rows.Scan(&generation, &id, &place, &age, &tab, &keys); err != nil {
			return nil, e.explain("look at the outbox", err)
		}
		e.seen(generation)
		if id == nil {
			continue
		}
		change := dataflow.Change{ID: *id, Place: *place, Age: max(0, time.Duration(*age*float64(time.Second)))}
		if *tab == everything {
			change.Tags = []string{dataflow.DatabaseTag(name)}
		} else {
			tag, ok := tags[*tab]
			if !ok {
				tag = dataflow.TableTag(name, *tab)
				tags[*tab] = tag
			}
			change.Tags = tagsOf(tag, keys)
		}
		all = append(all, change)
	}
	return all, e.explain("look at the outbox", rows.Err())
}

// everything is the table of a change of the whole database.
const everything = "*"

// tagsOf are the tags of a table and of its rows with some keys.
func tagsOf(table string, keys []*string) []string {
	tags := make([]string, 1, 1+len(keys))
	tags[0] = table
	seen := make(map[string]bool, len(keys))
	for _, k := range keys {
		if k == nil {
			continue
		}
		key := *k
		if !dataflow.IsKey(key) {
			key = dataflow.AllRows
		}
		if !seen[key] {
			seen[key] = true
			tags = append(tags, dataflow.RowTag(table, key))
		}
	}
	if len(tags) > dataflow.MaxRows*2+1 {
		return []string{table, dataflow.RowTag(table, dataflow.AllRows)}
	}
	return tags
}

const (
	removeAtOnce = 1000 // rows
	vacuumEvery  = 5000 // rows that were removed
)

// Remove removes changes: by their place, which needs no index, and by their
// number, since another change may have taken the place.
func (e *engine) Remove(ctx context.Context, changes []dataflow.Change) error {
	var places []string
	var ids []int64
	for len(changes) > 0 {
		n := min(len(changes), removeAtOnce)
		places, ids = places[:0], ids[:0]
		for _, c := range changes[:n] {
			places, ids = append(places, c.Place), append(ids, c.ID)
		}
		tag, err := e.own.Exec(ctx, "delete from "+e.ours("outbox")+" where ctid = any($1::text[]::tid[]) and id = any($2)", places, ids)
		if err != nil {
			return e.explain("remove from the outbox", err)
		}
		changes = changes[n:]
		e.removed(ctx, tag.RowsAffected())
	}
	return nil
}

// removed counts what was removed, and frees its space from time to time. A role
// that may not do that leaves it to the server.
func (e *engine) removed(ctx context.Context, n int64) {
	if e.gone.Add(n) < vacuumEvery {
		return
	}
	e.gone.Store(0)
	if _, err := e.own.Exec(ctx, "vacuum "+e.ours("outbox"), pgx.QueryExecModeSimpleProtocol); err != nil {
		e.log.DebugContext(ctx, fmt.Sprintf("the outbox was not vacuumed: %v", e.plain(err)))
	}
}
