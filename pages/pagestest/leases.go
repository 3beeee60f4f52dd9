// Laws of leases: one maker at a time, and no late ones.

package pagestest

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// lease takes a lease that has to be free, with a token later than the last.
func (e *env) lease(s pages.Store, k pages.Key, ttl time.Duration, last uint64) (pages.Lease, error) {
	l, err := s.Lease(e.ctx, k, ttl)
	switch {
	case err != nil:
		return l, fmt.Errorf("lease %s: %w", k, err)
	case l.Key != k:
		return l, fmt.Errorf("the lease of %s is for %s", k, l.Key)
	case l.Token <= last:
		return l, fmt.Errorf("token %d came after token %d", l.Token, last)
	}
	return l, nil
}

// held says whether a lease is refused in favour of another.
func (e *env) held(s pages.Store, by pages.Lease) error {
	l, err := s.Lease(e.ctx, by.Key, time.Minute)
	if err := want(err, pages.ErrHeld, "a second lease"); err != nil {
		return err
	}
	if l.Key != by.Key || l.Token != by.Token || l.Until.Sub(by.Until).Abs() > time.Second {
		return fmt.Errorf("ErrHeld came with the lease %+v instead of that of the holder, %+v", l, by)
	}
	return nil
}

func (e *env) pass(d time.Duration) {
	select {
	case <-time.After(d):
	case <-e.ctx.Done():
	}
}

func leaseLaws() []law {
	k := key("a")
	return []law{
		{"a lease excludes others, who are told of it, until it is released", func(e *env) error {
			other := e.another()
			l, err := e.lease(e.Store, k, time.Minute, 0)
			if err != nil {
				return err
			}
			if left := time.Until(l.Until); left < 30*time.Second || left > 2*time.Minute {
				return fmt.Errorf("a lease for a minute has %v left", left)
			}
			if err := first(e.held(e.Store, l), e.held(other, l), e.Release(e.ctx, l)); err != nil {
				return err
			}
			_, err = e.lease(other, k, time.Minute, l.Token)
			return err
		}},
		{"a lease excludes others until it runs out, and no longer", func(e *env) error {
			l, err := e.lease(e.Store, k, e.ttl, 0)
			if err != nil {
				return err
			}
			if _, err := e.another().Lease(e.ctx, k, e.ttl); err == nil && time.Now().Before(l.Until.Add(-e.ttl/3)) {
				return fmt.Errorf("two had the lease")
			}
			e.pass(e.ttl + e.ttl/3)
			_, err = e.lease(e.another(), k, time.Minute, l.Token)
			return err
		}},
		{"leases of different keys do not exclude each other", func(e *env) error {
			for _, k := range []pages.Key{k, key("A"), key("b"), {Route: k.Route, Path: k.Path, Locale: "de"}} {
				if _, err := e.lease(e.Store, k, time.Minute, 0); err != nil {
					return err
				}
			}
			return nil
		}},
		{"tokens of a key only grow, across release, expiry and reopening", func(e *env) error {
			var last uint64
			s := e.Store
			for i := range 6 {
				l, err := e.lease(s, k, e.ttl, last)
				if err != nil {
					return err
				}
				last = l.Token
				if i%2 == 0 {
					e.pass(e.ttl + e.ttl/3)
				} else if err := s.Release(e.ctx, l); err != nil {
					return err
				}
				if i == 3 && e.more != nil {
					if err := s.Close(); err != nil {
						return err
					}
					s = e.more()
				}
			}
			return nil
		}},
		{"a holder writes and deletes while it has its lease", func(e *env) error {
			l, err := e.lease(e.Store, k, time.Minute, 0)
			if err != nil {
				return err
			}
			fence := pages.Fence{Token: l.Token}
			return first(e.Put(e.ctx, record(k, "one"), fence), e.holds(e.Store, k, "one"),
				e.Delete(e.ctx, k, fence), e.lacks(e.Store, k),
				e.Put(e.ctx, record(k, "two"), fence), e.holds(e.Store, k, "two"), e.Release(e.ctx, l))
		}},
		{"a holder whose lease was taken over cannot write, nor delete", func(e *env) error {
			old, err := e.lease(e.Store, k, e.ttl, 0)
			if err != nil {
				return err
			}
			e.pass(e.ttl + e.ttl/3)
			l, err := e.lease(e.another(), k, time.Minute, old.Token)
			if err != nil {
				return err
			}
			late := pages.Fence{Token: old.Token}
			return first(
				want(e.Put(e.ctx, record(k, "late"), late), pages.ErrFenced, "put"), e.lacks(e.Store, k),
				e.Put(e.ctx, record(k, "new"), pages.Fence{Token: l.Token}), e.refused(k, late), e.holds(e.Store, k, "new"),
				e.another().Release(e.ctx, l), e.refused(k, late), e.holds(e.Store, k, "new"))
		}},
		{"a late lease of one key does not refuse the holder of another", func(e *env) error {
			l, err := e.lease(e.Store, k, time.Minute, 0)
			if err != nil {
				return err
			}
			for i := range 20 {
				if _, err := e.lease(e.Store, key(fmt.Sprint("other ", i)), time.Minute, 0); err != nil {
					return err
				}
			}
			return first(e.Put(e.ctx, record(k, "one"), pages.Fence{Token: l.Token}), e.holds(e.Store, k, "one"))
		}},
		{"a write with a lease is refused by a purge all the same", func(e *env) error {
			l, err := e.lease(e.Store, k, time.Minute, 0)
			if err != nil {
				return err
			}
			return first(e.put(k, "old"), e.bump(e.Store, 1, pages.Stale, pages.All),
				e.refused(k, pages.Fence{Token: l.Token, Subjects: []string{pages.All}}), e.holds(e.Store, k, "old"))
		}},
		{"releasing a lease that was taken over changes nothing", func(e *env) error {
			old, err := e.lease(e.Store, k, e.ttl, 0)
			if err != nil {
				return err
			}
			e.pass(e.ttl + e.ttl/3)
			l, err := e.lease(e.Store, k, time.Minute, old.Token)
			if err != nil {
				return err
			}
			return first(e.Release(e.ctx, old), e.held(e.another(), l))
		}},
		{"releasing a lease twice, one that ran out, or one that never was is no error", func(e *env) error {
			l, err := e.lease(e.Store, k, e.ttl/3, 0)
			if err != nil {
				return err
			}
			e.pass(e.ttl)
			return first(e.Release(e.ctx, l), e.Release(e.ctx, l), e.Release(e.ctx, pages.Lease{Key: key("b"), Token: 1}))
		}},
	}
}
