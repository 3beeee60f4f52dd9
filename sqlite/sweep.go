// Keeping the store within bounds.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// sweepHold is how long a sweeper counts as alive after its last heartbeat.
	sweepHold = 30 * time.Second
)

// Sweep removes the least recently used records until the store is within its
// bounds. It fails with [pages.ErrHeld] while any process sweeps. It reads the
// records from the oldest, a few at a time, and no further than needed.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	w := &sweeper{Store: s}
	err := w.write(ctx, false, w.enter)
	if errors.Is(err, pages.ErrHeld) {
		return pages.Swept{}, pages.ErrHeld
	}
	if err == nil {
		err = w.sweep(ctx, bounds)
		// The next sweeper need not wait, whatever the result of this one.
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_ = w.write(leave, false, w.leave)
		cancel()
	}
	return w.swept, s.fault("sweep", err)
}

// A sweeper is one run of Sweep.
type sweeper struct {
	*Store
	token uint64
	heard time.Time // the time of its last heartbeat
	swept pages.Swept
}

// enter acquires the right to sweep, unless another process has it.
func (w *sweeper) enter(c *conn) error {
	now := time.Now()
	var until int64
	if err := c.row("SELECT sweeper_until FROM state", nil, &until); err != nil {
		return err
	}
	if now.UnixNano() < until && until <= now.Add(sweepHold).UnixNano() { // and no clock was set back
		return pages.ErrHeld
	}
	token, err := nextToken(c, now)
	if err != nil {
		return err
	}
	w.token, w.heard = token, now
	_, err = c.exec("UPDATE state SET sweeper = ?, sweeper_until = ?", int64(token), now.Add(sweepHold).UnixNano())
	return err
}

// stay renews the sweeper's heartbeat. It fails with ErrHeld if another took
// over.
func (w *sweeper) stay(c *conn) error {
	now := time.Now()
	n, err := c.exec("UPDATE state SET sweeper_until = ? WHERE sweeper = ?", now.Add(sweepHold).UnixNano(), int64(w.token))
	if err == nil && n == 0 {
		err = pages.ErrHeld
	}
	w.heard = now
	return err
}

func (w *sweeper) leave(c *conn) error {
	_, err := c.exec("UPDATE state SET sweeper_until = 0 WHERE sweeper = ?", int64(w.token))
	return err
}

func (w *sweeper) sweep(ctx context.Context, bounds pages.Bounds) error {
	if err := w.writeTouches(ctx); err != nil {
		return err
	}
	routes, err := w.count(ctx)
	if err != nil {
		return err
	}
	if bounds.PerRoute > 0 {
		crowded := make(map[string]int64)
		for route, n := range routes {
			if n > int64(bounds.PerRoute) {
				crowded[route] = n - int64(bounds.PerRoute)
			}
		}
		if err := w.remove(ctx, &excess{crowded: crowded}); err != nil {
			return err
		}
	}
	if bounds.Bytes > 0 {
		if _, err := w.count(ctx); err != nil {
			return err
		}
		if err := w.remove(ctx, &excess{bytes: w.swept.Bytes - bounds.Bytes}); err != nil {
			return err
		}
	}
	if err := w.shrink(ctx); err != nil {
		return err
	}
	_, err = w.count(ctx)
	return err
}

// count returns the records of each route, and the total size, without reading
// records.
func (w *sweeper) count(ctx context.Context) (routes map[string]int64, err error) {
	err = w.read(ctx, func(c *conn) error {
		routes = make(map[string]int64)
		w.swept.Kept, w.swept.Bytes = 0, 0
		return c.rows("SELECT route, records, bytes FROM routes", nil, func(row *sql.Rows) error {
			var route []byte
			var records, bytes int64
			err := row.Scan(&route, &records, &bytes)
			routes[string(route)] = records
			w.swept.Kept += int(records)
			w.swept.Bytes += bytes
			return err
		})
	})
	return routes, err
}
