// Keeping the store within bounds.

package redis

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	sweepBatch = 500 // records counted or removed in one step

	// sweepLease is how long a dead sweeper prevents others from sweeping. Each
	// step renews it.
	sweepLease = 30 * time.Second
)

// Sweep removes the least recently used records until the store is within its
// bounds, in short steps. It fails with [pages.ErrHeld] while any instance
// sweeps, and for half a minute after a sweeping instance was killed. It also
// removes evicted records from the indexes.
func (s *Store) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	granted, token, _, err := s.grant(ctx, "sweep", s.keys.sweep(), rand.Text(), sweepLease)
	if err != nil {
		return pages.Swept{}, err
	}
	if !granted {
		return pages.Swept{}, pages.ErrHeld
	}
	defer func() {
		// Even if ctx has ended. If it fails, the lease expires.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		_ = s.giveBack(ctx, "sweep", s.keys.sweep(), token)
	}()
	s.touch(ctx)
	w := sweeping{s: s, token: strconv.FormatUint(token, 10), routes: make(map[string]int64)}
	err = w.sweep(ctx, bounds)
	return w.swept, err
}

// sweeping is one run of Sweep.
type sweeping struct {
	s      *Store
	token  string
	routes map[string]int64 // the number of records of each route
	swept  pages.Swept
}

func (w *sweeping) sweep(ctx context.Context, bounds pages.Bounds) error {
	if err := w.heal(ctx); err != nil {
		return err
	}
	if err := w.count(ctx); err != nil {
		return err
	}
	over := make(map[string]int64)
	for route, n := range w.routes {
		if bounds.PerRoute > 0 && n > int64(bounds.PerRoute) {
			over[route] = n - int64(bounds.PerRoute)
		}
	}
	if err := w.remove(ctx, over, func() int64 { return 0 }); err != nil {
		return err
	}
	none := map[string]int64{}
	return w.remove(ctx, none, func() int64 {
		if bounds.Bytes <= 0 {
			return 0
		}
		return w.swept.Bytes - bounds.Bytes
	})
}

// heal rebuilds the index of IDs if the server evicted it. A record that only
// that index held comes back when it is used; the other index is repaired by
// counting.
func (w *sweeping) heal(ctx context.Context) error {
	_, _, results, err := w.s.read(ctx, "sweep", func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{b.Zcard().Key(w.s.keys.ids()).Build(), b.Zcard().Key(w.s.keys.used()).Build()}
	})
	if err != nil {
		return err
	}
	ids, _ := results[0].AsInt64()
	used, _ := results[1].AsInt64()
	for c := (cursor{}); ids < used; {
		batch, err := w.usedAfter(ctx, c)
		if err != nil || len(batch) == 0 {
			return err
		}
		all := make([]string, len(batch))
		for i, used := range batch {
			all[i] = used.Member
		}
		if _, err := w.countThese(ctx, all); err != nil {
			return err
		}
		c.pass(batch, 0)
	}
	return nil
}

// count counts records by route, and bytes.
func (w *sweeping) count(ctx context.Context) error {
	w.swept.Kept, w.swept.Bytes = 0, 0
	for last := ""; ; {
		ids, err := w.s.idsAfter(ctx, "sweep", last, sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		routes, err := w.countThese(ctx, ids)
		if err != nil {
			return err
		}
		for route, n := range routes {
			w.routes[route] += n
		}
		last = ids[len(ids)-1]
	}
}

func (w *sweeping) countThese(ctx context.Context, ids []string) (routes map[string]int64, err error) {
	n, routes, err := w.step(ctx, w.s.scripts.count, 4, ids, ids)
	if err != nil {
		return nil, err
	}
	w.swept.Kept += int(n[0])
	w.swept.Bytes += n[1]
	w.swept.Removed += int(n[2])
	w.swept.Freed += n[3]
	return routes, nil
}

// remove removes the least recently used records of routes with too many, and
// of all routes while there are too many bytes.
func (w *sweeping) remove(ctx context.Context, over map[string]int64, excess func() int64) error {
	for c := (cursor{}); len(over) > 0 || excess() > 0; {
		batch, err := w.usedAfter(ctx, c)
		if err != nil || len(batch) == 0 {
			return err
		}
		args := []string{strconv.FormatInt(excess(), 10), strconv.Itoa(len(over))}
		for route, n := range over {
			args = append(args, route, strconv.FormatInt(n, 10))
		}
		ids := make([]string, len(batch))
		for i, used := range batch {
			ids[i] = used.Member
			args = append(args, used.Member, score(used))
		}
		n, routes, err := w.step(ctx, w.s.scripts.remove, 2, ids, args)
		if err != nil {
			return err
		}
		w.swept.Removed += int(n[0])
		w.swept.Kept -= int(n[0])
		w.swept.Freed += n[1]
		w.swept.Bytes -= n[1]
		for route, n := range routes {
			if over[route] -= n; over[route] <= 0 {
				delete(over, route)
			}
		}
		c.pass(batch, int64(n[0]))
	}
	return nil
}

// A cursor is a position in the order of use: a time, and how many records of
// that time to skip. After removals it may be a little too early, so that some
// records are read again, but none is skipped.
type cursor struct {
	used float64
	skip int64
}

func (c *cursor) pass(batch []rueidis.ZScore, removed int64) {
	last := batch[len(batch)-1].Score
	same := int64(0)
	for _, used := range batch {
		if used.Score == last {
			same++
		}
	}
	if last == c.used {
		same += c.skip
	}
	c.used, c.skip = last, max(same-removed, 0)
}

func (w *sweeping) usedAfter(ctx context.Context, c cursor) ([]rueidis.ZScore, error) {
	_, _, results, err := w.s.read(ctx, "sweep", func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{b.Zrangebyscore().Key(w.s.keys.used()).Min(strconv.FormatFloat(c.used, 'f', 0, 64)).Max("+inf").
			Withscores().Limit(c.skip, sweepBatch).Build()}
	})
	if err != nil {
		return nil, err
	}
	batch, err := results[0].AsZScores()
	return batch, w.s.explain(ctx, "sweep", err)
}

func score(used rueidis.ZScore) string { return strconv.FormatFloat(used.Score, 'f', 0, 64) }

// step runs one script of the sweep. Its answer is n numbers, then numbers by
// route.
func (w *sweeping) step(ctx context.Context, sc script, n int, ids, args []string) ([]int64, map[string]int64, error) {
	keys := w.s.keys.with(append([]string{w.s.keys.sweep()}, w.s.keys.pages(ids)...)...)
	answer, err := w.s.run(ctx, "sweep", sc, keys, append([]string{w.token, micros(sweepLease)}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	if going, err := numbers(answer, 1); err != nil || going[0] == 0 {
		if err == nil {
			return nil, nil, pages.ErrHeld // the lease was taken over
		}
		return nil, nil, w.s.explain(ctx, "sweep", err)
	}
	list, err := numbers(answer[1:], n)
	routes := make(map[string]int64)
	for rest := answer[1+len(list):]; err == nil && len(rest) >= 2; rest = rest[2:] {
		routes[word(rest[0])], err = rest[1].AsInt64()
	}
	return list, routes, w.s.explain(ctx, "sweep", err)
}
