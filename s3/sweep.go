// Keeping the store within bounds, and removing old leases and purges.

package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	sweepTurn = time.Minute // how long a dead sweeper excludes others
	leftover  = time.Hour   // the minimum age of objects that are cleared away
	atOnce    = 8           // concurrent requests that remove
)

// A sweep is one run of Sweep.
type sweep struct {
	*Store
	lease lease
	etag  string // of the lease
	used  map[digest]time.Time
	done  pages.Swept
}

// Sweep removes the least recently used records until the store is within its
// bounds, and the leases, purges and uses that are no longer needed. It fails
// with [pages.ErrHeld] while any instance sweeps. Its memory grows with the
// records to remove and with those used in the last month, not with those in
// the store.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return pages.Swept{}, err
	}
	defer end()
	if err := s.known.mine(); err != nil {
		return pages.Swept{}, fault(ctx, "sweep", err)
	}
	w := &sweep{Store: s}
	w.lease, w.etag, err = s.take(ctx, sweepName, newNonce(), sweepTurn)
	if errors.Is(err, pages.ErrHeld) {
		return pages.Swept{}, pages.ErrHeld
	}
	if err == nil {
		err = w.run(ctx, bounds)
		if back := s.giveBack(ctx, sweepName, w.lease.token); err == nil {
			err = back
		}
	}
	return w.done, fault(ctx, "sweep", err)
}

func (w *sweep) run(ctx context.Context, bounds pages.Bounds) error {
	var told []string
	var err error
	if w.used, told, err = w.usesTold(ctx); err != nil {
		return err
	}
	if err := w.joinUses(ctx, w.used, told); err != nil {
		return err
	}
	if err := w.tidy(ctx); err != nil {
		return err
	}
	for {
		more, err := w.once(ctx, bounds)
		if err != nil || !more {
			return err
		}
	}
}

// keep renews the lease while there is work. It is called often.
func (w *sweep) keep(ctx context.Context) error {
	now := w.clock.now()
	if w.lease.until.Sub(now) > sweepTurn/2 {
		return nil
	}
	w.lease.until, w.lease.nonce = now.Add(sweepTurn), newNonce()
	etag, err := w.write(ctx, sweepName, w.lease.bytes(), w.etag)
	if errors.Is(err, errConflict) {
		return fmt.Errorf("%w: another sweeps, since this one was too slow", pages.ErrHeld)
	}
	w.etag = etag
	return err
}

// each walks over the records, keeping the lease.
func (w *sweep) each(ctx context.Context, visit func(found) error) error {
	var inner error
	err := w.walk(ctx, w.used, func(f found) bool {
		if inner = w.keep(ctx); inner == nil {
			inner = visit(f)
		}
		return inner == nil
	})
	return errors.Join(inner, err)
}

// once counts, selects and removes. more is true if it selected as many as it
// may and that was not enough.
func (w *sweep) once(ctx context.Context, bounds pages.Bounds) (more bool, err error) {
	routes, err := w.count(ctx, bounds)
	if err != nil {
		return false, err
	}
	gone := 0
	if bounds.PerRoute > 0 {
		crowded := make(map[string]*victims)
		for route, n := range routes {
			if n > bounds.PerRoute {
				crowded[route] = &victims{need: int64(n - bounds.PerRoute)}
			}
		}
		if len(crowded) > 0 {
			err := w.each(ctx, func(f found) error {
				if key, err := w.keyOf(ctx, f); err == nil && crowded[key.Route] != nil {
					crowded[key.Route].offer(f, 1)
				}
				return nil
			})
			if err != nil {
				return false, err
			}
		}
		for _, v := range crowded {
			n, err := w.removeAll(ctx, v)
			if err != nil {
				return false, err
			}
			gone += n
			more = more || v.full()
		}
	}
	if over := w.done.Bytes - bounds.Bytes; bounds.Bytes > 0 && over > 0 {
		v := &victims{need: over}
		err := w.each(ctx, func(f found) error { v.offer(f, f.size); return nil })
		if err != nil {
			return false, err
		}
		n, err := w.removeAll(ctx, v)
		if err != nil {
			return false, err
		}
		gone += n
		more = more || v.full()
	}
	return more && gone > 0, nil
}

// count counts records by route, and their bytes.
func (w *sweep) count(ctx context.Context, bounds pages.Bounds) (routes map[string]int, err error) {
	routes = make(map[string]int)
	w.done.Kept, w.done.Bytes = 0, 0
	err = w.each(ctx, func(f found) error {
		if bounds.PerRoute > 0 {
			key, err := w.keyOf(ctx, f)
			if err == nil {
				routes[key.Route]++
			} else if !errors.Is(err, errMissing) && !errors.Is(err, pages.ErrCorrupt) {
				return err
			}
		}
		w.done.Kept++
		w.done.Bytes += f.size
		return nil
	})
	return routes, err
}

// removeAll removes the selected records, except those that were put again
// since, if the service can tell.
func (w *sweep) removeAll(ctx context.Context, v *victims) (gone int, err error) {
	var mu sync.Mutex
	for rest := v.chosen; len(rest) > 0; {
		n := min(len(rest), 100*atOnce)
		if err := w.keep(ctx); err != nil {
			return gone, err
		}
		group, inner := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for _, f := range rest[:n] {
			group.Go(func() error {
				err := w.remove(inner, f.name, f.etag)
				if errors.Is(err, errConflict) {
					return nil
				}
				if err == nil {
					w.uses.forget(f.name)
					mu.Lock()
					defer mu.Unlock()
					gone++
					w.done.Removed++
					w.done.Kept--
					w.done.Freed += f.size
					w.done.Bytes -= f.size
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return gone, err
		}
		rest = rest[n:]
	}
	return gone, nil
}

// tidy removes leases that expired long ago, bases that the head does not name,
// and remains of proofs.
func (w *sweep) tidy(ctx context.Context) error {
	if err := w.refresh(ctx); err != nil {
		return err
	}
	w.known.mu.Lock()
	base := w.known.head.base
	w.known.mu.Unlock()
	old := w.clock.now().Add(-leftover)
	var inner error
	err := w.list(ctx, statePrefix, 0, func(i item) bool {
		if inner = w.keep(ctx); inner != nil || !i.modified.Before(old) {
			return inner == nil
		}
		switch {
		case strings.HasPrefix(i.name, leasePrefix):
			var l lease
			var etag string
			if l, etag, inner = w.readLease(ctx, i.name); inner == nil && etag != absent && l.until.Before(old) {
				inner = w.remove(ctx, i.name, etag)
			}
		case strings.HasPrefix(i.name, basePrefix) && i.name != base, strings.HasPrefix(i.name, proofPrefix):
			inner = w.remove(ctx, i.name, i.etag)
		}
		if errors.Is(inner, errConflict) {
			inner = nil // it is in use again
		}
		return inner == nil
	})
	return errors.Join(inner, err)
}
