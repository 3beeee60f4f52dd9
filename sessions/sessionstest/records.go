// Laws of single records.

package sessionstest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

func recordLaws() []law {
	return []law{
		{"a record comes back as it was put", func(e *env) error {
			all := make([]byte, 256)
			for i := range all {
				all[i] = byte(i)
			}
			for _, change := range []func(*sessions.Record){
				func(*sessions.Record) {},
				func(r *sessions.Record) { r.Data = all },
				func(r *sessions.Record) { r.Data = nil },
				func(r *sessions.Record) { r.User = "" },
				func(r *sessions.Record) { r.User = strings.Repeat("é", 100) },
				func(r *sessions.Record) { r.User = `"'\:%_{}*` + "\n\t " },
				func(r *sessions.Record) { r.Kind = strings.Repeat("a-1", 13) + "z" },
			} {
				r := e.record(kind, user)
				change(&r)
				if err := first(e.Put(e.ctx, r), e.holds(r)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"times are kept to the millisecond, rounded down, and the zero time stays zero", func(e *env) error {
			for _, t := range []time.Time{
				{}, time.Unix(0, 0), time.Unix(1_800_000_000, 123_999_999), time.Unix(-1, 1),
				time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(2500, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)),
			} {
				r := e.record(kind, user)
				r.Made, r.Used = t, t
				if t.IsZero() || t.Year() > 2100 {
					r.Expires = t
				}
				if err := first(e.Put(e.ctx, r), e.holds(r)); err != nil {
					return fmt.Errorf("%v: %w", t, err)
				}
			}
			return nil
		}},
		{"data is copied: a caller may change its own afterwards", func(e *env) error {
			r := e.record(kind, user)
			mine := bytes.Clone(r.Data)
			if err := e.Put(e.ctx, sessions.Record{ID: r.ID, Kind: r.Kind, User: r.User, Data: mine, Made: r.Made, Used: r.Used, Expires: r.Expires}); err != nil {
				return err
			}
			mine[0] = 'X'
			if err := e.holds(r); err != nil {
				return err
			}
			got, err := e.Get(e.ctx, kind, r.ID)
			if err != nil {
				return err
			}
			got.Data[0] = 'Y'
			list, err := e.List(e.ctx, kind, user)
			if err != nil || len(list) != 1 {
				return fmt.Errorf("%d in the list, %v", len(list), err)
			}
			list[0].Data[0] = 'Z'
			return e.holds(r)
		}},
		{"a record is found under its own kind alone", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, k := range []string{"token", "sessio", "session-", "sessions"} {
				_, get := e.Get(e.ctx, k, r.ID)
				_, take := e.Take(e.ctx, k, r.ID)
				in := e.record(k, user)
				if err := first(
					want(get, sessions.ErrNotFound, "Get"), want(take, sessions.ErrNotFound, "Take"),
					want(e.Touch(e.ctx, k, r.ID, time.Now(), time.Now()), sessions.ErrNotFound, "Touch"),
					want(e.Replace(e.ctx, r.ID, in), sessions.ErrNotFound, "Replace"), e.lacks(in), e.lists(k, user),
				); err != nil {
					return fmt.Errorf("as a %q: %w", k, err)
				}
			}
			return first(e.holds(r), e.lists(kind, user, r))
		}},
		{"what is not there is ErrNotFound, and stays away", func(e *env) error {
			r := e.record(kind, user)
			_, take := e.Take(e.ctx, kind, r.ID)
			touch := e.Touch(e.ctx, kind, r.ID, r.Used, r.Expires)
			return first(e.lacks(r), want(take, sessions.ErrNotFound, "Take"), want(touch, sessions.ErrNotFound, "Touch"), e.lacks(r), e.lists(kind, user))
		}},
		{"a Put of an ID that is taken, by whatever kind, is ErrExists and changes nothing", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, k := range []string{kind, "token"} {
				again := e.record(k, "eve")
				again.ID = r.ID
				if err := first(want(e.Put(e.ctx, again), sessions.ErrExists, "Put as a "+k), e.lists(k, "eve")); err != nil {
					return err
				}
			}
			return first(want(e.Put(e.ctx, r), sessions.ErrExists, "Put of the same"), e.holds(r), e.lists(kind, user, r))
		}},
		{"Touch sets when a record was used and expires, and nothing else", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, expires := range []time.Time{r.Expires.Add(time.Hour), time.Now().Add(time.Minute), {}, r.Expires} {
				r.Used, r.Expires = r.Used.Add(1234567*time.Microsecond), expires
				if err := first(e.Touch(e.ctx, kind, r.ID, r.Used, r.Expires), e.holds(r), e.lists(kind, user, r)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Take returns the whole record, and removes it", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			got, err := e.other.Take(e.ctx, kind, r.ID)
			if err != nil {
				return err
			}
			_, again := e.Take(e.ctx, kind, r.ID)
			return first(differs(got, r), want(again, sessions.ErrNotFound, "Take again"), e.lacks(r), e.lists(kind, user), e.Put(e.ctx, r), e.holds(r))
		}},
		{"MaxData bytes of data are kept, and one more is refused", func(e *env) error {
			r := e.record(kind, user)
			r.Data = bytes.Repeat([]byte{0, 255, 'a', '\n'}, sessions.MaxData/4)
			if err := first(e.Put(e.ctx, r), e.holds(r)); err != nil {
				return err
			}
			more := e.record(kind, user)
			more.Data = make([]byte, sessions.MaxData+1)
			return first(
				want(e.Put(e.ctx, more), sessions.ErrInvalid, "Put"), e.lacks(more),
				want(e.Replace(e.ctx, r.ID, more), sessions.ErrInvalid, "Replace"), e.lacks(more), e.holds(r),
			)
		}},
	}
}
