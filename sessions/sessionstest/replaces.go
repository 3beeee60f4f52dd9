// Laws of Replace.

package sessionstest

import "github.com/gorgon-go/gorgon/sessions"

func replaceLaws() []law {
	return []law{
		{"Replace puts one record in the place of another", func(e *env) error {
			old, err := e.put(kind, user)
			if err != nil {
				return err
			}
			r := e.record(kind, user)
			r.Data = []byte("other data")
			again := want(e.Replace(e.ctx, old.ID, r), nil, "Replace")
			return first(again, e.lacks(old), e.holds(r), e.lists(kind, user, r),
				want(e.Replace(e.ctx, old.ID, e.record(kind, user)), sessions.ErrNotFound, "Replace of what was replaced"), e.lists(kind, user, r))
		}},
		{"a Replace of what is not there adds nothing", func(e *env) error {
			r := e.record(kind, user)
			return first(want(e.Replace(e.ctx, e.id(), r), sessions.ErrNotFound, "Replace"), e.lacks(r), e.lists(kind, user))
		}},
		{"a Replace whose ID is taken by a third record is ErrExists and changes nothing", func(e *env) error {
			old, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, k := range []string{kind, "token"} {
				third, err := e.put(k, "eve")
				if err != nil {
					return err
				}
				r := e.record(kind, user)
				r.ID = third.ID
				if err := first(want(e.Replace(e.ctx, old.ID, r), sessions.ErrExists, "Replace"), e.holds(old), e.holds(third),
					e.lists(kind, user, old), e.lists(k, "eve", third)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a Replace by a record of the same ID rewrites it", func(e *env) error {
			old, err := e.put(kind, user)
			if err != nil {
				return err
			}
			r := e.record(kind, user)
			r.ID, r.Data = old.ID, []byte("other data")
			return first(want(e.Replace(e.ctx, old.ID, r), nil, "Replace"), e.holds(r), e.lists(kind, user, r))
		}},
		{"a Replace that changes the user moves the record between lists", func(e *env) error {
			old, err := e.put(kind, "")
			if err != nil {
				return err
			}
			r, next := e.record(kind, user), e.record(kind, "eve")
			if err := first(e.Replace(e.ctx, old.ID, r), e.lists(kind, user, r), e.Replace(e.ctx, r.ID, next), e.lists(kind, user), e.lists(kind, "eve", next)); err != nil {
				return err
			}
			n, err := e.Revoke(e.ctx, "", user)
			if err != nil || n != 0 {
				return want(err, nil, "Revoke of the user before")
			}
			return e.holds(next)
		}},
	}
}
