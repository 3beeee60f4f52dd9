// Sessions whose place is named by a variable.

package redis

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// SessionsFrom returns the store of sessions whose location is in a variable of
// the environment. The variable is read when the store is first used: a program
// that is only built or planned needs none. Until it is set, and is a location,
// the methods fail.
func SessionsFrom(variable string) sessions.Store {
	return &sessionsFrom{from[*Sessions]{variable: variable, what: "sessions", closed: sessions.ErrClosed, make: func(location string) (*Sessions, error) {
		return OpenSessions(context.Background(), location, SessionsOptions{})
	}}}
}

type sessionsFrom struct{ from[*Sessions] }

func (f *sessionsFrom) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s, err := f.get(ctx)
	if err != nil {
		return sessions.Record{}, err
	}
	return s.Get(ctx, kind, id)
}

func (f *sessionsFrom) Put(ctx context.Context, r sessions.Record) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Put(ctx, r)
}

func (f *sessionsFrom) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Replace(ctx, old, r)
}

func (f *sessionsFrom) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Touch(ctx, kind, id, used, expires)
}

func (f *sessionsFrom) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s, err := f.get(ctx)
	if err != nil {
		return sessions.Record{}, err
	}
	return s.Take(ctx, kind, id)
}

func (f *sessionsFrom) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	s, err := f.get(ctx)
	if err != nil {
		return nil, err
	}
	return s.List(ctx, kind, user)
}

func (f *sessionsFrom) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	s, err := f.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Revoke(ctx, kind, user, except...)
}

func (f *sessionsFrom) Spend(ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
	s, err := f.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Spend(ctx, key, rate)
}
