// Listing all records.

package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// listBatch is the number of records read in one round trip.
const listBatch = 200

// List calls yield for each record without reading any data. It holds nothing
// meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	const doing = "list"
	for last := ""; ; {
		ids, err := s.idsAfter(ctx, doing, last, listBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		store, _, results, err := s.read(ctx, doing, func(b rueidis.Builder) []rueidis.Completed {
			commands := make([]rueidis.Completed, len(ids))
			for i, id := range ids {
				commands[i] = b.Hmget().Key(s.keys.page(id)).Field("store", "size", "used", "route", "path", "locale").Build()
			}
			return commands
		})
		if err != nil {
			return err
		}
		for _, result := range results {
			info, ok := infoOf(result, store)
			if !ok {
				continue // evicted, damaged, or of a store that was lost
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(info) {
				return nil
			}
		}
		last = ids[len(ids)-1]
	}
}

// idsAfter reads the next IDs in their own order, which uses do not change.
func (s *Store) idsAfter(ctx context.Context, doing, last string, most int64) ([]string, error) {
	from := "-"
	if last != "" {
		from = "(" + last
	}
	_, _, results, err := s.read(ctx, doing, func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{b.Zrangebylex().Key(s.keys.ids()).Min(from).Max("+").Limit(0, most).Build()}
	})
	if err != nil {
		return nil, err
	}
	ids, err := results[0].AsStrSlice()
	return ids, s.explain(ctx, doing, err)
}

func infoOf(result rueidis.RedisResult, store string) (pages.Info, bool) {
	fields, err := result.ToArray()
	if err != nil || len(fields) != 6 || store == "" || word(fields[0]) != store {
		return pages.Info{}, false
	}
	size, sizeErr := strconv.ParseInt(word(fields[1]), 10, 64)
	used, usedErr := strconv.ParseInt(word(fields[2]), 10, 64)
	return pages.Info{
		Key:  pages.Key{Route: word(fields[3]), Path: word(fields[4]), Locale: word(fields[5])},
		Size: size, Used: time.UnixMicro(used),
	}, sizeErr == nil && usedErr == nil
}
