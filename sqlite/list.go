// Listing.

package sqlite

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/gorgon-go/gorgon/pages"
)

// listAtOnce is the number of records that one step of List or Sweep reads.
const listAtOnce = 256

// List calls yield for each record without reading any data. It skips records
// with damaged names. It holds no connection meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	var last int64
	for {
		var step []pages.Info
		seen := last
		err := s.read(ctx, func(c *conn) error {
			step, seen = step[:0], last
			return c.rows("SELECT n, id, route, path, locale, size, used FROM records WHERE n > ? ORDER BY n LIMIT ?",
				[]any{last, listAtOnce}, func(row *sql.Rows) error {
					var id, route, path, locale []byte
					var info pages.Info
					var used int64
					if err := row.Scan(&seen, &id, &route, &path, &locale, &info.Size, &used); err != nil {
						return err
					}
					info.Key = pages.Key{Route: string(route), Path: string(path), Locale: string(locale)}
					info.Used = timeOf(used)
					if bytes.Equal(id, idOf(info.Key)) {
						step = append(step, info)
					}
					return nil
				})
		})
		if err != nil || seen == last {
			return s.fault("list", err)
		}
		last = seen
		for _, info := range step {
			if !yield(info) {
				return nil
			}
		}
	}
}
