// Bugs of what a user has.

package sessionstest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon/sessions"
)

// mixing is a store whose List takes users for others.
func mixing(same func(a, b string) bool) func() *bug {
	return func() *bug {
		var mu sync.Mutex
		known := map[string]bool{}
		return &bug{
			put: func(m *sound, ctx context.Context, r sessions.Record) error {
				mu.Lock()
				defer mu.Unlock()
				known[r.User] = true
				return m.Put(ctx, r)
			},
			list: func(m *sound, ctx context.Context, kind, user string) (all []sessions.Record, err error) {
				mu.Lock()
				defer mu.Unlock()
				for u := range known {
					if u != "" && same(user, u) {
						list, err := m.List(ctx, kind, u)
						if err != nil {
							return nil, err
						}
						all = append(all, list...)
					}
				}
				return all, nil
			},
		}
	}
}

// sorting is a store whose List is as f leaves it.
func sorting(f func(list []sessions.Record) []sessions.Record) func() *bug {
	return func() *bug {
		return &bug{list: func(m *sound, ctx context.Context, kind, user string) ([]sessions.Record, error) {
			list, err := m.List(ctx, kind, user)
			return f(list), err
		}}
	}
}

func revoking(f func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error)) func() *bug {
	return func() *bug { return &bug{revoke: f} }
}

var userBugs = []planted{
	{"a user has what those have whose names begin with the user's", "List lists", mixing(func(a, b string) bool { return strings.HasPrefix(b, a) })},
	{"users are compared without case", "List lists", mixing(strings.EqualFold)},
	{"users are compared without spaces", "List lists", mixing(func(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) })},
	{"users are compared as patterns", "List lists", mixing(func(a, b string) bool { return a == b || a == "%" })},
	{"the newest is the first", "List gives the oldest", sorting(func(list []sessions.Record) []sessions.Record {
		slices.Reverse(list)
		return list
	})},
	{"records of one moment have no order", "List gives the oldest", sorting(func(list []sessions.Record) []sessions.Record {
		slices.SortFunc(list, func(a, b sessions.Record) int {
			if c := a.Made.Compare(b.Made); c != 0 {
				return c
			}
			return slices.Compare(b.ID[:], a.ID[:])
		})
		return list
	})},
	{"the oldest is left out", "List gives at most", sorting(func(list []sessions.Record) []sessions.Record { return list[min(len(list), 1):] })},
	{"Revoke removes other kinds", "Revoke removes the records of one kind", revoking(func(m *sound, ctx context.Context, _, user string, except []sessions.ID) (int, error) {
		return m.Revoke(ctx, "", user, except...)
	})},
	{"Revoke counts nothing", "Revoke removes the records of one kind", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
		_, err := m.Revoke(ctx, kind, user, except...)
		return 0, err
	})},
	{"Revoke removes what other users have", "Revoke removes the records of one kind", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
		if user == "a%" {
			_, _ = m.Revoke(ctx, kind, "{a}")
		}
		return m.Revoke(ctx, kind, user, except...)
	})},
	{"Revoke without a kind removes sessions alone", "Revoke without a kind", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
		if kind == "" {
			kind = "session"
		}
		return m.Revoke(ctx, kind, user, except...)
	})},
	{"Revoke leaves nothing", "Revoke leaves", revoking(func(m *sound, ctx context.Context, kind, user string, _ []sessions.ID) (int, error) {
		return m.Revoke(ctx, kind, user)
	})},
	{"Revoke leaves one at most", "Revoke leaves", revoking(func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
		return m.Revoke(ctx, kind, user, except[:min(len(except), 1)]...)
	})},
}
