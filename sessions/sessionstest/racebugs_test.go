// Bugs of steps that are two.

package sessionstest

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// pause gives other goroutines their turn.
func pause() { time.Sleep(time.Millisecond) }

var raceBugs = []planted{
	{"Put looks first and writes then", "of several Puts", func() *bug {
		return &bug{put: func(m *sound, ctx context.Context, r sessions.Record) error {
			if _, err := anyOf(m, ctx, r.ID); err == nil {
				return sessions.ErrExists
			}
			pause()
			drop(m, ctx, r.ID)
			return m.Put(ctx, r)
		}}
	}},
	{"Take reads first and removes then", "of several Takes", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Get(ctx, kind, id)
			if err == nil {
				pause()
				drop(m, ctx, id)
			}
			return r, err
		}}
	}},
	{"Replace looks first and replaces then", "of several Replaces", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if _, err := m.Get(ctx, r.Kind, old); err != nil {
			return err
		}
		pause()
		drop(m, ctx, old)
		return m.Put(ctx, r)
	})},
	{"Replace removes first and adds then", "a Replace that runs at the same time", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if _, err := m.Take(ctx, r.Kind, old); err != nil {
			return err
		}
		pause()
		return m.Put(ctx, r)
	})},
	{"Revoke reads the list first and removes then", "a Replace that runs at the same time", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (n int, err error) {
		if kind == "" {
			kind = "session"
		}
		list, err := m.List(ctx, kind, user)
		pause()
		for _, r := range list {
			if _, err := m.Take(ctx, kind, r.ID); err == nil {
				n++
			}
		}
		return n, err
	})},
	{"Touch writes the whole record back", "a Touch does not bring back", touching(func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
		r, err := m.Get(ctx, kind, id)
		if err != nil {
			return err
		}
		pause()
		drop(m, ctx, id)
		r.Used, r.Expires = used, expires
		return m.Put(ctx, r)
	})},
	{"Revoke leaves what is touched meanwhile", "Revoke removes all that was there", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (n int, err error) {
		list, err := m.List(ctx, kind, user)
		pause()
		for _, r := range list {
			if now, err := m.Get(ctx, kind, r.ID); err == nil && now.Used.Equal(r.Used) && !slices.Contains(except, r.ID) {
				drop(m, ctx, r.ID)
			}
			n++
		}
		return n, err
	})},
	{"Put lists what a Revoke has removed", "Revoke removes all that was there", func() *bug {
		var revoked atomic.Bool
		return &bug{
			revoke: func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
				revoked.Store(true)
				return m.Revoke(ctx, kind, user, except...)
			},
			get: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
				r, err := m.Get(ctx, kind, id)
				if err == nil && revoked.Load() && r.User == user && id[0]&1 == 0 {
					err = sessions.ErrNotFound // and it is in the list
				}
				return r, err
			},
		}
	}},
}
