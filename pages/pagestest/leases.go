// Laws of leases: one maker at a time, and no late ones.

package pagestest

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// claim returns a claim that no other attempt uses, of the greatest length.
func (e *env) claim() string {
	return fmt.Sprintf("%0200d", e.claims.Add(1))
}

// lease acquires a lease that must be free, with a token later than the last.
func (e *env) lease(s pages.Store, k pages.Key, ttl time.Duration, last uint64) (pages.Lease, error) {
	l, err := s.Lease(e.ctx, k, e.claim(), ttl)
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

// held checks that a lease is refused in favour of another.
func (e *env) held(s pages.Store, by pages.Lease) error {
	l, err := s.Lease(e.ctx, by.Key, e.claim(), time.Minute)
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
		{"a lease excludes others, which get ErrHeld, until it is released", func(e *env) error {
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
		{"a lease excludes others until it expires, and no longer", func(e *env) error {
			l, err := e.lease(e.Store, k, e.ttl, 0)
			if err != nil {
				return err
			}
			if _, err := e.another().Lease(e.ctx, k, e.claim(), e.ttl); err == nil && time.Now().Before(l.Until.Add(-e.ttl/3)) {
				return fmt.Errorf("two holders had the lease")
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
			late := pages.Fence{Epoch: pages.Unfenced.Epoch, Token: old.Token}
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
		{"a write with a valid lease is still refused by a later epoch", func(e *env) error {
			l, err := e.lease(e.Store, k, time.Minute, 0)
			return first(err, e.write(e.another(), k, "later", 3),
				e.refused(k, pages.Fence{Token: l.Token, Epoch: 2}), e.of(e.Store, k, "later", 3),
				e.Put(e.ctx, made(k, "latest", 4), pages.Fence{Token: l.Token, Epoch: 4}), e.of(e.Store, k, "latest", 4))
		}},
		{"a lease is granted again to the same claim", func(e *env) error {
			l, err := e.Lease(e.ctx, k, "me, the first time", time.Minute)
			if err != nil {
				return err
			}
			for _, s := range []pages.Store{e.Store, e.another(), e.Store} {
				again, err := s.Lease(e.ctx, k, "me, the first time", time.Hour)
				if err != nil {
					return fmt.Errorf("asked again: %w", err)
				}
				if again.Key != l.Key || again.Token != l.Token || again.Until.Sub(l.Until).Abs() > time.Second {
					return fmt.Errorf("asked again, the lease is %+v instead of %+v", again, l)
				}
			}
			return first(e.held(e.Store, l), e.held(e.another(), l),
				e.Put(e.ctx, record(k, "one"), pages.Fence{Token: l.Token}), e.holds(e.Store, k, "one"))
		}},
		{"a claim is valid for one key, and ends with its lease", func(e *env) error {
			l, err := e.Lease(e.ctx, k, "me", time.Minute)
			if err != nil {
				return err
			}
			if _, err := e.lease(e.Store, key("b"), time.Minute, 0); err != nil {
				return err
			}
			if _, err := e.Lease(e.ctx, key("b"), "me", time.Minute); !errors.Is(err, pages.ErrHeld) {
				return fmt.Errorf("a claim to one key gave %v at another, which is held", err)
			}
			if err := e.Release(e.ctx, l); err != nil {
				return err
			}
			next, err := e.Lease(e.ctx, k, "me", e.ttl/3)
			if err == nil && next.Token <= l.Token {
				err = fmt.Errorf("after token %d was given back came %d", l.Token, next.Token)
			}
			if err != nil {
				return err
			}
			e.pass(e.ttl)
			other, err := e.lease(e.another(), k, time.Minute, next.Token)
			if err != nil {
				return err
			}
			if _, err := e.Lease(e.ctx, k, "me", time.Minute); !errors.Is(err, pages.ErrHeld) {
				return fmt.Errorf("the claim of a lease that was taken over gave %v", err)
			}
			return e.held(e.Store, other)
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
		{"releasing a lease twice, an expired one, or one that never existed is not an error", func(e *env) error {
			l, err := e.lease(e.Store, k, e.ttl/3, 0)
			if err != nil {
				return err
			}
			e.pass(e.ttl)
			return first(e.Release(e.ctx, l), e.Release(e.ctx, l), e.Release(e.ctx, pages.Lease{Key: key("b"), Token: 1}))
		}},
	}
}
