// A store whose calls are counted.

package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// counting counts the calls that a visitor may wait for.
type counting struct {
	pages.Store
	calls atomic.Int64
}

func (c *counting) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	c.calls.Add(1)
	return c.Store.Get(ctx, key)
}

func (c *counting) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	c.calls.Add(1)
	return c.Store.Put(ctx, r, f)
}

func (c *counting) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	c.calls.Add(1)
	return c.Store.Epochs(ctx, subjects...)
}

func (c *counting) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	c.calls.Add(1)
	return c.Store.Lease(ctx, key, claim, ttl)
}

// whole is the store with the optional interfaces by which it reports purges.
func (c *counting) whole() pages.Store {
	switch s := c.Store.(type) {
	case pages.Sequencer:
		return struct {
			*counting
			pages.Sequencer
		}{c, s}
	case pages.Acknowledger:
		return struct {
			*counting
			*acknowledging
		}{c, &acknowledging{s, c}}
	}
	return c
}

// acknowledging counts acknowledgements too.
type acknowledging struct {
	pages.Acknowledger
	c *counting
}

func (a *acknowledging) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	a.c.calls.Add(1)
	return a.Acknowledger.Acknowledge(ctx, instance, sequence, ttl)
}
