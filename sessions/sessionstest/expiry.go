// Laws of records that have expired.

package sessionstest

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// enough is how many Puts remove what has expired long ago.
const enough = 100

// putMany puts records of another user.
func (e *env) putMany() error {
	return together(4, func(i int) error {
		for range enough / 4 {
			r := e.record("token", "eve")
			if err := e.store(i).Put(e.ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func expiryLaws() []law {
	return []law{
		{"a record that has expired less than an hour ago, or never does, is found", func(e *env) error {
			var all []sessions.Record
			now := time.Now()
			for _, expires := range []time.Time{now.Add(-time.Second), now.Add(-50 * time.Minute), {}, now.Add(time.Hour), now.Add(5000 * time.Hour)} {
				r := e.record(kind, user)
				r.Made, r.Used, r.Expires = now.Add(-3000*time.Hour+time.Duration(len(all))*time.Second), now.Add(-2000*time.Hour), expires
				if err := e.Put(e.ctx, r); err != nil {
					return err
				}
				all = append(all, r)
			}
			if err := e.putMany(); err != nil {
				return err
			}
			for _, r := range all {
				if err := e.holds(r); err != nil {
					return fmt.Errorf("expires %v: %w", r.Expires, err)
				}
			}
			return e.lists(kind, user, all...)
		}},
		{"records that have expired more than an hour ago are removed as others are put", func(e *env) error {
			var all []sessions.Record
			for i := range 20 {
				r := e.record(kind, user)
				r.Expires = time.Now().Add(-61*time.Minute - time.Duration(i*i*i)*time.Hour)
				if err := e.Put(e.ctx, r); err != nil {
					return err
				}
				all = append(all, r)
			}
			if err := first(e.putMany(), e.lists(kind, user)); err != nil {
				return err
			}
			for _, r := range all {
				if err := e.lacks(r); err != nil {
					return err
				}
			}
			if e.kept == nil {
				return nil
			}
			if records, _ := e.kept(); records > enough {
				return fmt.Errorf("%d records are kept of %d that have not expired", records, enough)
			}
			return nil
		}},
		{"a record is removed by when it expires now, not by when it was to expire before", func(e *env) error {
			now := time.Now()
			longer, shorter, never := e.record(kind, user), e.record(kind, user), e.record(kind, user)
			longer.Expires, never.Expires = now.Add(-59*time.Minute), now.Add(-59*time.Minute)
			if err := first(e.Put(e.ctx, longer), e.Put(e.ctx, shorter), e.Put(e.ctx, never)); err != nil {
				return err
			}
			longer.Expires, shorter.Expires, never.Expires = now.Add(time.Hour), now.Add(-2*time.Hour), time.Time{}
			for _, r := range []sessions.Record{longer, shorter, never} {
				if err := e.Touch(e.ctx, kind, r.ID, r.Used, r.Expires); err != nil {
					return err
				}
			}
			replaced, next := e.record(kind, user), e.record(kind, user)
			replaced.Expires = now.Add(-59 * time.Minute)
			if err := first(e.Put(e.ctx, replaced), e.Replace(e.ctx, replaced.ID, next), e.putMany()); err != nil {
				return err
			}
			return first(e.holds(longer), e.holds(never), e.holds(next), e.lacks(shorter))
		}},
	}
}
