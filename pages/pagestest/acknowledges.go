// Laws of acknowledging: a purge knows which instances to wait for.

package pagestest

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// acknowledging runs a law on the store as an acknowledger and on another
// handle.
func acknowledging(check func(e *env, here, there pages.Acknowledger) error) func(e *env) error {
	return func(e *env) error {
		here, ok := e.Store.(pages.Acknowledger)
		if !ok {
			return skip("it is not an Acknowledger")
		}
		return check(e, here, e.another().(pages.Acknowledger))
	}
}

func acknowledgeLaws() []law {
	a := pages.TagSubject("a")
	return []law{
		{"an instance lags until it acknowledges the sequence", acknowledging(func(e *env, here, there pages.Acknowledger) error {
			return first(
				e.lagging(there, 1, 0), e.acknowledge(here, "one", 0, time.Minute, 0), e.acknowledge(here, "two", 0, time.Minute, 0),
				e.lagging(there, 0, 0), e.lagging(there, 1, 2),
				e.bump(e.Store, 1, pages.Stale, a), e.bump(e.Store, 2, pages.Stale, a),
				e.acknowledge(here, "one", 1, time.Minute, 2), e.lagging(there, 1, 1), e.lagging(here, 2, 2),
				e.acknowledge(there, "two", 2, time.Minute, 2), e.lagging(here, 1, 0), e.lagging(there, 2, 1),
				e.acknowledge(here, "one", 2, time.Minute, 2), e.lagging(there, 2, 0))
		})},
		{"an acknowledgement expires", acknowledging(func(e *env, here, there pages.Acknowledger) error {
			if err := first(e.acknowledge(here, "one", 0, e.ttl, 0), e.lagging(there, 1, 1)); err != nil {
				return err
			}
			time.Sleep(e.ttl * 4 / 3)
			return e.lagging(there, 1, 0)
		})},
		{"an acknowledgement is renewed by the next one", acknowledging(func(e *env, here, there pages.Acknowledger) error {
			if err := first(e.acknowledge(here, "one", 0, e.ttl/3, 0), e.acknowledge(here, "one", 0, time.Minute, 0)); err != nil {
				return err
			}
			time.Sleep(e.ttl)
			return e.lagging(there, 1, 1)
		})},
		{"an instance that removes itself is not waited for", acknowledging(func(e *env, here, there pages.Acknowledger) error {
			return first(e.acknowledge(here, "one", 0, time.Minute, 0), e.acknowledge(here, "two", 0, time.Minute, 0),
				e.acknowledge(here, "one", 0, 0, 0), e.lagging(there, 1, 1), e.acknowledge(here, "never", 0, 0, 0), e.lagging(there, 1, 1))
		})},
		{"an instance that acknowledges while another purges sees the purge or is waited for", acknowledging(func(e *env, here, there pages.Acknowledger) error {
			for n := uint64(1); n <= 60; n++ {
				instance := fmt.Sprint("instance ", n)
				var heard uint64
				var lagging int
				if err := together(2, func(i int) (err error) {
					if i == 0 {
						heard, err = here.Acknowledge(e.ctx, instance, n-1, time.Minute)
						return err
					}
					time.Sleep(time.Duration(n%4) * 200 * time.Microsecond) // once before the other, once during it, once after
					if err := e.bump(e.Store, n, pages.Stale, a); err != nil {
						return err
					}
					lagging, err = there.Lagging(e.ctx, n)
					return err
				}); err != nil {
					return err
				}
				if heard < n && lagging == 0 {
					return fmt.Errorf("purge %d: the instance has seen %d, and is not waited for", n, heard)
				}
				if err := e.acknowledge(here, instance, n, 0, n); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

// acknowledge checks that an acknowledgement returns this sequence.
func (e *env) acknowledge(s pages.Acknowledger, instance string, sequence uint64, ttl time.Duration, want uint64) error {
	got, err := s.Acknowledge(e.ctx, instance, sequence, ttl)
	if err == nil && got != want {
		err = fmt.Errorf("the sequence is %d instead of %d", got, want)
	}
	if err != nil {
		return fmt.Errorf("acknowledge %d: %w", sequence, err)
	}
	return nil
}

// lagging checks that this number of instances lag behind a sequence.
func (e *env) lagging(s pages.Acknowledger, sequence uint64, want int) error {
	got, err := s.Lagging(e.ctx, sequence)
	if err == nil && got != want {
		err = fmt.Errorf("%d instead of %d", got, want)
	}
	if err != nil {
		return fmt.Errorf("lagging behind %d: %w", sequence, err)
	}
	return nil
}
