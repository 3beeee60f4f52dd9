// The row of a call.

package oncedb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/once"
)

// tables are those of the ledger. Times are milliseconds of Unix time. A row has
// no answer until its transaction commits.
var tables = database.Own{Name: "once", Versions: []database.OwnVersion{{
	SQLite: []string{
		`CREATE TABLE {once} (id BLOB PRIMARY KEY, input BLOB NOT NULL, ends INTEGER NOT NULL, answer BLOB)`,
		`CREATE INDEX {once_ends} ON {once} (ends)`,
	},
	PostgreSQL: []string{
		`CREATE TABLE {once} (id BYTEA PRIMARY KEY, input BYTEA NOT NULL, ends BIGINT NOT NULL, answer BYTEA)`,
		`CREATE INDEX ON {once} (ends)`,
	},
}}}

const (
	removed = 4         // rows with each write, at most
	slack   = time.Hour // for which rows stay after their end: clocks differ
)

// An entry is a call within its transaction.
type entry struct {
	db   *database.DB
	tx   *sql.Tx
	call once.Call
}

func (e entry) postgres() bool { return e.db.Dialect().Name() == database.PostgreSQL }

// claim writes the row of a call, unless there is one: then it returns its
// answer.
func (e entry) claim(ctx context.Context, came time.Time) (answer []byte, found bool, err error) {
	if e.postgres() {
		if err := e.lock(ctx); err != nil {
			return nil, false, err
		}
	}
	table := e.db.OwnTable(tables.Name)
	made, err := e.tx.ExecContext(ctx, `INSERT INTO `+table+` AS o (id, input, ends) VALUES ($1, $2, $3)
	ON CONFLICT (id) DO UPDATE SET input = excluded.input, ends = excluded.ends, answer = NULL WHERE o.ends <= $4 OR o.answer IS NULL`,
		e.call.ID[:], e.call.Input[:], came.Add(e.call.Keep).UnixMilli(), came.UnixMilli())
	if err != nil {
		return nil, false, e.explain("record a call", err)
	}
	n, err := made.RowsAffected()
	if err != nil || n == 1 {
		return nil, false, err
	}
	var input []byte
	if err := e.tx.QueryRowContext(ctx, `SELECT input, answer FROM `+table+` WHERE id = $1`, e.call.ID[:]).Scan(&input, &answer); err != nil {
		return nil, false, e.explain("read the answer of a call", err)
	}
	if !bytes.Equal(input, e.call.Input[:]) {
		return nil, false, once.ErrOther
	}
	return answer, true, nil
}

// lock takes the lock of the call until the transaction ends.
func (e entry) lock(ctx context.Context) error {
	key := int64(binary.BigEndian.Uint64(e.call.ID[:]))
	if e.call.Wait {
		_, err := e.tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", key)
		return e.explain("wait for a call", err)
	}
	var free bool
	err := e.tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", key).Scan(&free)
	if err == nil && !free {
		return once.ErrRunning
	}
	return e.explain("look for a call", err)
}

// keep writes the answer, and removes some rows whose time is over.
func (e entry) keep(ctx context.Context, answer []byte, now time.Time) error {
	if len(answer) > once.MaxAnswer {
		return fmt.Errorf("%w (it has %d bytes, and %d are kept)", once.ErrLarge, len(answer), once.MaxAnswer)
	}
	if answer == nil {
		answer = []byte{} // NULL is none
	}
	table := e.db.OwnTable(tables.Name)
	written, err := e.tx.ExecContext(ctx, `UPDATE `+table+` SET answer = $1 WHERE id = $2 AND answer IS NULL`, answer, e.call.ID[:])
	if err != nil {
		return e.explain("keep the answer of a call", err)
	}
	if n, err := written.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errors.New("keep the answer of a call: its row has gone: a statement has ended the transaction, which only the ledger may do"), err)
	}
	others := `SELECT id FROM ` + table + fmt.Sprintf(` WHERE ends <= $1 ORDER BY ends LIMIT %d`, removed)
	if e.postgres() {
		others += ` FOR UPDATE SKIP LOCKED` // those that another call removes
	}
	_, err = e.tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE id IN (`+others+`)`, now.Add(-slack).UnixMilli())
	return e.explain("remove calls whose time is over", err)
}

// explain says what was being done.
func (e entry) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if apart.IsMissing(err) {
		err = fmt.Errorf("%w: run the migrate command, which makes the table", err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
