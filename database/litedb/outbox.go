// What committed transactions have changed.

package litedb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/dataflow"
)

// takeTime is how long a look waits for the lock to take changes over. Then it
// lists them as they are, and they are listed again.
const takeTime = 100 * time.Millisecond

// Look lists what was changed: one change for all that this look takes, and one
// for each that was taken before and not removed.
//
// Triggers write into batch 0, each key once. To take them is to give them a
// number of their own. That is a transaction that writes, so it comes before or
// after each other one: what a transaction has changed, and found in batch 0, is
// taken after its commit and not before.
func (e *engine) Look(ctx context.Context) (changes []dataflow.Change, err error) {
	err = e.with(ctx, "look at the outbox", func(s *session) error {
		rows, err := s.rows(ctx, e.sql.list)
		if err != nil {
			return e.missing(ctx, s, err)
		}
		batches := map[int64][][]driver.Value{}
		for _, row := range rows {
			batch, _ := row[0].(int64)
			batches[batch] = append(batches[batch], row)
		}
		if batches[0] != nil {
			batch, rows, err := e.take(ctx, s)
			if err != nil {
				return err
			}
			if len(rows) > 0 {
				// What another process has taken meanwhile is in this one, too.
				batches[batch] = append(rows, batches[0]...)
				delete(batches, 0)
			}
		}
		for batch, rows := range batches {
			if batch == 0 {
				e.own.untaken--
				batch = e.own.untaken
			}
			changes = append(changes, changeOf(batch, rows))
		}
		return nil
	})
	return changes, err
}

// take gives batch 0 a number, and returns the number and the rows: none if a
// writer holds the lock, the file cannot be written to, or another process was
// faster.
func (e *engine) take(ctx context.Context, s *session) (batch int64, rows [][]driver.Value, err error) {
	wait, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	if err := e.turn.take(wait); err != nil {
		return 0, nil, ctx.Err()
	}
	defer e.turn.pass()
	batch = 1 + rand.Int64N(math.MaxInt64)
	rows, err = s.rows(wait, e.sql.take, batch)
	if err == nil {
		return batch, rows, nil
	}
	if ctx.Err() == nil && (wait.Err() != nil || untakeable[primary(err)]) {
		err = nil
	}
	return 0, nil, err
}

// untakeable are faults that keep changes from being taken, and not from being
// purged.
var untakeable = map[int]bool{
	sqlite3.SQLITE_BUSY: true, sqlite3.SQLITE_READONLY: true, sqlite3.SQLITE_FULL: true, sqlite3.SQLITE_IOERR: true,
}

// changeOf is a batch as one change.
func changeOf(batch int64, rows [][]driver.Value) dataflow.Change {
	c := dataflow.Change{ID: batch}
	for _, row := range rows {
		age, _ := row[1].(float64)
		c.Age = max(c.Age, time.Duration(age*float64(time.Second)))
		tab, _ := row[2].(string)
		key, _ := row[3].(string)
		c.Tags = append(c.Tags, tagsOf(tab, key)...)
	}
	slices.Sort(c.Tags)
	c.Tags = slices.Compact(c.Tags)
	return c
}

// tagsOf is what a change of a row purges.
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

// Remove removes changes that were taken. Those that were not are listed again.
func (e *engine) Remove(ctx context.Context, changes []dataflow.Change) error {
	var batches []int64
	for _, c := range changes {
		if c.ID > 0 {
			batches = append(batches, c.ID)
		}
	}
	if batches == nil {
		return nil
	}
	list, err := json.Marshal(batches)
	if err != nil {
		return err
	}
	return e.with(ctx, "remove changes from the outbox", func(s *session) error {
		if err := e.turn.take(ctx); err != nil {
			return err
		}
		defer e.turn.pass()
		return s.exec(ctx, e.sql.remove, string(list))
	})
}

// Changed puts a change of everything into the outbox.
func (e *engine) Changed(ctx context.Context) error {
	err := e.write(ctx, "note that the schema has changed", func(s *session) error {
		if err := s.exec(ctx, e.sql.changed); err != nil {
			return e.missing(ctx, s, err)
		}
		return nil
	})
	if err == nil {
		e.committed(ctx)
	}
	return err
}

// missing explains an error where there is no outbox.
func (e *engine) missing(ctx context.Context, s *session, err error) error {
	there, thereErr := e.there(ctx, s)
	if _, ok := there[e.outbox]; thereErr == nil && !ok {
		return fmt.Errorf("%s has no outbox: run the migrate command", e.place.path)
	}
	return err
}
