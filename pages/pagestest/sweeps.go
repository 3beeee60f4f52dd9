// Laws of listing and sweeping: no record hidden, no store without bounds.

package pagestest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A Lister is a store that can list its records. Gorgon lists none, but with it
// the kit can check what Sweep reports.
type Lister interface {
	// List calls yield for each record, in no particular order, until yield
	// returns false. A record that is put or deleted meanwhile may be listed or
	// not.
	List(ctx context.Context, yield func(pages.Info) bool) error
}

// list reads all records of a store that can list them.
func (e *env) list() (map[pages.Key]pages.Info, error) {
	lister, ok := e.Store.(Lister)
	if !ok {
		return nil, skip("it is not a Lister")
	}
	all := make(map[pages.Key]pages.Info)
	twice := false
	err := lister.List(e.ctx, func(i pages.Info) bool {
		_, seen := all[i.Key]
		twice = twice || seen
		all[i.Key] = i
		return true
	})
	if err == nil && twice {
		err = errors.New("a record was listed twice")
	}
	return all, err
}

// fill puts n records of a route, oldest first, with different times.
func (e *env) fill(route string, n int) ([]pages.Key, error) {
	keys := make([]pages.Key, n)
	for i := range keys {
		keys[i] = pages.Key{Route: route, Path: fmt.Sprint(route, "/", i)}
		if err := e.put(keys[i], strings.Repeat("x", 4096)); err != nil {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return keys, nil
}

// sweep sweeps, and checks the report against the remaining records.
func (e *env) sweep(bounds pages.Bounds, removed int) error {
	sweeper, ok := e.Store.(pages.Sweeper)
	if !ok {
		return skip("it is not a Sweeper")
	}
	before, err := e.list()
	if err != nil && !errors.Is(err, errSkip) {
		return err
	}
	swept, err := sweeper.Sweep(e.ctx, bounds)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if swept.Removed != removed {
		return fmt.Errorf("sweep removed %d records instead of %d", swept.Removed, removed)
	}
	if before == nil {
		return nil
	}
	after, err := e.list()
	if err != nil {
		return err
	}
	var left, gone int64
	for k, i := range before {
		if _, ok := after[k]; ok {
			left += i.Size
		} else {
			gone += i.Size
		}
	}
	if swept.Kept != len(after) || swept.Bytes != left || swept.Freed != gone {
		return fmt.Errorf("sweep reported %+v, but %d records of %d bytes are left and %d bytes were freed", swept, len(after), left, gone)
	}
	return nil
}

func sweepLaws() []law {
	return []law{
		{"List sees all records, with sizes and times", func(e *env) error {
			want := make(map[pages.Key]bool)
			for i := range 50 {
				k := pages.Key{Route: fmt.Sprint("/route ", i%3), Path: fmt.Sprint("/ä/", i), Locale: [...]string{"", "de"}[i%2]}
				want[k] = true
				if err := e.put(k, strings.Repeat("x", 1000+i)); err != nil {
					return err
				}
			}
			if err := first(e.put(key("gone"), "x"), e.Delete(e.ctx, key("gone"), pages.Unfenced)); err != nil {
				return err
			}
			got, err := e.list()
			if err != nil {
				return err
			}
			for k, i := range got {
				if !want[k] {
					return fmt.Errorf("%+v was listed, which is not there", k)
				}
				if i.Size < 1000 || time.Since(i.Used).Abs() > time.Minute {
					return fmt.Errorf("%s was listed with %d bytes, used %v", k, i.Size, i.Used)
				}
			}
			if len(got) != len(want) {
				return fmt.Errorf("%d records were listed instead of %d", len(got), len(want))
			}
			return nil
		}},
		{"List ends when yield says so, and yield may use the store", func(e *env) error {
			lister, ok := e.Store.(Lister)
			if !ok {
				return skip("it is not a Lister")
			}
			if _, err := e.fill("/a", 10); err != nil {
				return err
			}
			n := 0
			var inner error
			err := lister.List(e.ctx, func(i pages.Info) bool {
				n++
				_, err := e.Get(e.ctx, i.Key)
				inner = first(inner, err, e.Delete(e.ctx, i.Key, pages.Unfenced))
				return n < 3
			})
			if n != 3 {
				return fmt.Errorf("yield was called %d times instead of 3", n)
			}
			return first(err, inner)
		}},
		{"a store within bounds keeps everything", func(e *env) error {
			_, err := e.fill("/a", 5)
			return first(err, e.sweep(pages.Bounds{}, 0), e.sweep(pages.Bounds{Bytes: 1 << 30, PerRoute: 5}, 0))
		}},
		{"Sweep brings a store under Bytes, the least recently used first", func(e *env) error {
			keys, err := e.fill("/a", 10)
			if err != nil {
				return err
			}
			if err := e.sweep(pages.Bounds{Bytes: 5 * 6000}, 10-e.fits(5*6000)); err != nil {
				return err
			}
			gone := 10 - e.fits(5*6000)
			for i, k := range keys {
				if i < gone {
					err = e.lacks(e.Store, k)
				} else {
					err = e.holds(e.Store, k, strings.Repeat("x", 4096))
				}
				if err != nil {
					return fmt.Errorf("record %d of 10, from the oldest: %w", i, err)
				}
			}
			return nil
		}},
		{"Sweep brings each route under PerRoute, the least recently used first", func(e *env) error {
			a, err := e.fill("/a", 6)
			if err != nil {
				return err
			}
			b, err := e.fill("/b", 2)
			if err != nil {
				return err
			}
			data := strings.Repeat("x", 4096)
			if err := e.sweep(pages.Bounds{PerRoute: 3}, 3); err != nil {
				return err
			}
			for i, k := range append(a, b...) {
				err := e.holds(e.Store, k, data)
				if i < 3 {
					err = e.lacks(e.Store, k)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a record that was put again is not among the least recently used", func(e *env) error {
			keys, err := e.fill("/a", 3)
			if err != nil {
				return err
			}
			return first(e.put(keys[0], "again"), e.sweep(pages.Bounds{PerRoute: 1}, 2), e.holds(e.Store, keys[0], "again"))
		}},
		{"of several concurrent sweeps each sweeps or gets ErrHeld", func(e *env) error {
			if _, err := e.fill("/a", 20); err != nil {
				return err
			}
			if _, ok := e.Store.(pages.Sweeper); !ok {
				return skip("it is not a Sweeper")
			}
			var removed, swept atomic.Int64
			handles := []pages.Store{e.Store, e.another()}
			err := together(8, func(i int) error {
				s, err := handles[i%2].(pages.Sweeper).Sweep(e.ctx, pages.Bounds{PerRoute: 1})
				if errors.Is(err, pages.ErrHeld) {
					return nil
				}
				removed.Add(int64(s.Removed))
				swept.Add(1)
				return err
			})
			if err == nil && (removed.Load() != 19 || swept.Load() == 0) {
				err = fmt.Errorf("%d sweeps together removed %d records instead of 19", swept.Load(), removed.Load())
			}
			return err
		}},
	}
}

// fits returns how many of the records made by fill a number of bytes can hold,
// by the sizes that the store reports.
func (e *env) fits(bytes int64) int {
	all, err := e.list()
	if err != nil || len(all) == 0 {
		return int(bytes / 4096)
	}
	var size int64
	for _, i := range all {
		size = max(size, i.Size)
	}
	return int(bytes / size)
}
