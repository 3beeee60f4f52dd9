// Which records a sweep removes, and removing them.

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// What one transaction of a sweep does at most, since other writers wait for
// it.
const (
	removeAtOnce = 32      // records …
	freeAtOnce   = 4 << 20 // … or about as many bytes
	shrinkAtOnce = 256     // pages of 4 KiB returned to the file system
	minShrink    = 1024    // so few free pages are not worth returning
)

// excess is what must be removed: records of some routes, or else bytes.
type excess struct {
	crowded map[string]int64 // records by route
	bytes   int64
}

func (e *excess) none() bool { return len(e.crowded) == 0 && e.bytes <= 0 }

// has says whether a record is part of the excess.
func (e *excess) has(v victim) bool { return e.crowded[v.route] > 0 || e.bytes > 0 }

// take counts a record as removed.
func (e *excess) take(v victim) {
	switch n := e.crowded[v.route]; {
	case e.crowded == nil:
		e.bytes -= v.size
	case n == 1:
		delete(e.crowded, v.route)
	default:
		e.crowded[v.route] = n - 1
	}
}

// restore undoes take.
func (e *excess) restore(v victim) {
	if e.crowded == nil {
		e.bytes += v.size
	} else {
		e.crowded[v.route]++
	}
}

// victim is a record that may have to be removed.
type victim struct {
	n     int64
	used  int64
	size  int64
	route string
}

// remove goes through the records from the least recently used, and removes the
// excess.
func (w *sweeper) remove(ctx context.Context, e *excess) error {
	from := victim{used: math.MinInt64}
	for !e.none() {
		step, err := w.oldest(ctx, from)
		if err != nil || len(step) == 0 {
			return err
		}
		from = step[len(step)-1]
		for len(step) > 0 && !e.none() {
			var chosen []victim
			var bytes int64
			for len(step) > 0 && len(chosen) < removeAtOnce && bytes < freeAtOnce && !e.none() {
				if v := step[0]; e.has(v) {
					e.take(v)
					chosen = append(chosen, v)
					bytes += v.size
				}
				step = step[1:]
			}
			if err := w.removeAll(ctx, e, chosen); err != nil {
				return err
			}
		}
	}
	return nil
}

// oldest lists the least recently used records after the given one.
func (w *sweeper) oldest(ctx context.Context, from victim) (step []victim, err error) {
	err = w.read(ctx, func(c *conn) error {
		step = step[:0]
		return c.rows("SELECT used, n, route, size FROM records WHERE (used, n) > (?, ?) ORDER BY used, n LIMIT ?",
			[]any{from.used, from.n, listAtOnce}, func(row *sql.Rows) error {
				var v victim
				var route []byte
				err := row.Scan(&v.used, &v.n, &route, &v.size)
				v.route = string(route)
				step = append(step, v)
				return err
			})
	})
	return step, err
}

// removeAll removes the chosen records, except those used after they were
// listed.
func (w *sweeper) removeAll(ctx context.Context, e *excess, chosen []victim) error {
	if len(chosen) == 0 && time.Since(w.heard) < sweepHold/3 {
		return nil
	}
	var kept []victim
	err := w.inTurn(ctx, func(c *conn) error {
		kept = kept[:0]
		for _, v := range chosen {
			n, err := c.exec("DELETE FROM records WHERE n = ? AND used = ?", v.n, v.used)
			if err != nil {
				return err
			}
			if n == 0 {
				kept = append(kept, v)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, v := range chosen {
		w.swept.Removed++
		w.swept.Freed += v.size
	}
	for _, v := range kept {
		e.restore(v)
		w.swept.Removed--
		w.swept.Freed -= v.size
	}
	return nil
}

// shrink returns free pages to the file system. A quarter of the file may stay
// free: the next records use it.
func (w *sweeper) shrink(ctx context.Context) error {
	for {
		var free, all int64
		err := w.read(ctx, func(c *conn) error {
			return c.row("SELECT (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_count FROM pragma_page_count)", nil, &free, &all)
		})
		if err != nil || free < minShrink || free < all/4 {
			return err
		}
		if err := w.inTurn(ctx, func(c *conn) error {
			return c.run(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkAtOnce))
		}); err != nil {
			return err
		}
	}
}

// inTurn is write for a sweeper: it ends with ErrHeld if another took over, and
// afterwards leaves other writers as much time as it took.
func (w *sweeper) inTurn(ctx context.Context, f func(c *conn) error) error {
	began := time.Now()
	err := w.write(ctx, false, func(c *conn) error {
		if err := w.stay(c); err != nil {
			return err
		}
		return f(c)
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(min(time.Since(began), 100*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return pages.ErrClosed
	}
}
