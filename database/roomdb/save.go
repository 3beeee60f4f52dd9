// Snapshots, and what is removed.

package roomdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

// Save stores a snapshot, and removes entries.
func (s *store) Save(ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
	gone := int64(0) // how many entries are not stored any more
	if keep < at.Seq {
		gone = int64(at.Seq - keep)
	}
	return s.calls.Transact(ctx, "save a snapshot", rooms.CheckSnapshot(room, snapshot), func(ctx context.Context, tx apart.Tx) error {
		id, later, err := s.passed(ctx, tx, room, at)
		if err != nil || later {
			return err
		}
		err = tx.QueryRowContext(ctx, s.texts.save, id, int64(at.Seq), int64(at.Chain), gone, snapshot).Scan(&gone)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // a later one was stored meanwhile
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, s.texts.trim, id, gone)
		}
		return err
	})
}

// passed says whether a later snapshot than that of a position is stored, or there
// is no room. It fails if the room has not come to that position.
func (s *store) passed(ctx context.Context, tx apart.Tx, room string, at rooms.Position) (id int64, later bool, err error) {
	var seq, chain int64
	var saved, link, entry sql.NullInt64
	err = tx.QueryRowContext(ctx, s.texts.passed, []byte(room), int64(at.Seq)).Scan(&id, &seq, &chain, &saved, &link, &entry)
	if errors.Is(err, sql.ErrNoRows) && at == (rooms.Position{}) {
		return 0, true, nil // there is nothing that a snapshot would be of
	}
	if err != nil {
		return 0, false, movedIfNone(err)
	}
	want := int64(at.Seq)
	switch {
	case want > seq || want < 0:
		return 0, false, rooms.ErrMoved
	case saved.Valid && saved.Int64 > want:
		return id, true, nil
	case want == seq:
	case saved.Valid && saved.Int64 == want:
		chain = link.Int64
	case want == 0:
		chain = 0
	default: // all entries after the snapshot are stored
		chain = entry.Int64
	}
	if chain != int64(at.Chain) {
		return 0, false, rooms.ErrMoved
	}
	return id, false, nil
}

const (
	maxSwept = 1000 // rooms that one Sweep removes
	atATime  = 20   // rooms that one transaction removes: others wait for it, with SQLite
)

// Sweep removes rooms that are not used any more.
func (s *store) Sweep(ctx context.Context, prefix string, age time.Duration) (n int, err error) {
	from, to := []byte(prefix), after(prefix)
	for n < maxSwept {
		removed := 0
		err := s.calls.Transact(ctx, "remove rooms", nil, func(ctx context.Context, tx apart.Tx) (err error) {
			removed, from, err = s.sweep(ctx, tx, from, to, age)
			return err
		})
		if n += removed; err != nil || removed < atATime {
			return n, err
		}
	}
	return n, nil
}

// sweep removes rooms whose names are in a range, and returns where the next ones
// begin.
func (s *store) sweep(ctx context.Context, tx apart.Tx, from, to []byte, age time.Duration) (n int, next []byte, err error) {
	var ids []int64
	next = from
	err = apart.Rows(ctx, tx, func(scan func(...any) error) error {
		var id int64
		var name []byte
		err := scan(&id, &name)
		ids, next = append(ids, id), append(name, 0)
		return err
	}, s.texts.idle, from, to, max(age.Milliseconds(), 0), atATime)
	if err != nil || len(ids) == 0 {
		return 0, from, err
	}
	var which any = ids
	if !s.calls.Postgres() {
		data, err := json.Marshal(ids)
		if err != nil {
			return 0, from, err
		}
		which = string(data)
	}
	for _, text := range s.texts.remove {
		if _, err := tx.ExecContext(ctx, text, which); err != nil {
			return 0, from, err
		}
	}
	return len(ids), next, nil
}

// after is greater than all names that begin with a prefix.
func after(prefix string) []byte {
	to := []byte(prefix)
	for i := len(to) - 1; i >= 0; i-- {
		if to[i] < 0xff {
			to[i]++
			return to[:i+1]
		}
	}
	return bytes.Repeat([]byte{0xff}, rooms.MaxRoom+1)
}
