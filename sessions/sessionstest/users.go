// Laws of what a user has.

package sessionstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// users are names that a careless store takes for others, or for patterns.
var users = []string{
	"a", "A", "ab", "a:", "a:b", "a%", "%", "a_", "_", "__", "*", "a*", "a?", "[a]", "{a}", "a ", " a", "a\n", "a/b", `a\`, "a'", `a"`, "a,b",
	"ä", "a\u0308", "á", "Ä", "ß", "ss", "İ", "i", "session", "session:a", "a session", "0", "00", "1e0", "1", "+1", "NULL", "🐢",
}

func userLaws() []law {
	return []law{
		{"List lists the records of one kind that one user has", func(e *env) error {
			kinds := []string{"session", "session-a", "sessio"}
			put := map[string]sessions.Record{}
			for _, u := range users {
				for _, k := range kinds {
					r, err := e.put(k, u)
					if err != nil {
						return err
					}
					put[k+" "+u] = r
				}
			}
			for _, u := range users {
				for _, k := range kinds {
					if err := e.lists(k, u, put[k+" "+u]); err != nil {
						return err
					}
				}
			}
			return e.lists(kind, "another")
		}},
		{"List gives the oldest first, by Made and then by ID", func(e *env) error {
			now := time.Now()
			var all []sessions.Record
			for i := range 40 {
				r := e.record(kind, user)
				r.Made = now.Add(time.Duration(i*7919%10) * time.Minute)
				if i%13 == 0 {
					r.Made = time.Unix(-int64(i), 0)
				}
				r.Used, r.Expires = now.Add(-time.Duration(i)*time.Minute), now.Add(time.Duration(i*31%17+1)*time.Hour)
				if err := e.Put(e.ctx, r); err != nil {
					return err
				}
				all = append(all, r)
			}
			slices.SortFunc(all, byAge)
			return e.lists(kind, user, all...)
		}},
		{"List gives at most MaxList records, the oldest", func(e *env) error {
			all := make([]sessions.Record, sessions.MaxList+20)
			now := time.Now()
			for i := range all {
				all[i] = e.record(kind, user)
				all[i].Made = now.Add(time.Duration(i*7919%len(all)) * time.Second)
			}
			err := together(10, func(i int) error {
				for j := i; j < len(all); j += 10 {
					if err := e.Put(e.ctx, all[j]); err != nil {
						return err
					}
				}
				return nil
			})
			slices.SortFunc(all, byAge)
			return first(err, e.lists(kind, user, all[:sessions.MaxList]...))
		}},
		{"Revoke removes the records of one kind that one user has, and counts them", func(e *env) error {
			var left []sessions.Record
			for _, u := range users {
				r, err := e.put(kind, u)
				if err != nil {
					return err
				}
				left = append(left, r)
			}
			token, err := e.put("token", users[0])
			if err != nil {
				return err
			}
			for i, u := range users {
				if _, err := e.put(kind, u); err != nil {
					return err
				}
				n, err := e.other.Revoke(e.ctx, kind, u)
				if err != nil || n != 2 {
					return fmt.Errorf("revoke of %q counted %d instead of 2, %v", u, n, err)
				}
				if err := first(e.lacks(left[i]), e.lists(kind, u)); err != nil {
					return err
				}
				for _, r := range left[i+1:] {
					if err := e.lists(kind, r.User, r); err != nil {
						return fmt.Errorf("after a revoke of %q: %w", u, err)
					}
				}
			}
			n, err := e.Revoke(e.ctx, kind, users[0])
			if err != nil || n != 0 {
				return fmt.Errorf("a second revoke counted %d, %v", n, err)
			}
			return e.holds(token)
		}},
		{"Revoke without a kind removes the records of all kinds", func(e *env) error {
			var all []sessions.Record
			for _, k := range []string{kind, "token", "once-reset", "passkey", "x"} {
				r, err := e.put(k, user)
				if err != nil {
					return err
				}
				all = append(all, r)
			}
			other, err := e.put(kind, "eve")
			if err != nil {
				return err
			}
			n, err := e.Revoke(e.ctx, "", user)
			if err != nil || n != len(all) {
				return fmt.Errorf("it counted %d instead of %d, %v", n, len(all), err)
			}
			for _, r := range all {
				if err := first(e.lacks(r), e.lists(r.Kind, user)); err != nil {
					return err
				}
			}
			return e.holds(other)
		}},
		{"Revoke leaves the records that it is to leave", func(e *env) error {
			for _, k := range []string{kind, ""} {
				var all []sessions.Record
				var except []sessions.ID
				for i := range 12 {
					r, err := e.put(kind, user)
					if err != nil {
						return err
					}
					if all = append(all, r); i%3 == 0 {
						except = append(except, r.ID)
					}
				}
				n, err := e.Revoke(e.ctx, k, user, append(except, e.id())...)
				if err != nil || n != 8 {
					return fmt.Errorf("it counted %d instead of 8, %v", n, err)
				}
				for i, r := range all {
					err := e.lacks(r)
					if i%3 == 0 {
						err = e.holds(r)
					}
					if err != nil {
						return err
					}
				}
				if n, err := e.Revoke(e.ctx, k, user); err != nil || n != 4 {
					return fmt.Errorf("of the rest it counted %d instead of 4, %v", n, err)
				}
			}
			return nil
		}},
	}
}

func byAge(a, b sessions.Record) int {
	if c := sessions.Moment(sessions.Millis(a.Made)).Compare(sessions.Moment(sessions.Millis(b.Made))); c != 0 {
		return c
	}
	return slices.Compare(a.ID[:], b.ID[:])
}
