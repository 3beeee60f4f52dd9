// Listing, and keeping the store within bounds.

package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// List calls yield for each record. It holds no lock meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	list, err := s.list(ctx)
	if err != nil {
		return err
	}
	for _, info := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(info) {
			return nil
		}
	}
	return nil
}

func (s *Store) list(ctx context.Context) ([]pages.Info, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	list := make([]pages.Info, 0, len(s.records))
	for key, r := range s.records {
		list = append(list, pages.Info{Key: key, Size: size(key, r), Used: time.Unix(0, r.used.Load())})
	}
	return list, nil
}

// size is the number of bytes that a record takes: its data, its key, and about
// as much as the map needs.
func size(key pages.Key, r *record) int64 {
	return int64(len(r.data) + len(key.Route) + len(key.Path) + len(key.Locale) + 128)
}

// Sweep removes the least recently used records until the store is within its
// bounds. It fails with [pages.ErrHeld] while another Sweep runs.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	if !s.sweeping.TryLock() {
		return pages.Swept{}, pages.ErrHeld
	}
	defer s.sweeping.Unlock()
	list, err := s.list(ctx)
	if err != nil {
		return pages.Swept{}, err
	}
	slices.SortFunc(list, func(a, b pages.Info) int { return cmp.Compare(b.Used.UnixNano(), a.Used.UnixNano()) })

	// From the most recent to the oldest: each record that still fits stays.
	var swept pages.Swept
	var victims []pages.Info
	routes := make(map[string]int)
	full := false
	for _, info := range list {
		crowded := bounds.PerRoute > 0 && routes[info.Key.Route] >= bounds.PerRoute
		full = full || !crowded && bounds.Bytes > 0 && swept.Bytes+info.Size > bounds.Bytes
		if crowded || full {
			victims = append(victims, info)
			continue
		}
		routes[info.Key.Route]++
		swept.Kept++
		swept.Bytes += info.Size
	}
	s.remove(victims, &swept)
	return swept, nil
}

// remove deletes a record unless it was used after it was listed.
func (s *Store) remove(victims []pages.Info, swept *pages.Swept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range victims {
		r, ok := s.records[v.Key]
		switch {
		case !ok:
		case r.used.Load() > v.Used.UnixNano():
			swept.Kept++
			swept.Bytes += size(v.Key, r)
		default:
			delete(s.records, v.Key)
			swept.Removed++
			swept.Freed += v.Size
		}
	}
}
