// Bugs of single records, of Replace, of what expires, and of calls that cannot
// be made.

package sessionstest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// others are kinds that the laws use.
var others = []string{"session", "token", "sessio", "session-", "sessions", "session-a"}

// any finds a record of whatever kind.
func anyOf(m *sound, ctx context.Context, id sessions.ID) (r sessions.Record, err error) {
	for _, kind := range others {
		if r, err = m.Get(ctx, kind, id); err == nil {
			return r, nil
		}
	}
	return r, err
}

// drop removes a record of whatever kind.
func drop(m *sound, ctx context.Context, id sessions.ID) {
	for _, kind := range others {
		_, _ = m.Take(ctx, kind, id)
	}
}

// putting is a bug of what is put.
func putting(change func(r *sessions.Record)) func() *bug {
	return func() *bug {
		return &bug{put: func(m *sound, ctx context.Context, r sessions.Record) error {
			change(&r)
			return m.Put(ctx, r)
		}}
	}
}

// getting is a bug of what Get returns.
func getting(change func(r *sessions.Record) error) func() *bug {
	return func() *bug {
		return &bug{get: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Get(ctx, kind, id)
			if err == nil {
				err = change(&r)
			}
			return r, err
		}}
	}
}

func replacing(f func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error) func() *bug {
	return func() *bug { return &bug{replace: f} }
}

func touching(f func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error) func() *bug {
	return func() *bug { return &bug{touch: f} }
}

