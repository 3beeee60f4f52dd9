// Reading and writing rows.

package shop

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
)

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rows reads a table, or one row of it.
func (s *shop) rows(ctx context.Context, table string, id int64) (State, error) {
	return read(ctx, s.db.SQL(), table, id)
}

func read(ctx context.Context, q querier, table string, id int64) (State, error) {
	query, args := "select id, version from "+table+" order by id", []any(nil)
	if id != 0 {
		query, args = "select id, version from "+table+" where id = $1", []any{id}
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var state State
	for rows.Next() {
		r := Row{Table: table}
		if err := rows.Scan(&r.ID, &r.Version); err != nil {
			return nil, err
		}
		state = append(state, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if id != 0 && len(state) == 0 {
		return nil, gorgon.NotFound()
	}
	return state, nil
}

// snapshot reads two tables as they were at one moment, and takes its time.
func (s *shop) snapshot(ctx context.Context, in gorgon.Input) (state State, err error) {
	err = s.db.Tx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(tx *sql.Tx) error {
		product, err := read(ctx, tx, "products", number(in))
		if err != nil {
			return err
		}
		if err := sleep(ctx, 300*time.Millisecond); err != nil {
			return err
		}
		price, err := read(ctx, tx, "prices", number(in))
		state = append(product, price...)
		return err
	})
	return state, err
}

// A Change is what is to be done with a product and its price.
type Change struct {
	ID   int64 `path:"id"`
	Hold int   `json:"hold,omitempty"` // how long the transaction stays open, in milliseconds
	Undo bool  `json:"undo,omitempty"` // it is rolled back
}

// Changed is the new version.
type Changed struct {
	Version int64 `json:"version"`
}

var errUndone = errors.New("the change is undone, as was asked for")

// change makes or changes a product and its price.
func (s *shop) change(ctx context.Context, in Change) (out Changed, err error) {
	err = s.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, ChangeProduct, in.ID).Scan(&out.Version); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, ChangePrice, in.ID, out.Version); err != nil {
			return err
		}
		if err := sleep(ctx, time.Duration(in.Hold)*time.Millisecond); err != nil {
			return err
		}
		if in.Undo {
			return errUndone
		}
		return nil
	})
	if errors.Is(err, errUndone) {
		return Changed{}, &gorgon.Error{Kind: gorgon.KindConflict, Err: err}
	}
	return out, err
}

// The statements of a change; a product and its price have one version.
const (
	ChangeProduct = "insert into products (id, version) values ($1, 1) on conflict (id) do update set version = products.version + 1 returning version"
	ChangePrice   = "insert into prices (id, version) values ($1, $2) on conflict (id) do update set version = excluded.version"
	ChangeBusy    = "update busy set version = version + 1 where id = 1 returning version"
	ChangeBoxes   = "update boxes set version = version + 1"
)

// viewed counts a view, which no page shows.
func (s *shop) viewed(ctx context.Context, in of) (Changed, error) {
	_, err := s.db.SQL().ExecContext(ctx, "update products set views = views + 1 where id = $1", in.ID)
	return Changed{}, err
}

// hurry changes the busy table.
func (s *shop) hurry(ctx context.Context, _ api.None) (out Changed, err error) {
	err = s.db.SQL().QueryRowContext(ctx, ChangeBusy).Scan(&out.Version)
	return out, err
}
