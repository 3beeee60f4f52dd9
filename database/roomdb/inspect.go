// How a room stands.

package roomdb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

var _ rooms.Inspector = (*store)(nil)

// Inspect says how a room stands. It is one statement.
func (s *store) Inspect(ctx context.Context, room string) (rooms.Standing, error) {
	st := rooms.Standing{Store: "the app's database, SQLite"}
	if s.calls.Postgres() {
		st.Store = "the app's database, PostgreSQL"
	}
	err := s.calls.Do(s.calls.DB.Leave(ctx), "inspect a room", rooms.Check(room), func(ctx context.Context, tx apart.Tx) error {
		var now int64
		var seq, chain, used, at, link, gone, until sql.NullInt64
		var build, id, address []byte
		err := tx.QueryRowContext(ctx, s.texts.inspect, []byte(room)).Scan(&now, &seq, &chain, &used, &build, &at, &link, &gone, &id, &address, &until)
		if err != nil || !used.Valid {
			return err
		}
		st.At = rooms.Position{Seq: uint64(seq.Int64), Chain: uint64(chain.Int64)}
		st.Snapshot = rooms.Position{Seq: uint64(at.Int64), Chain: uint64(link.Int64)}
		st.Gone, st.Used, st.Build = uint64(gone.Int64), milliseconds(now-used.Int64), string(build)
		if until.Valid {
			st.Owner, st.Until = rooms.Instance{ID: string(id), Address: string(address)}, milliseconds(until.Int64-now)
		}
		return nil
	})
	if err != nil {
		return rooms.Standing{}, err
	}
	return st, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
