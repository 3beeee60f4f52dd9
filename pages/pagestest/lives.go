// Laws of the life of a store: contexts, closing, reopening.

package pagestest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// calls are all methods of a store that take a context, by name.
func calls(s pages.Store, k pages.Key, ctx context.Context) map[string]func() error {
	all := map[string]func() error{
		"Get":     func() error { _, err := s.Get(ctx, k); return err },
		"Put":     func() error { return s.Put(ctx, record(k, "changed"), pages.Unfenced) },
		"Delete":  func() error { return s.Delete(ctx, k, pages.Unfenced) },
		"Epochs":  func() error { _, err := s.Epochs(ctx, pages.All); return err },
		"Bump":    func() error { _, err := s.Bump(ctx, pages.Expire, pages.All); return err },
		"Lease":   func() error { _, err := s.Lease(ctx, k, "me", time.Minute); return err },
		"Claim":   func() error { return s.Claim(ctx, "other/", true) },
		"Changes": func() error { _, _, err := s.Changes(ctx, 0); return err },
		"Wait":    func() error { return s.Wait(ctx, 0) },
		"Release": func() error { return s.Release(ctx, pages.Lease{Key: k, Token: 1}) },
	}
	if l, ok := s.(Lister); ok {
		all["List"] = func() error { return l.List(ctx, func(pages.Info) bool { return true }) }
	}
	if a, ok := s.(pages.Acknowledger); ok {
		all["Acknowledge"] = func() error { _, err := a.Acknowledge(ctx, "me", 0, time.Minute); return err }
		all["Lagging"] = func() error { _, err := a.Lagging(ctx, 1); return err }
	}
	if w, ok := s.(pages.Sweeper); ok {
		all["Sweep"] = func() error { _, err := w.Sweep(ctx, pages.Bounds{PerRoute: 1, Bytes: 1}); return err }
	}
	return all
}

func lifeLaws() []law {
	k := key("a")
	return []law{
		{"a canceled context gives its error and changes nothing", func(e *env) error {
			if err := e.put(k, "old"); err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			for name, call := range calls(e.Store, k, ctx) {
				if err := want(call(), context.Canceled, name); err != nil {
					return err
				}
			}
			_, err := e.lease(e.Store, k, time.Minute, 0)
			return first(err, e.holds(e.Store, k, "old"), e.marks(e.Store, 0, nil))
		}},
		{"after Close every method fails with ErrClosed", func(e *env) error {
			if err := first(e.put(k, "old"), e.Close()); err != nil {
				return err
			}
			for name, call := range calls(e.Store, k, e.ctx) {
				if err := want(call(), pages.ErrClosed, name); err != nil {
					return err
				}
			}
			if s, ok := e.Store.(pages.Sequencer); ok {
				s.Sequence() // must not panic
			}
			return nil
		}},
		{"closing while others work and closing twice is safe", func(e *env) error {
			return together(6, func(i int) error {
				if i < 2 {
					time.Sleep(5 * time.Millisecond)
					return e.Close()
				}
				for n := range 1000 {
					if s, ok := e.Store.(pages.Sequencer); ok {
						s.Sequence()
					}
					var err error
					if i%2 == 0 {
						err = e.put(k, whole(n))
					} else if _, err = e.Bump(e.ctx, pages.Stale, pages.All); err == nil {
						_, err = e.Epochs(e.ctx, pages.All)
					}
					if err != nil {
						return want(err, pages.ErrClosed, "a call")
					}
				}
				return nil
			})
		}},
		{"closing one handle leaves the others working", func(e *env) error {
			if e.more == nil {
				return skip("it has one handle")
			}
			other := e.more()
			if err := first(e.put(k, "old"), e.bump(e.Store, 1, pages.Stale, pages.All), e.Close()); err != nil {
				return err
			}
			return first(e.holds(other, k, "old"), e.bump(other, 2, pages.Stale, pages.All), e.marks(other, 2, nil))
		}},
		{"records, purges and the owner survive closing and reopening, and so do leases or the growth of their tokens", func(e *env) error {
			if e.more == nil {
				return skip("it cannot be reopened")
			}
			tag := pages.TagSubject("t")
			l, err := e.lease(e.Store, k, time.Minute, 0)
			if err := first(err, e.write(e.Store, k, "old", 5), e.Claim(e.ctx, "shop/", false), e.bump(e.Store, 1, pages.Expire, tag), e.bump(e.Store, 2, pages.Stale, tag), e.Close()); err != nil {
				return err
			}
			e.Store = e.more()
			if err := first(e.of(e.Store, k, "old", 5), e.foreign(e.Store, "blog/", "shop/"), e.marks(e.Store, 2, []string{tag}, [2]uint64{2, 1}),
				e.refused(k, pages.Fence{Epoch: 4}), e.heldOrNext(e.Store, l)); err != nil {
				return err
			}
			list, floor, err := e.Changes(e.ctx, 1)
			if err == nil && floor < 2 && (len(list) == 0 || list[len(list)-1].Sequence != 2) {
				err = fmt.Errorf("after reopening the changes are %+v, and those up to %d are forgotten", list, floor)
			}
			if err != nil {
				return err
			}
			return e.bump(e.Store, 3, pages.Stale, tag)
		}},
		{"a lease that says that something was done outlives its holder, also for those that open the store later", func(e *env) error {
			if e.more == nil {
				return skip("it cannot be reopened")
			}
			l, err := e.lease(e.Store, pages.OnceKey("nonce"), 15*time.Minute, 0)
			if err := first(err, e.Close()); err != nil {
				return err
			}
			return e.held(e.more(), l)
		}},
	}
}

// heldOrNext checks that a lease is still held, or was forgotten because its
// holder is gone, and the next one has a greater token.
func (e *env) heldOrNext(s pages.Store, old pages.Lease) error {
	next, err := s.Lease(e.ctx, old.Key, e.claim(), time.Minute)
	switch {
	case errors.Is(err, pages.ErrHeld):
		return nil
	case err != nil:
		return fmt.Errorf("lease: %w", err)
	case next.Token <= old.Token:
		return fmt.Errorf("the token after reopening is %d, and was %d before", next.Token, old.Token)
	}
	return nil
}
