// What a request has committed.

package dataflow

import (
	"context"
	"sync"
)

// Commits are the commits of one request. Use it by pointer.
type Commits struct {
	mu    sync.Mutex
	waits []func(context.Context) uint64
	token uint64
	told  uint64
	under chan struct{} // closed when the Wait ends that is under way; nil: none is
}

type commitsKey struct{}

// WithCommits is a context in which commits are noted.
func WithCommits(ctx context.Context, c *Commits) context.Context {
	return context.WithValue(ctx, commitsKey{}, c)
}

// CommitsOf is where a context's commits are noted; nil if they are not.
func CommitsOf(ctx context.Context) *Commits {
	c, _ := ctx.Value(commitsKey{}).(*Commits)
	return c
}

// Add notes a commit. The function waits until what it changed is purged, and
// returns the number of that purge; 0 if there is none.
func (c *Commits) Add(wait func(context.Context) uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, wait)
}

// Wait waits until everything that was committed is purged, and returns the
// latest purge's number; 0 if there was none.
func (c *Commits) Wait(ctx context.Context) uint64 {
	for {
		c.mu.Lock()
		under := c.under
		if under == nil {
			break
		}
		c.mu.Unlock()
		select {
		case <-under: // its commits are this caller's, too
		case <-ctx.Done():
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.token
		}
	}
	under, waits := make(chan struct{}), c.waits
	c.under, c.waits = under, nil
	c.mu.Unlock()
	var last uint64
	for _, wait := range waits {
		last = max(last, wait(ctx))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.under = nil
	close(under)
	c.token = max(c.token, last)
	return c.token
}

// Know notes the number of a purge that the visitor brings.
func (c *Commits) Know(token uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.told = max(c.token, token), max(c.told, token)
}

// Any says whether anything was committed, or is known to have been.
func (c *Commits) Any() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waits) > 0 || c.under != nil || c.token > 0
}

// Told is Wait for the one who tells the visitor; first says that the number
// was not told yet.
func (c *Commits) Told(ctx context.Context) (token uint64, first bool) {
	token = c.Wait(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	first = token > c.told
	c.told = max(c.told, token)
	return token, first
}
