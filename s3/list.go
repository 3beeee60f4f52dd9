// Listing records.

package s3

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// List calls yield for each record. It makes one request for 1,000 records, and
// one more for each whose key is too long for a name.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.known.mine(); err != nil {
		return fault(ctx, "list", err)
	}
	used, _, err := s.usesTold(ctx)
	if err != nil {
		return fault(ctx, "list", err)
	}
	var inner error
	err = s.walk(ctx, used, func(f found) bool {
		key, err := s.keyOf(ctx, f)
		if errors.Is(err, errMissing) || errors.Is(err, pages.ErrCorrupt) {
			return true
		}
		if err != nil {
			inner = err
			return false
		}
		return yield(pages.Info{Key: key, Size: f.size, Used: s.clock.local(f.used)})
	})
	return fault(ctx, "list", errors.Join(inner, err))
}

// found is a record as a listing reports it.
type found struct {
	item
	used time.Time // by the service's clock
}

// walk calls yield for each record.
func (s *Store) walk(ctx context.Context, used map[digest]time.Time, yield func(found) bool) error {
	return s.list(ctx, pagesPrefix, 0, func(i item) bool {
		if !strings.HasSuffix(i.name, short) && !strings.HasSuffix(i.name, long) {
			return true // not a record of ours
		}
		f := found{i, i.modified}
		if at := used[digestOf(i.name)]; at.After(f.used) {
			f.used = at
		}
		return yield(f)
	})
}

// keyOf returns the key of a listed record. It fails with errMissing or
// [pages.ErrCorrupt].
func (s *Store) keyOf(ctx context.Context, f found) (pages.Key, error) {
	if key, ok := pageKey(f.name); ok {
		return key, nil
	}
	got, err := s.read(ctx, f.name, none)
	if err != nil {
		return pages.Key{}, err
	}
	r, err := readRecord(got.data)
	return r.key, err
}
