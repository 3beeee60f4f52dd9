// What committed transactions have changed.

package litedb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/dataflow"
)

// takeTime is how long a look waits to take changes over. Then it lists them as
// they are, and they are listed again.
const takeTime = 100 * time.Millisecond

// Look lists what was changed. What triggers have written is first taken over
// into a second table, in a transaction of its own: no transaction that still
// runs can have seen it as what is yet to be taken, so each key that is changed
// from now on is written again.
func (e *engine) Look(ctx context.Context) (changes []dataflow.Change, err error) {
	err = e.with(ctx, "look at the outbox", func(s *session) error {
		o := &e.own
		version, err := s.value(ctx, "pragma data_version")
		if err != nil {
			return err
		}
		if o.empty && version == o.version {
			return nil
		}
		o.empty = false
		o.version, _ = version.(int64)
		full, err := s.value(ctx, "select exists (select 1 from "+e.outbox+")")
		if err != nil {
			return e.missing(ctx, s, err)
		}
		took := true
		if full == int64(1) {
			if took, err = e.take(ctx, s); err != nil {
				return err
			}
		}
		if !took {
			changes, err = e.list(ctx, s, e.outbox, "0")
		}
		if err == nil {
			var more []dataflow.Change
			more, err = e.list(ctx, s, e.taken, "id")
			changes = append(changes, more...)
		}
		o.empty = err == nil && len(changes) == 0
		return err
	})
	return changes, err
}

// take takes changes over, unless a writer holds the lock.
func (e *engine) take(ctx context.Context, s *session) (took bool, err error) {
	limited, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	if err := e.turn.take(limited); err != nil {
		return false, ctx.Err()
	}
	defer e.turn.pass()
	err = s.transact(limited, func() error {
		if err := s.exec(limited, "insert into "+e.taken+" (at, tab, key) select at, tab, key from "+e.outbox); err != nil {
			return err
		}
		return s.exec(limited, "delete from "+e.outbox)
	})
	if err != nil && ctx.Err() == nil && (limited.Err() != nil || primary(err) == sqlite3.SQLITE_BUSY || primary(err) == sqlite3.SQLITE_READONLY) {
		return false, nil
	}
	return err == nil, err
}

// list lists one of the two tables.
func (e *engine) list(ctx context.Context, s *session, table, id string) ([]dataflow.Change, error) {
	rows, err := s.rows(ctx, "select "+id+", unixepoch('subsec') - at, tab, key from "+table)
	if err != nil {
		return nil, err
	}
	changes := make([]dataflow.Change, 0, len(rows))
	for _, row := range rows {
		c := dataflow.Change{Age: age(row[1])}
		if c.ID, _ = row[0].(int64); c.ID == 0 {
			e.own.loose--
			c.ID = e.own.loose
		}
		tab, _ := row[2].(string)
		key, _ := row[3].(string)
		c.Tags = tagsOf(tab, key)
		changes = append(changes, c)
	}
	return changes, nil
}

func age(seconds driver.Value) time.Duration {
	f, _ := seconds.(float64)
	return max(0, time.Duration(f*float64(time.Second)))
}

// tagsOf is what a change purges.
func tagsOf(tab, key string) []string {
	if tab == dataflow.AllRows {
		return []string{everything}
	}
	if !dataflow.IsKey(key) {
		key = dataflow.AllRows
	}
	table := dataflow.TableTag(name, tab)
	return []string{table, dataflow.RowTag(table, key)}
}

// removeAtOnce is how many changes a transaction removes.
const removeAtOnce = 2000

// Remove removes changes that were taken over. Those that were not are listed
// again.
func (e *engine) Remove(ctx context.Context, changes []dataflow.Change) error {
	var ids []int64
	for _, c := range changes {
		if c.ID > 0 {
			ids = append(ids, c.ID)
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), removeAtOnce)
		list, err := json.Marshal(ids[:n])
		if err == nil {
			err = e.write(ctx, "remove changes from the outbox", func(s *session) error {
				return s.exec(ctx, "delete from "+e.taken+" where id in (select value from json_each(?))", string(list))
			})
		}
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Changed puts a change of everything into the outbox.
func (e *engine) Changed(ctx context.Context) error {
	err := e.write(ctx, "note that the schema has changed", func(s *session) error {
		// A change that this connection makes does not show in the version.
		e.own.empty = false
		err := s.exec(ctx, "insert into "+e.outbox+" (tab, key) values ('*', '*') on conflict do nothing")
		if err != nil {
			return e.missing(ctx, s, err)
		}
		return nil
	})
	if err == nil {
		e.committed(ctx)
	}
	return err
}

// missing explains an error where our tables do not exist.
func (e *engine) missing(ctx context.Context, s *session, err error) error {
	n, countErr := s.value(ctx, "select count(*) from main.sqlite_schema where type = 'table' and name in (?, ?)", e.outbox, e.taken)
	if countErr == nil && n != int64(2) {
		return fmt.Errorf("%s has no outbox: run the migrate command", e.place.path)
	}
	return err
}
