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

// What one transaction of a sweep does at most: others wait for it.
const (
	removeAtOnce = 32      // records …
	freeAtOnce   = 4 << 20 // … or about as many bytes
	shrinkAtOnce = 256     // pages of 4 KiB given back to the file system
	minShrink    = 1024    // free pages that are not worth giving back
)

// excess is what has to go: records of some routes, or else bytes.
type excess struct {
	crowded map[string]int64 // records by route
	bytes   int64
}

func (e *excess) none() bool { return len(e.crowded) == 0 && e.bytes <= 0 }

// has says whether a record is among what has to go.
func (e *excess) has(v victim) bool { return e.crowded[v.route] > 0 || e.bytes > 0 }

// take counts a record as gone.
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

// restore takes that back.
func (e *excess) restore(v victim) {
	if e.crowded == nil {
		e.bytes += v.size
	} else {
		e.crowded[v.route]++
	}
}

// victim is a record that may have to go.
type victim struct {
	n     int64
	used  int64
	size  int64
	route string
}

// remove goes through the records from the least recently used, and removes
// what is in excess.
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

// oldest lists the least recently used records after one.
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

// removeAll removes what was chosen, unless it was used since it was listed.
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

// shrink gives free pages back to the file system. A quarter of the file may
// stay free: what is put next uses it.
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

// inTurn is write for one that sweeps: it ends with ErrHeld if another took
// over, and then leaves the others as much time as was taken from them.
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
