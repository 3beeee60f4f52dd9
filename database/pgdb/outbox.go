// The outbox: looked at, and emptied.

package pgdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/dataflow"
)

// lookAtOnce is how many rows are looked at one by one. If there are more, they
// are one change for each table.
const lookAtOnce = 5000

// Look lists what the outbox has.
func (e *engine) Look(ctx context.Context) ([]dataflow.Change, error) {
	name, err := e.databaseName(ctx)
	var all []dataflow.Change
	if err == nil {
		all, err = e.lookOne(ctx, name, "o.tab <> '*' or o.at <= clock_timestamp()")
	}
	if err == nil && len(all) > lookAtOnce {
		// First what commits of the past were: others may be removed meanwhile.
		if all, err = e.lookFolded(ctx, name); err == nil {
			var whole []dataflow.Change
			whole, err = e.lookOne(ctx, name, "o.tab = '*' and o.at <= clock_timestamp()")
			all = append(all, whole...)
		}
	}
	if err != nil {
		return nil, e.explain("look at the outbox", err)
	}
	return all, nil
}

// lookOne lists rows, each as a change, and one more than lookAtOnce at most.
func (e *engine) lookOne(ctx context.Context, database, where string) ([]dataflow.Change, error) {
	rows, err := e.own.Query(ctx, "select g.generation, o.id, o.ctid::text, extract(epoch from clock_timestamp() - o.at)::float8, o.tab, array_remove(o.keys, null) from "+
		"(select coalesce(max(generation), 0) as generation from "+e.ours("changes")+") g left join "+e.ours("outbox")+" o on "+where+fmt.Sprintf(" limit %d", lookAtOnce+1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []dataflow.Change
	tags := map[string]string{} // of tables
	for rows.Next() {
		var generation int64
		var id *int64
		var place, tab *string
		var age *float64
		var keys []string
		if err := rows.Scan(&generation, &id, &place, &age, &tab, &keys); err != nil {
			return nil, err
		}
		if len(all) == 0 {
			e.seen(generation)
		}
		if id == nil {
			continue
		}
		change := dataflow.Change{ID: *id, Place: *place, Age: seconds(*age)}
		if *tab == everything {
			change.Tags = []string{dataflow.DatabaseTag(database)}
		} else {
			tag, ok := tags[*tab]
			if !ok {
				tag = dataflow.TableTag(database, *tab)
				tags[*tab] = tag
			}
			change.Tags = tagsOf(tag, keys)
		}
		all = append(all, change)
	}
	return all, rows.Err()
}

// A fold is the place of a change that is many rows: those of a table whose
// transactions had committed when it was looked at.
const fold = "folded "

// lookFolded lists all rows of each table as one change.
func (e *engine) lookFolded(ctx context.Context, database string) ([]dataflow.Change, error) {
	rows, err := e.own.Query(ctx, "select max(id), pg_current_snapshot()::text || ' ' || tab, extract(epoch from clock_timestamp() - min(at))::float8, tab from "+
		e.ours("outbox")+" where tab <> '*' group by tab")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c dataflow.Change, err error) {
		var tab string
		var age float64
		err = row.Scan(&c.ID, &c.Place, &age, &tab)
		tag := dataflow.TableTag(database, tab)
		c.Place, c.Age, c.Tags = fold+c.Place, seconds(age), []string{tag, dataflow.RowTag(tag, dataflow.AllRows)}
		return c, err
	})
}

func seconds(s float64) time.Duration { return max(0, time.Duration(s*float64(time.Second))) }

// everything is the table of a change of the whole database.
const everything = "*"

// tagsOf are the tags of a table and of its rows with some keys.
func tagsOf(table string, keys []string) []string {
	tags := make([]string, 1, 1+len(keys))
	tags[0] = table
	for _, key := range keys {
		if !dataflow.IsKey(key) {
			key = dataflow.AllRows
		}
		tags = append(tags, dataflow.RowTag(table, key))
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

const (
	removeAtOnce = 1000 // rows
	vacuumEvery  = 5000 // rows that were removed
)

// Remove removes changes: by their place, which needs no index, and by their
// number, since another change may have taken the place.
func (e *engine) Remove(ctx context.Context, changes []dataflow.Change) error {
	var single []dataflow.Change
	var n int64
	for _, c := range changes {
		rest, ok := strings.CutPrefix(c.Place, fold)
		if !ok {
			single = append(single, c)
			continue
		}
		snapshot, tab, _ := strings.Cut(rest, " ")
		tag, err := e.own.Exec(ctx, "delete from "+e.ours("outbox")+" where tab = $1 and pg_visible_in_snapshot(xid, $2::text::pg_snapshot)", tab, snapshot)
		if err != nil {
			return e.explain("remove from the outbox", err)
		}
		n += tag.RowsAffected()
	}
	more, err := e.removeSingle(ctx, single)
	if err != nil {
		return e.explain("remove from the outbox", err)
	}
	e.removed(ctx, n+more)
	return nil
}

// removeSingle removes changes that are one row each, and counts them.
func (e *engine) removeSingle(ctx context.Context, changes []dataflow.Change) (removed int64, err error) {
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
			return removed, err
		}
		removed += tag.RowsAffected()
		changes = changes[n:]
	}
	return removed, nil
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
