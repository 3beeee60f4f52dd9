// Stores whose place is named by a variable.

package redis

import (
	"context"
	"fmt"
	"os"
	"sync"
)

// A from opens a store when it is first used.
type from[T interface{ Close() error }] struct {
	variable string
	what     string // "sessions"
	make     func(location string) (T, error)
	closed   error // what a call fails with after Close

	mu    sync.Mutex
	store T
	open  bool
	ended bool
}

// get is the store.
func (f *from[T]) get(ctx context.Context) (store T, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.open:
		return f.store, nil
	case ctx.Err() != nil:
		return store, ctx.Err()
	case f.ended:
		return store, f.closed
	}
	location := os.Getenv(f.variable)
	if location == "" {
		return store, fmt.Errorf("%s is not set: it says where the Redis of %s is, as in redis://user:password@host:6379/0", f.variable, f.what)
	}
	store, err = f.make(location)
	if err != nil {
		return store, fmt.Errorf("%s: %w", f.variable, err)
	}
	f.store, f.open = store, true
	return store, nil
}

// Close closes the store, if it was opened.
func (f *from[T]) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	if !f.open {
		return nil
	}
	return f.store.Close()
}
