// Listing records.

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/pages"
)

// listBatch is the number of records listed in one round trip.
const listBatch = 1000

// List calls yield for each record. It holds no connection meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	for after := []byte{}; ; {
		batch, last, err := s.listAfter(ctx, after)
		if err != nil {
			return err
		}
		for _, info := range batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(info) {
				return nil
			}
		}
		if len(batch) < listBatch {
			return nil
		}
		after = last
	}
}

func (s *Store) listAfter(ctx context.Context, after []byte) (batch []pages.Info, last []byte, err error) {
	err = s.ask(ctx, "list", s.sql().list, []any{after, int64(listBatch)}, func(rows pgx.Rows) error {
		batch = nil
		for rows.Next() {
			var id, route, path, locale []byte
			var size *int64
			var used *time.Time
			if err := rows.Scan(&id, &route, &path, &locale, &size, &used); err != nil {
				return err
			}
			if size != nil {
				key := pages.Key{Route: string(route), Path: string(path), Locale: string(locale)}
				batch, last = append(batch, pages.Info{Key: key, Size: *size, Used: timeOf(used)}), id
			}
		}
		return rows.Err()
	})
	return batch, last, err
}
