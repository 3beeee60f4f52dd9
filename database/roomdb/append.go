// Appending.

package roomdb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

// Append appends entries.
func (s *store) Append(ctx context.Context, room string, a rooms.Append) (to rooms.Position, err error) {
	// The chain of each entry is stored, since a snapshot may be of any of these
	// positions.
	chains, at := make([]int64, len(a.Entries)), a.After
	for i, e := range a.Entries {
		at = at.Next(e)
		chains[i] = int64(at.Chain)
	}
	move, args := s.texts.move, []any{[]byte(room), int64(at.Seq), int64(at.Chain), []byte(a.Build), int64(a.After.Seq), int64(a.After.Chain), int64(a.Token)}
	first := a.Token == 0 && a.After == rooms.Position{} // the room may have no row
	if first {
		move, args = s.texts.first, args[:4]
	}
	check := a.Check(room)
	if s.calls.Postgres() {
		err = s.calls.Do(ctx, "append", check, func(ctx context.Context, tx apart.Tx) error {
			text := s.texts.append
			if first {
				text = s.texts.begin
			}
			n, err := apart.Changed(tx.ExecContext(ctx, text, append(args[:len(args):len(args)], a.Entries, chains)...))
			if err == nil && n == 0 {
				err = rooms.ErrMoved
			}
			return err
		})
	} else {
		err = s.calls.Transact(ctx, "append", check, func(ctx context.Context, tx apart.Tx) error {
			var id int64
			if err := tx.QueryRowContext(ctx, move, args...).Scan(&id); err != nil {
				return movedIfNone(err)
			}
			return s.insert(ctx, tx, id, int64(a.After.Seq), a.Entries, chains)
		})
	}
	if err != nil {
		return rooms.Position{}, err
	}
	return at, nil
}

// insert inserts entries that follow a position, with SQLite.
func (s *store) insert(ctx context.Context, tx apart.Tx, id, after int64, entries [][]byte, chains []int64) error {
	i := 0
	for _, many := range s.texts.inserts {
		for ; len(entries)-i >= many.rows; i += many.rows {
			args := append(make([]any, 0, 2+2*many.rows), id, after+int64(i))
			for k := i; k < i+many.rows; k++ {
				args = append(args, chains[k], entries[k])
			}
			if _, err := tx.ExecContext(ctx, many.text, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func movedIfNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return rooms.ErrMoved
	}
	return err
}
