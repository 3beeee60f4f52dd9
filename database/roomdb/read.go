// Reading.

package roomdb

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

// A found is one row of an entry.
type found struct {
	seq   int64
	entry []byte
}

// Read reads the end of a room's log.
func (s *store) Read(ctx context.Context, room string, seq uint64, limit int) (t rooms.Tail, err error) {
	asked := int64(min(seq, math.MaxInt64))
	err = s.calls.Do(s.calls.DB.Leave(ctx), "read a room", rooms.Check(room), func(ctx context.Context, tx apart.Tx) error {
		t = rooms.Tail{}
		var list []found
		err := apart.Rows(ctx, tx, func(scan func(...any) error) error {
			var r found
			var what int
			var chain int64
			var at, link sql.NullInt64
			if err := scan(&what, &r.seq, &chain, &at, &link, &r.entry); err != nil {
				return err
			}
			switch what {
			case entryRow:
				list = append(list, r)
				return nil
			case fromAsked:
				t.From.Seq = uint64(asked)
			case fromSnapshot:
				if at.Valid {
					t.From = rooms.Position{Seq: uint64(at.Int64), Chain: uint64(link.Int64)}
					t.Snapshot = append([]byte{}, r.entry...) // not nil
				}
			}
			t.At = rooms.Position{Seq: uint64(r.seq), Chain: uint64(chain)}
			return nil
		}, s.texts.read, []byte(room), asked, max(limit, 0))
		slices.SortFunc(list, func(a, b found) int { return cmp.Compare(a.seq, b.seq) })
		for _, r := range list {
			t.Entries = append(t.Entries, r.entry)
		}
		return err
	})
	if err != nil {
		return rooms.Tail{}, err
	}
	return t, nil
}

// Positions says where rooms are.
func (s *store) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	list, at := make([]rooms.Position, len(names)), map[string]rooms.Position{}
	for _, name := range names {
		if err := rooms.Check(name); err != nil {
			return nil, err
		}
	}
	which, err := s.listed(names)
	if err != nil {
		return nil, err
	}
	err = s.calls.Do(s.calls.DB.Leave(ctx), "read the positions of rooms", nil, func(ctx context.Context, tx apart.Tx) error {
		if len(names) == 0 {
			return nil
		}
		clear(at)
		return apart.Rows(ctx, tx, func(scan func(...any) error) error {
			var name []byte
			var seq, chain int64
			err := scan(&name, &seq, &chain)
			at[string(name)] = rooms.Position{Seq: uint64(seq), Chain: uint64(chain)}
			return err
		}, s.texts.positions, which)
	})
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		list[i] = at[name]
	}
	return list, nil
}

// listed are names as the parameter of a statement: an array with PostgreSQL, JSON
// of hexadecimal texts with SQLite.
func (s *store) listed(names []string) (any, error) {
	if s.calls.Postgres() {
		list := make([][]byte, len(names))
		for i, name := range names {
			list[i] = []byte(name)
		}
		return list, nil
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = hex.EncodeToString([]byte(name))
	}
	data, err := json.Marshal(list)
	return string(data), err
}
