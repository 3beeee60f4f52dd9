// Sessions whose place is named by a variable.

package redis

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// SessionsFrom returns the store of sessions whose location is in a variable of
// the environment. The variable is read when the store is first used: a program
// that is only built or planned needs none. Until it is set, and is a location,
// the methods fail.
func SessionsFrom(variable string) sessions.Store { return &from{variable: variable} }

// from is a store that is opened when it is first used.
type from struct {
	variable string

	mu     sync.Mutex
	store  *Sessions
	closed bool
}

func (f *from) open(ctx context.Context) (*Sessions, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.store != nil:
		return f.store, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case f.closed:
		return nil, sessions.ErrClosed
	}
	location := os.Getenv(f.variable)
	if location == "" {
		return nil, fmt.Errorf("%s is not set: it says where the Redis of sessions is, as in redis://user:password@host:6379/0", f.variable)
	}
	s, err := OpenSessions(context.Background(), location, SessionsOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.variable, err)
	}
	f.store = s
	return s, nil
}

func (f *from) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s, err := f.open(ctx)
	if err != nil {
		return sessions.Record{}, err
	}
	return s.Get(ctx, kind, id)
}

func (f *from) Put(ctx context.Context, r sessions.Record) error {
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	return s.Put(ctx, r)
}

func (f *from) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	return s.Replace(ctx, old, r)
}

func (f *from) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	return s.Touch(ctx, kind, id, used, expires)
}

func (f *from) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s, err := f.open(ctx)
	if err != nil {
		return sessions.Record{}, err
	}
	return s.Take(ctx, kind, id)
}

func (f *from) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	s, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return s.List(ctx, kind, user)
}

func (f *from) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	s, err := f.open(ctx)
	if err != nil {
		return 0, err
	}
	return s.Revoke(ctx, kind, user, except...)
}

func (f *from) Spend(ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
	s, err := f.open(ctx)
	if err != nil {
		return 0, err
	}
	return s.Spend(ctx, key, rate)
}

// Close closes the store, if it was opened.
func (f *from) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.store == nil {
		return nil
	}
	return f.store.Close()
}
