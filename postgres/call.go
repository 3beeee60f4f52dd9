// One call: a statement, its answer, and a second try if needed.

package postgres

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// errNoRow says that a statement returned no row: the layout has another
// version, or the store belongs to another owner.
var errNoRow = errors.New("no row")

// ask makes one call: it sends a statement and passes its rows, of which there
// is at least one, to read. read may be called again from the beginning. If a
// fault can be repaired first, ask repairs it and sends the statement again.
func (s *Store) ask(ctx context.Context, doing, sql string, args []any, read func(pgx.Rows) error) error {
	inner, end, err := s.life.Begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = s.query(inner, sql, args, read)
	for tries := 0; err != nil && tries < 2 && inner.Err() == nil; tries++ {
		switch {
		case unprepared(err):
			s.describe()
		case lost(err):
			s.pool.Reset() // the others are probably dead too
		case code(err) == wentBack:
			if err := s.recover(inner); err != nil {
				return s.explain(ctx, doing, err)
			}
		case unknown(err):
			if wrong := s.checkLayout(inner); wrong != nil {
				return s.explain(ctx, doing, wrong)
			}
			if tries > 0 {
				return s.explain(ctx, doing, s.damaged(err))
			}
		default:
			return s.explain(ctx, doing, err)
		}
		err = s.query(inner, sql, args, read)
	}
	return s.explain(ctx, doing, err)
}

// one is ask for a statement that returns one row, or a row without content.
func (s *Store) one(ctx context.Context, doing, sql string, args []any, into ...any) error {
	return s.ask(ctx, doing, sql, args, func(rows pgx.Rows) error {
		for rows.Next() {
			if len(into) == 0 {
				continue
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (s *Store) query(ctx context.Context, sql string, args []any, read func(pgx.Rows) error) error {
	rows, err := s.pool.Query(ctx, sql, append([]any{s.queryMode()}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := read(rows); err != nil {
		return err
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	if rows.CommandTag().RowsAffected() == 0 {
		return errNoRow
	}
	return nil
}

// describe switches from preparing statements to describing them, which works
// with proxies that give each transaction another connection.
func (s *Store) describe() {
	if swapMode(&s.mode, pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe) {
		s.log.Warn("prepared statements do not work here, possibly because of a proxy that pools transactions; continuing without. "+
			"Add default_query_exec_mode=cache_describe to the store's location to skip this attempt", "store", "postgres", "server", s.name)
	}
}

func swapMode(mode *atomic.Int32, from, to pgx.QueryExecMode) bool {
	return mode.CompareAndSwap(int32(from), int32(to))
}
