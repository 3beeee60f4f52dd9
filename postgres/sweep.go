// Keeping the store within bounds.

package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	countBatch = 5000 // records counted in one round trip
	sweepBatch = 500  // records removed in one transaction

	// sweepLease is how long a dead sweeper prevents others from sweeping. It
	// is renewed before each batch.
	sweepLease = 30 * time.Second
)

// sweepID is the sweeper's row among the leases. It cannot be the digest of a
// key: those are of texts that begin with a number.
func sweepID() [sha256.Size]byte { return sha256.Sum256([]byte("sweep")) }

// Sweep removes the least recently used records until the store is within its
// bounds, in short transactions. It fails with [pages.ErrHeld] while any
// instance sweeps, and for half a minute after a sweeping instance was killed.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	granted, token, _, err := s.grant(ctx, "sweep", sweepID(), rand.Text(), sweepLease)
	if err != nil {
		return pages.Swept{}, err
	}
	if !granted {
		return pages.Swept{}, pages.ErrHeld
	}
	defer func() {
		// Even if ctx has ended. If it fails, the lease expires.
		_ = within(context.WithoutCancel(ctx), lookLimit, func(ctx context.Context) error {
			return s.giveBack(ctx, "sweep", sweepID(), token)
		})
	}()
	s.touch(ctx)
	w := sweeping{s: s, token: token}
	err = w.sweep(ctx, bounds)
	return w.swept, err
}

// sweeping is one run of Sweep.
type sweeping struct {
	s      *Store
	token  uint64
	routes map[int64]int
	swept  pages.Swept
}

func (w *sweeping) sweep(ctx context.Context, bounds pages.Bounds) error {
	if err := w.count(ctx); err != nil {
		return err
	}
	if bounds.PerRoute > 0 {
		for route, n := range w.routes {
			// The statement for a route takes the number of records still to
			// remove.
			for since := (time.Time{}); n > bounds.PerRoute; {
				removed, last, err := w.remove(ctx, w.s.sql().sweepRoute, route, since, min(n-bounds.PerRoute, sweepBatch))
				if err != nil {
					return err
				}
				if removed == 0 {
					break // others removed them, or hold them at this moment
				}
				n, since = n-removed, last
			}
		}
	}
	for since := (time.Time{}); bounds.Bytes > 0 && w.swept.Bytes > bounds.Bytes; {
		removed, last, err := w.remove(ctx, w.s.sql().sweepBytes, w.swept.Bytes-bounds.Bytes, since, sweepBatch)
		if err != nil || removed == 0 {
			return err
		}
		since = last
	}
	return nil
}

// count counts records by route, and bytes.
func (w *sweeping) count(ctx context.Context) error {
	w.routes = make(map[int64]int)
	for after, more := []byte{}, true; more; {
		if err := w.renew(ctx); err != nil {
			return err
		}
		routes, n, size, last, err := w.countAfter(ctx, after)
		if err != nil {
			return err
		}
		for route, n := range routes {
			w.routes[route] += n
		}
		w.swept.Kept += n
		w.swept.Bytes += size
		after, more = last, n == countBatch
	}
	return nil
}

func (w *sweeping) countAfter(ctx context.Context, after []byte) (routes map[int64]int, all int, bytesOfAll int64, last []byte, err error) {
	err = w.s.ask(ctx, "sweep", w.s.sql().count, []any{after, int64(countBatch)}, func(rows pgx.Rows) error {
		routes, all, bytesOfAll = make(map[int64]int), 0, 0
		for rows.Next() {
			var route *int64
			var n, size int64
			var id []byte
			if err := rows.Scan(&route, &n, &size, &id); err != nil {
				return err
			}
			if route == nil {
				continue // there is none
			}
			routes[*route] += int(n)
			all += int(n)
			bytesOfAll += size
			if bytes.Compare(id, last) > 0 {
				last = id
			}
		}
		return rows.Err()
	})
	return routes, all, bytesOfAll, last, err
}

// remove removes one batch, starting at a time of last use before which nothing
// is left to remove.
func (w *sweeping) remove(ctx context.Context, sql string, of int64, since time.Time, batch int) (removed int, last time.Time, err error) {
	if err := w.renew(ctx); err != nil {
		return 0, since, err
	}
	var n, freed int64
	var at *time.Time
	if err := w.s.one(ctx, "sweep", sql, []any{of, since, int64(batch)}, &n, &freed, &at); err != nil {
		return 0, since, err
	}
	if at != nil {
		since = *at
	}
	w.swept.Removed += int(n)
	w.swept.Freed += freed
	w.swept.Kept -= int(n)
	w.swept.Bytes -= freed
	return int(n), since, nil
}

// renew extends the sweeper's lease, or says that it was taken over.
func (w *sweeping) renew(ctx context.Context) error {
	id, held := sweepID(), false
	err := w.s.one(ctx, "sweep", w.s.sql().renew, []any{id[:], number(w.token), sweepLease.Microseconds()}, &held)
	if err == nil && !held {
		err = pages.ErrHeld
	}
	return err
}
