// Keeping the store within bounds.

package disk

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gofrs/flock"
	"github.com/gorgon-go/gorgon/pages"
)

// maxVictims limits the records that one pass of a sweep selects, which bounds
// its memory; a sweep makes as many passes as it needs.
const maxVictims = 1 << 16

// Sweep removes the least recently used records until the store is within its
// bounds, and, with PerRoute, records that are damaged. It fails with
// [pages.ErrHeld] while any process sweeps. Its memory grows with the records
// to remove, not with those in the store.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return pages.Swept{}, err
	}
	end() // it may take long: Close interrupts it instead of waiting
	lock := flock.New(s.path("locks", "sweep"), flock.SetPermissions(0o644))
	ok, err := lock.TryLock()
	switch {
	case isReadOnly(err):
		return pages.Swept{}, fmt.Errorf("sweep: %w: %w", pages.ErrReadOnly, err)
	case err != nil:
		return pages.Swept{}, fmt.Errorf("sweep: %w", err)
	case !ok:
		return pages.Swept{}, pages.ErrHeld
	}
	defer func() { _ = lock.Unlock() }()
	var swept pages.Swept
	for {
		more, err := s.sweepOnce(ctx, bounds, &swept)
		if err != nil {
			return swept, fmt.Errorf("sweep: %w", err)
		}
		if !more {
			return swept, nil
		}
	}
}

// sweepOnce counts, selects and removes. more is true if it selected as many as
// it may and that was not enough.
func (s *Store) sweepOnce(ctx context.Context, bounds pages.Bounds, swept *pages.Swept) (more bool, err error) {
	routes, bytes, err := s.count(ctx, bounds, swept)
	if err != nil {
		return false, err
	}
	swept.Kept, swept.Bytes = 0, 0
	for _, n := range routes {
		swept.Kept += n
	}
	swept.Bytes = bytes

	removed := 0
	if bounds.PerRoute > 0 {
		crowded := make(map[string]*victims)
		for route, n := range routes {
			if n > bounds.PerRoute {
				crowded[route] = &victims{need: int64(n - bounds.PerRoute)}
			}
		}
		if len(crowded) > 0 {
			err := s.walk(ctx, func(f found) bool {
				if key, err := f.key(); err == nil && crowded[key.Route] != nil {
					crowded[key.Route].offer(f, 1)
				}
				return true
			})
			if err != nil {
				return false, err
			}
		}
		for _, v := range crowded {
			n, err := s.removeAll(ctx, v, swept)
			if err != nil {
				return false, err
			}
			removed += n
			more = more || v.full()
		}
	}
	if over := swept.Bytes - bounds.Bytes; bounds.Bytes > 0 && over > 0 {
		v := &victims{need: over}
		if err := s.walk(ctx, func(f found) bool { v.offer(f, f.size); return true }); err != nil {
			return false, err
		}
		n, err := s.removeAll(ctx, v, swept)
		if err != nil {
			return false, err
		}
		removed += n
		more = more || v.full()
	}
	return more && removed > 0, nil
}

// count counts records by route, and bytes, and removes damaged records. It
// reads keys only if routes have bounds.
func (s *Store) count(ctx context.Context, bounds pages.Bounds, swept *pages.Swept) (routes map[string]int, bytes int64, err error) {
	routes = make(map[string]int)
	err = s.walk(ctx, func(f found) bool {
		route := ""
		if bounds.PerRoute > 0 {
			key, err := f.key()
			switch {
			case errors.Is(err, os.ErrNotExist):
				return true
			case errors.Is(err, pages.ErrCorrupt):
				if ok, err := s.remove(ctx, f); ok && err == nil {
					swept.Removed++
					swept.Freed += f.size
				}
				return true
			}
			route = key.Route
		}
		routes[route]++
		bytes += f.size
		return true
	})
	return routes, bytes, err
}

func (s *Store) removeAll(ctx context.Context, v *victims, swept *pages.Swept) (removed int, err error) {
	for _, f := range v.chosen {
		ok, err := s.remove(ctx, f.found)
		if err != nil {
			return removed, err
		}
		if ok {
			removed++
			swept.Removed++
			swept.Kept--
			swept.Freed += f.size
			swept.Bytes -= f.size
		}
	}
	return removed, nil
}

// remove deletes a record unless it was used after the walk saw it.
func (s *Store) remove(ctx context.Context, f found) (ok bool, err error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return false, err
	}
	defer end()
	stripe, _ := stripeOf(f.name[:2])
	unlock, err := s.lockStripe(ctx, stripe)
	if err != nil {
		return false, err
	}
	defer unlock()
	info, err := os.Lstat(f.path)
	if err != nil || !info.ModTime().Equal(f.used) {
		return false, nil
	}
	return true, os.Remove(f.path)
}

// victims are the least recently used of the records offered, as many as needed
// to free enough bytes, the most recent on top of the heap.
type victims struct {
	need   int64
	weight int64
	chosen []victim
}

type victim struct {
	found
	weight int64
}

// offer adds a record, and drops the most recent ones that are then not needed.
func (v *victims) offer(f found, weight int64) {
	if v.weight >= v.need && !f.used.Before(v.chosen[0].used) {
		return
	}
	heap.Push(v, victim{f, weight})
	v.weight += weight
	for v.weight-v.chosen[0].weight >= v.need || len(v.chosen) > maxVictims {
		v.weight -= heap.Pop(v).(victim).weight
	}
}

// full says whether there was no room for further victims.
func (v *victims) full() bool { return v.weight < v.need && len(v.chosen) == maxVictims }

func (v *victims) Len() int           { return len(v.chosen) }
func (v *victims) Less(i, j int) bool { return v.chosen[i].used.After(v.chosen[j].used) }
func (v *victims) Swap(i, j int)      { v.chosen[i], v.chosen[j] = v.chosen[j], v.chosen[i] }
func (v *victims) Push(x any)         { v.chosen = append(v.chosen, x.(victim)) }

func (v *victims) Pop() any {
	last := v.chosen[len(v.chosen)-1]
	v.chosen = v.chosen[:len(v.chosen)-1]
	return last
}
