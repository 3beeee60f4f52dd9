// Laws of calls that cannot be made.

package sessionstest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// A call is one method's.
type call struct {
	name string
	make func(ctx context.Context, s sessions.Store) error
}

// calls are calls of every method that would succeed for a record that is
// there, and change it.
func (e *env) calls(r sessions.Record) []call {
	return []call{
		{"Get", func(ctx context.Context, s sessions.Store) error {
			_, err := s.Get(ctx, r.Kind, r.ID)
			return err
		}},
		{"List", func(ctx context.Context, s sessions.Store) error {
			_, err := s.List(ctx, r.Kind, r.User)
			return err
		}},
		{"Put", func(ctx context.Context, s sessions.Store) error { return s.Put(ctx, e.record(r.Kind, r.User)) }},
		{"Touch", func(ctx context.Context, s sessions.Store) error {
			return s.Touch(ctx, r.Kind, r.ID, time.Now(), time.Now())
		}},
		{"Replace", func(ctx context.Context, s sessions.Store) error {
			return s.Replace(ctx, r.ID, e.record(r.Kind, r.User))
		}},
		{"Take", func(ctx context.Context, s sessions.Store) error {
			_, err := s.Take(ctx, r.Kind, r.ID)
			return err
		}},
		{"Revoke", func(ctx context.Context, s sessions.Store) error {
			_, err := s.Revoke(ctx, r.Kind, r.User)
			return err
		}},
		{"Spend", func(ctx context.Context, s sessions.Store) error {
			_, err := s.Spend(ctx, "key", slow(1))
			return err
		}},
	}
}

func lifeLaws() []law {
	return []law{
		{"a call whose context has ended fails with its error and changes nothing", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			ended, end := context.WithCancel(e.ctx)
			end()
			late, cancel := context.WithDeadline(e.ctx, time.Now().Add(-time.Second))
			defer cancel()
			for _, ctx := range []context.Context{ended, late} {
				for _, c := range e.calls(r) {
					if err := want(c.make(ctx, e.Store), ctx.Err(), c.name); err != nil {
						return err
					}
				}
			}
			n, _, err := e.spend("key", slow(1), 10)
			if err != nil || n != 1 {
				return fmt.Errorf("afterwards %d units of 1 were given, %v", n, err)
			}
			return first(e.holds(r), e.lists(kind, user, r))
		}},
		{"after Close every method fails with ErrClosed, and a second Close has no effect", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			s := e.more()
			if err := first(s.Close(), s.Close()); err != nil {
				return fmt.Errorf("close: %w", err)
			}
			for _, c := range e.calls(r) {
				if err := want(c.make(e.ctx, s), sessions.ErrClosed, c.name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"what is not valid is refused with ErrInvalid and changes nothing", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, k := range []string{"", "Session", "a b", "a_b", "ä", "a:b", "%", strings.Repeat("a", 41), "a\x00"} {
				all := e.calls(sessions.Record{ID: r.ID, Kind: k, User: user})
				if k == "" {
					all = all[:6] // Revoke of all kinds is another thing
				}
				for _, c := range all {
					if c.name != "Spend" {
						if err := want(c.make(e.ctx, e.Store), sessions.ErrInvalid, fmt.Sprintf("%s of the kind %q", c.name, k)); err != nil {
							return err
						}
					}
				}
			}
			for _, u := range []string{strings.Repeat("a", 201), strings.Repeat("é", 101), "a\x00b", "a\xff", ""} {
				for _, c := range e.calls(sessions.Record{ID: r.ID, Kind: kind, User: u}) {
					if c.name == "List" || c.name == "Revoke" || u != "" && (c.name == "Put" || c.name == "Replace") {
						if err := want(c.make(e.ctx, e.Store), sessions.ErrInvalid, fmt.Sprintf("%s of the user %q", c.name, u)); err != nil {
							return err
						}
					}
				}
				if _, err := e.Spend(e.ctx, u, slow(1)); want(err, sessions.ErrInvalid, "Spend") != nil {
					return fmt.Errorf("Spend of the key %q gave %v", u, err)
				}
			}
			for _, rate := range []sessions.Rate{{}, {N: 1}, {N: -1, Per: time.Second}, {N: 1001, Per: time.Second}, {N: 1, Per: time.Second, Burst: -1}, {N: 1, Per: time.Hour, Burst: 1 << 30}} {
				if _, err := e.Spend(e.ctx, "key", rate); want(err, sessions.ErrInvalid, "Spend") != nil {
					return fmt.Errorf("Spend with %+v gave %v", rate, err)
				}
			}
			for _, t := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)} {
				wrong := e.record(kind, user)
				wrong.Expires = t
				if err := first(want(e.Put(e.ctx, wrong), sessions.ErrInvalid, "Put"), want(e.Replace(e.ctx, r.ID, wrong), sessions.ErrInvalid, "Replace"),
					want(e.Touch(e.ctx, kind, r.ID, t, time.Now()), sessions.ErrInvalid, "Touch"), want(e.Touch(e.ctx, kind, r.ID, time.Now(), t), sessions.ErrInvalid, "Touch")); err != nil {
					return err
				}
			}
			n, _, err := e.spend("key", slow(1), 10)
			if err != nil || n != 1 {
				return fmt.Errorf("afterwards %d units of 1 were given, %v", n, err)
			}
			return first(e.holds(r), e.lists(kind, user, r))
		}},
	}
}
