// What is told of the making of pages, and how the cache is now.

package cache

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
)

// observe tells that a page is about to be made. The page is to be made with
// the context that it returns, and end is to be called once it was.
func (c *Cache) observe(ctx context.Context, fl *flight, k id) (_ context.Context, end func(outcome string, err error)) {
	if c.config.Observe == nil {
		return ctx, func(string, error) {}
	}
	route := k.page.Path
	ctx, ended := c.config.Observe.Making(ctx, fl.cause, route)
	began := time.Now()
	return ctx, func(outcome string, err error) {
		m := metrics.Making{Route: route, Outcome: outcome, Took: time.Since(began)}
		if err != nil {
			if m.Outcome = c.outcomeOf(err); m.Outcome == metrics.Failed || m.Outcome == metrics.Timeout {
				m.Err = err
			}
		}
		ended(m)
	}
}

// outcomeOf is what a making that brought no page comes to.
func (c *Cache) outcomeOf(err error) string {
	switch kind := gorgon.KindOf(err); {
	case kind == gorgon.Missing || kind == gorgon.Removed:
		return metrics.Missing
	case c.life.Err() != nil:
		return metrics.Stopped
	case kind == gorgon.Timeout:
		return metrics.Timeout
	}
	return metrics.Failed
}

// State says how the cache is now. Whether the server has started, others know.
func (c *Cache) State() metrics.State {
	s := metrics.State{
		MemoryBytes: int64(c.memory.WeightedSize()), MemoryEntries: int64(c.memory.EstimatedSize()),
		StoreRefused: c.refused.Load(),
	}
	s.Degraded, _ = c.Degraded()
	if c.store != nil {
		s.StoreFaults = c.store.faults.Load()
	}
	return s
}
