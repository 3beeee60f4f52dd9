// A store whose methods can be replaced by faulty ones.

package sessionstest

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

type sound = mem.Sessions

// bug is a sound store except for the methods that are set.
type bug struct {
	*sound
	get     func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error)
	put     func(m *sound, ctx context.Context, r sessions.Record) error
	replace func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error
	touch   func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error
	take    func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error)
	list    func(m *sound, ctx context.Context, kind, user string) ([]sessions.Record, error)
	revoke  func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error)
	spend   func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error)
	close   func(m *sound) error
}

func (b *bug) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	if b.get != nil {
		return b.get(b.sound, ctx, kind, id)
	}
	return b.sound.Get(ctx, kind, id)
}

func (b *bug) Put(ctx context.Context, r sessions.Record) error {
	if b.put != nil {
		return b.put(b.sound, ctx, r)
	}
	return b.sound.Put(ctx, r)
}

func (b *bug) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	if b.replace != nil {
		return b.replace(b.sound, ctx, old, r)
	}
	return b.sound.Replace(ctx, old, r)
}

func (b *bug) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	if b.touch != nil {
		return b.touch(b.sound, ctx, kind, id, used, expires)
	}
	return b.sound.Touch(ctx, kind, id, used, expires)
}

func (b *bug) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	if b.take != nil {
		return b.take(b.sound, ctx, kind, id)
	}
	return b.sound.Take(ctx, kind, id)
}

func (b *bug) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	if b.list != nil {
		return b.list(b.sound, ctx, kind, user)
	}
	return b.sound.List(ctx, kind, user)
}

func (b *bug) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	if b.revoke != nil {
		return b.revoke(b.sound, ctx, kind, user, except)
	}
	return b.sound.Revoke(ctx, kind, user, except...)
}

func (b *bug) Spend(ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
	if b.spend != nil {
		return b.spend(b.sound, ctx, key, rate)
	}
	return b.sound.Spend(ctx, key, rate)
}

func (b *bug) Close() error {
	if b.close != nil {
		return b.close(b.sound)
	}
	return b.sound.Close()
}