var recordBugs = []planted{
	{"data ends at a zero byte", "a record comes back", putting(func(r *sessions.Record) { r.Data, _, _ = cutZero(r.Data) })},
	{"spaces around users are removed", "a record comes back", putting(func(r *sessions.Record) { r.User = strings.TrimSpace(r.User) })},
	{"times are kept to the second", "times are kept", putting(func(r *sessions.Record) { r.Used = r.Used.Truncate(time.Second) })},
	{"times are rounded up", "times are kept", putting(func(r *sessions.Record) { r.Made = r.Made.Add(time.Millisecond - 1) })},
	{"the zero time is 1970", "times are kept", putting(func(r *sessions.Record) {
		if r.Expires.IsZero() {
			r.Expires = time.Unix(0, 0)
		}
	})},
	{"times have another zone", "times are kept", getting(func(r *sessions.Record) error {
		r.Made = r.Made.In(time.FixedZone("", 3600))
		return nil
	})},
	{"data is shared with callers", "data is copied", func() *bug {
		var shared sync.Map
		return &bug{
			put: func(m *sound, ctx context.Context, r sessions.Record) error {
				shared.Store(r.ID, r.Data)
				return m.Put(ctx, r)
			},
			get: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
				r, err := m.Get(ctx, kind, id)
				if data, ok := shared.Load(id); ok {
					r.Data, _ = data.([]byte)
				}
				return r, err
			},
		}
	}},
	{"Get finds every kind", "a record is found under its own kind", func() *bug {
		return &bug{get: func(m *sound, ctx context.Context, _ string, id sessions.ID) (sessions.Record, error) {
			return anyOf(m, ctx, id)
		}}
	}},
	{"Take takes every kind", "a record is found under its own kind", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, _ string, id sessions.ID) (sessions.Record, error) {
			r, err := anyOf(m, ctx, id)
			drop(m, ctx, id)
			return r, err
		}}
	}},
	{"Touch touches every kind", "a record is found under its own kind", touching(func(m *sound, ctx context.Context, _ string, id sessions.ID, used, expires time.Time) error {
		r, err := anyOf(m, ctx, id)
		if err != nil {
			return err
		}
		return m.Touch(ctx, r.Kind, id, used, expires)
	})},
	{"Replace replaces every kind", "a record is found under its own kind", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if _, err := anyOf(m, ctx, old); err != nil {
			return err
		}
		drop(m, ctx, old)
		return m.Put(ctx, r)
	})},
	{"Touch adds what is not there", "what is not there", touching(func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
		err := m.Touch(ctx, kind, id, used, expires)
		if errors.Is(err, sessions.ErrNotFound) {
			err = m.Put(ctx, sessions.Record{ID: id, Kind: kind, Used: used, Expires: expires})
		}
		return err
	})},
	{"Take of nothing succeeds", "what is not there", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Take(ctx, kind, id)
			if errors.Is(err, sessions.ErrNotFound) {
				err = nil
			}
			return r, err
		}}
	}},
	{"Put overwrites", "a Put of an ID that is taken", func() *bug {
		return &bug{put: func(m *sound, ctx context.Context, r sessions.Record) error {
			drop(m, ctx, r.ID)
			return m.Put(ctx, r)
		}}
	}},
	{"Put overwrites what is of another kind", "a Put of an ID that is taken", func() *bug {
		return &bug{put: func(m *sound, ctx context.Context, r sessions.Record) error {
			if there, err := anyOf(m, ctx, r.ID); err == nil && there.Kind != r.Kind {
				drop(m, ctx, r.ID)
			}
			return m.Put(ctx, r)
		}}
	}},
	{"Touch makes the record younger", "Touch sets when", touching(func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
		r, err := m.Take(ctx, kind, id)
		if err != nil {
			return err
		}
		r.Made, r.Used, r.Expires = used, used, expires
		return m.Put(ctx, r)
	})},
	{"Touch cannot make a record expire never", "Touch sets when", touching(func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
		if r, err := m.Get(ctx, kind, id); err == nil && expires.IsZero() {
			expires = r.Expires
		}
		return m.Touch(ctx, kind, id, used, expires)
	})},
	{"Take leaves the record", "Take returns the whole record", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			return m.Get(ctx, kind, id)
		}}
	}},
	{"Take returns no data", "Take returns the whole record", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Take(ctx, kind, id)
			r.Data = nil
			return r, err
		}}
	}},
	{"too much data is cut off", "MaxData bytes", putting(func(r *sessions.Record) { r.Data = r.Data[:min(len(r.Data), sessions.MaxData)] })},
	{"MaxData is too much", "MaxData bytes", putting(func(r *sessions.Record) {
		if len(r.Data) == sessions.MaxData {
			r.Data = make([]byte, sessions.MaxData+1)
		}
	})},

	{"Replace leaves the old record", "Replace puts one record", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if _, err := m.Get(ctx, r.Kind, old); err != nil {
			return err
		}
		return m.Put(ctx, r)
	})},
	{"Replace keeps the old data", "Replace puts one record", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if was, err := m.Get(ctx, r.Kind, old); err == nil {
			r.Data = was.Data
		}
		return m.Replace(ctx, old, r)
	})},
	{"Replace adds what had nothing before", "a Replace of what is not there", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		err := m.Replace(ctx, old, r)
		if errors.Is(err, sessions.ErrNotFound) {
			err = m.Put(ctx, r)
		}
		return err
	})},
	{"Replace overwrites a third", "a Replace whose ID is taken", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if r.ID != old {
			drop(m, ctx, r.ID)
		}
		return m.Replace(ctx, old, r)
	})},
	{"Replace by a third removes the old record", "a Replace whose ID is taken", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		err := m.Replace(ctx, old, r)
		if errors.Is(err, sessions.ErrExists) {
			drop(m, ctx, old)
		}
		return err
	})},
	{"Replace takes the record itself for a third", "a Replace by a record of the same ID", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if r.ID == old {
			return sessions.ErrExists
		}
		return m.Replace(ctx, old, r)
	})},
	{"Replace keeps the user", "a Replace that changes the user", replacing(func(m *sound, ctx context.Context, old sessions.ID, r sessions.Record) error {
		if was, err := m.Get(ctx, r.Kind, old); err == nil {
			r.User = was.User
		}
		return m.Replace(ctx, old, r)
	})},

	{"what has expired is gone at once", "a record that has expired less", getting(func(r *sessions.Record) error {
		if r.Expired(time.Now()) {
			return sessions.ErrNotFound
		}
		return nil
	})},
	{"what is not used is forgotten", "a record that has expired less", getting(func(r *sessions.Record) error {
		if time.Since(r.Used) > 1000*time.Hour {
			return sessions.ErrNotFound
		}
		return nil
	})},
	{"nothing is forgotten", "records that have expired more", putting(func(r *sessions.Record) {
		if r.Expired(time.Now()) {
			r.Expires = time.Time{}
		}
	})},
	{"a Touch does not change when a record is removed", "a record is removed by when", func() *bug {
		var expiry sync.Map
		return &bug{
			touch: func(_ *sound, _ context.Context, _ string, id sessions.ID, _, expires time.Time) error {
				expiry.Store(id, expires)
				return nil
			},
			get: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
				r, err := m.Get(ctx, kind, id)
				if t, ok := expiry.Load(id); ok {
					t, _ := t.(time.Time)
					r.Expires = sessions.Moment(sessions.Millis(t))
				}
				return r, err
			},
		}
	}},

	{"Put goes on when its context has ended", "a call whose context", func() *bug {
		return &bug{put: func(m *sound, ctx context.Context, r sessions.Record) error {
			return m.Put(context.WithoutCancel(ctx), r)
		}}
	}},
	{"Take fails, and has taken", "a call whose context", func() *bug {
		return &bug{take: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Take(context.WithoutCancel(ctx), kind, id)
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return r, err
		}}
	}},
	{"a closed store is empty", "after Close", func() *bug {
		return &bug{get: func(m *sound, ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
			r, err := m.Get(ctx, kind, id)
			if errors.Is(err, sessions.ErrClosed) {
				err = sessions.ErrNotFound
			}
			return r, err
		}}
	}},
	{"kinds are made lower-case", "what is not valid", putting(func(r *sessions.Record) { r.Kind = strings.ToLower(r.Kind) })},
	{"users are cut off", "what is not valid", putting(func(r *sessions.Record) { r.User = r.User[:min(len(r.User), 200)] })},
	{"a Touch of the year 10000 is one of 9999", "what is not valid", touching(func(m *sound, ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
		if expires.Year() > 9999 {
			expires = time.Time{}
		}
		return m.Touch(ctx, kind, id, used, expires)
	})},
}

func cutZero(data []byte) (before, after []byte, found bool) {
	i := strings.IndexByte(string(data), 0)
	if i < 0 {
		return data, nil, false
	}
	return data[:i], data[i+1:], true
}
