// Laws of watching: no instance misses a purge.

package pagestest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// watched runs a law on the store and on another handle.
func watched(check func(e *env, other pages.Store) error) func(e *env) error {
	return func(e *env) error { return check(e, e.another()) }
}

func watchLaws() []law {
	a, b := pages.TagSubject("a"), pages.PathSubject("/b")
	return []law{
		{"Changes lists exactly the purges after a sequence, in order", watched(func(e *env, other pages.Store) error {
			all := []pages.Change{{Sequence: 1, Verb: pages.Stale, Subject: a}, {Sequence: 2, Verb: pages.Expire, Subject: b},
				{Sequence: 3, Verb: pages.Expire, Subject: pages.All}, {Sequence: 4, Verb: pages.Stale, Subject: a}}
			for i, c := range all {
				if err := e.bump(other, uint64(i+1), c.Verb, c.Subject); err != nil {
					return err
				}
			}
			for since := range len(all) + 1 {
				got, floor, err := e.Changes(e.ctx, uint64(since))
				if err != nil {
					return err
				}
				if floor > 0 {
					return fmt.Errorf("after %d, those up to %d are forgotten", since, floor)
				}
				want := all[since:]
				if len(got) != len(want) {
					return fmt.Errorf("after %d there are %d changes instead of %d: %v", since, len(got), len(want), got)
				}
				for i, c := range got {
					if c.At.IsZero() {
						return fmt.Errorf("change %+v has no time", c)
					}
					c.At = time.Time{}
					if c != want[i] {
						return fmt.Errorf("after %d, change %d is %+v instead of %+v", since, i, c, want[i])
					}
				}
			}
			return nil
		})},
		{"Changes lists every subject of one purge, under one number", watched(func(e *env, other pages.Store) error {
			if err := e.bump(other, 1, pages.Expire, a, b); err != nil {
				return err
			}
			got, _, err := e.Changes(e.ctx, 0)
			if err != nil {
				return err
			}
			if len(got) != 2 || got[0].Sequence != 1 || got[1].Sequence != 1 || got[0].Subject == got[1].Subject {
				return fmt.Errorf("the changes are %+v", got)
			}
			return nil
		})},
		{"Wait returns at once if there was a purge already", watched(func(e *env, other pages.Store) error {
			return first(e.bump(other, 1, pages.Stale, a), e.Wait(e.ctx, 0))
		})},
		{"Wait returns after a purge made through another handle", watched(func(e *env, other pages.Store) error {
			for n := range uint64(3) {
				ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
				done := make(chan error, 1)
				go func() { done <- e.Wait(ctx, n) }()
				time.Sleep(20 * time.Millisecond)
				err := e.bump(other, n+1, pages.Stale, a)
				if e := <-done; err == nil && e != nil {
					err = fmt.Errorf("wait gave %w", e)
				}
				cancel()
				if err != nil {
					return err
				}
			}
			return nil
		})},
		{"Wait ends with its context", func(e *env) error {
			ctx, cancel := context.WithTimeout(e.ctx, 50*time.Millisecond)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- e.Wait(ctx, 0) }()
			select {
			case err := <-done:
				// It may return early to say that there may be purges, but if
				// the context has ended it must return an error.
				if err == nil && ctx.Err() != nil {
					return fmt.Errorf("no error when the context ended")
				}
				return nil
			case <-time.After(5 * time.Second):
				return errors.New("it still waits")
			}
		}},
		{"Wait ends when the store is closed", func(e *env) error {
			done := make(chan error, 1)
			go func() { done <- e.Wait(e.ctx, 0) }()
			time.Sleep(20 * time.Millisecond)
			if err := e.Close(); err != nil {
				return err
			}
			select {
			case err := <-done:
				return want(err, pages.ErrClosed, "wait")
			case <-time.After(5 * time.Second):
				return errors.New("it still waits")
			}
		}},
		{"Sequence is at least that of every Bump that returned, on any handle", func(e *env) error {
			mine, ok := e.Store.(pages.Sequencer)
			if !ok {
				return skip("it is not a Sequencer")
			}
			other := e.another()
			if n := mine.Sequence(); n != 0 {
				return fmt.Errorf("a new store has the sequence %d", n)
			}
			for n := uint64(1); n <= 20; n++ {
				through := [2]pages.Store{e.Store, other}[n%2]
				if err := e.bump(through, n, pages.Stale, a); err != nil {
					return err
				}
				for _, s := range []pages.Sequencer{mine, other.(pages.Sequencer)} {
					if got := s.Sequence(); got != n {
						return fmt.Errorf("after bump %d returned the sequence is %d", n, got)
					}
				}
			}
			return nil
		}},
	}
}
