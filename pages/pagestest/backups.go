// Laws of stores that are restored from a backup or replaced while they are
// open.

package pagestest

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// restored runs a law on a store that can be copied and restored.
func restored(check func(e *env) error) func(e *env) error {
	return func(e *env) error {
		if e.snapshot == nil {
			return skip("it cannot be restored from a copy")
		}
		return check(e)
	}
}

// notices are the calls that find out that a store went back, by name. Each
// returns the sequence at that moment.
func notices(e *env) map[string]func(s pages.Store, known uint64) (uint64, error) {
	all := map[string]func(s pages.Store, known uint64) (uint64, error){
		"Epochs": func(s pages.Store, _ uint64) (uint64, error) {
			got, err := s.Epochs(e.ctx)
			return got.Sequence, err
		},
		"Bump": func(s pages.Store, _ uint64) (uint64, error) {
			return s.Bump(e.ctx, pages.Stale, pages.TagSubject("t"))
		},
		"Changes": func(s pages.Store, known uint64) (uint64, error) {
			list, floor, err := s.Changes(e.ctx, known)
			for _, c := range list {
				floor = max(floor, c.Sequence)
			}
			return floor, err
		},
		"Wait": func(s pages.Store, known uint64) (uint64, error) {
			if err := s.Wait(e.ctx, known); err != nil {
				return 0, err
			}
			got, err := s.Epochs(e.ctx)
			return got.Sequence, err
		},
	}
	if _, ok := e.Store.(pages.Acknowledger); ok {
		all["Acknowledge"] = func(s pages.Store, known uint64) (uint64, error) {
			return s.(pages.Acknowledger).Acknowledge(e.ctx, "me", known, time.Minute)
		}
	}
	if _, ok := e.Store.(pages.Sequencer); ok {
		all["Sequence"] = func(s pages.Store, known uint64) (n uint64, err error) {
			// It answers from what it knows, and must check soon.
			for n = known; n == known && err == nil; n = s.(pages.Sequencer).Sequence() {
				e.pass(time.Millisecond)
				err = e.ctx.Err()
			}
			return n, err
		}
	}
	return all
}

// everything checks that All counts as purged and expired after a sequence, by
// Epochs and by Changes.
func (e *env) everything(s pages.Store, after uint64) error {
	got, err := s.Epochs(e.ctx, pages.All)
	if err != nil {
		return fmt.Errorf("epochs: %w", err)
	}
	if m := got.Marks[0]; m.Sequence <= after || m.Expired <= after || m.ExpiredAt.IsZero() {
		return fmt.Errorf("after purge %d everything was purged at %d and expired at %d", after, m.Sequence, m.Expired)
	}
	list, floor, err := s.Changes(e.ctx, after)
	if err != nil {
		return fmt.Errorf("changes: %w", err)
	}
	for _, c := range list {
		if c.Subject == pages.All && c.Verb == pages.Expire {
			return nil
		}
	}
	if floor > after {
		return nil
	}
	return fmt.Errorf("the purges after %d are %+v: the purge of everything is not among them", after, list)
}

// purgedAsOften lets a store lose purges that a handle has heard of, and a
// stranger, which has not, make as many, or more. Then the first one notices.
func (e *env) purgedAsOften(hears pages.Store, more uint64, notice func(s pages.Store, known uint64) (uint64, error)) error {
	tag := pages.TagSubject("t")
	before, err := e.Bump(e.ctx, pages.Stale, tag)
	if err != nil {
		return err
	}
	restore := e.snapshot(e.Store)
	for range 3 {
		if _, err := e.Bump(e.ctx, pages.Stale, tag); err != nil {
			return err
		}
	}
	if err := hears.Wait(e.ctx, before); err != nil {
		return err
	}
	heard, err := hears.Epochs(e.ctx)
	if err != nil {
		return err
	}
	restore()
	stranger := e.another()
	for n := uint64(0); n < heard.Sequence+more; {
		if n, err = stranger.Bump(e.ctx, pages.Stale, tag); err != nil {
			return err
		}
	}
	n, err := notice(hears, heard.Sequence)
	if err != nil {
		return err
	}
	if n <= heard.Sequence {
		return fmt.Errorf("the sequence is %d, and was %d before", n, heard.Sequence)
	}
	for _, s := range []pages.Store{hears, e.Store, stranger} {
		if err := e.everything(s, heard.Sequence); err != nil {
			return err
		}
	}
	if stranger != e.Store {
		return stranger.Close()
	}
	return nil
}

func backupLaws() []law {
	k, tag := key("a"), pages.TagSubject("t")
	return []law{
		{"a store that went back raises its sequence above what it was, and everything counts as purged and expired", restored(func(e *env) error {
			if err := first(e.write(e.Store, k, "old", 0), e.bump(e.Store, 1, pages.Stale, tag)); err != nil {
				return err
			}
			for name, notice := range notices(e) {
				restore := e.snapshot(e.Store)
				var known uint64
				for range 3 {
					var err error
					if known, err = e.Bump(e.ctx, pages.Stale, tag); err != nil {
						return err
					}
				}
				restore()
				n, err := notice(e.Store, known)
				if err == nil && n <= known {
					err = fmt.Errorf("the sequence is %d, and was %d", n, known)
				}
				if err := first(err, e.everything(e.Store, known), e.everything(e.another(), known)); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				next, err := e.Bump(e.ctx, pages.Stale, tag)
				if err != nil || next <= n {
					return fmt.Errorf("%s: the next purge is %d, after %d, %w", name, next, n, err)
				}
			}
			return nil
		})},
		{"after a store went back and was purged as often as before, or more often, everything counts as purged and expired", restored(func(e *env) error {
			other, all := e.another(), notices(e)
			for name, notice := range all {
				if err := e.purgedAsOften(other, 0, notice); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			if err := e.purgedAsOften(other, 2, all["Epochs"]); err != nil {
				return fmt.Errorf("two more purges than were lost: %w", err)
			}
			return nil
		})},
		{"a handle that knew of more purges than the one that noticed sees that everything was purged", restored(func(e *env) error {
			other := e.another()
			if err := e.bump(e.Store, 1, pages.Stale, tag); err != nil {
				return err
			}
			restore := e.snapshot(e.Store)
			if err := first(e.bump(e.Store, 2, pages.Stale, tag), e.bump(other, 3, pages.Stale, tag), e.bump(other, 4, pages.Stale, tag)); err != nil {
				return err
			}
			restore()
			if _, err := e.Epochs(e.ctx); err != nil {
				return err
			}
			for range 4 {
				if _, err := e.Bump(e.ctx, pages.Stale, tag); err != nil {
					return err
				}
			}
			return e.everything(other, 4)
		})},
		{"a store that is replaced while it is open is noticed, and no purge is lost in the old one", func(e *env) error {
			if e.replace == nil || e.more == nil {
				return skip("it cannot be replaced")
			}
			if err := first(e.owns(e.Store, "shop/"), e.put(k, "old"), e.bump(e.Store, 1, pages.Stale, tag)); err != nil {
				return err
			}
			e.replace(e.Store)
			next := e.more()
			// A second is promised; a busy machine may take more.
			for {
				_, err := e.Get(e.ctx, k)
				if e.ctx.Err() != nil {
					return fmt.Errorf("the old record is still read: %w", e.ctx.Err())
				}
				if err != nil {
					break
				}
				e.pass(10 * time.Millisecond)
			}
			for name, call := range calls(e.Store, k, e.ctx) {
				if name != "Epochs" && name != "Changes" && name != "Put" && name != "Lease" {
					continue
				}
				err := call()
				if err == nil {
					continue // it works on the new store
				}
				if errors.Is(err, pages.ErrNotFound) || errors.Is(err, pages.ErrClosed) {
					return fmt.Errorf("%s gave %w, which does not say what happened", name, err)
				}
			}
			n, err := e.Bump(e.ctx, pages.Expire, tag)
			if err != nil {
				return nil // not made, and not reported
			}
			got, err := next.Epochs(e.ctx, tag)
			if err == nil && got.Marks[0].Expired < n {
				err = fmt.Errorf("purge %d was made, but a new handle finds %+v", n, got)
			}
			return err
		}},
		{"who purges what replaced a store knows whether those who had the old one open hear it", func(e *env) error {
			if e.replace == nil || e.more == nil {
				return skip("it cannot be replaced")
			}
			if err := first(e.put(k, "old"), e.bump(e.Store, 1, pages.Expire, tag)); err != nil {
				return err
			}
			e.replace(e.Store)
			next := e.more()
			placed, ok := next.(pages.Placed)
			if !ok {
				return skip("it does not say who hears")
			}
			audience, err := placed.Audience(e.ctx)
			if err != nil {
				return err
			}
			switch _, err := e.Get(e.ctx, k); {
			case err == nil:
				return errors.New("the old record is still read when everybody should have noticed")
			case errors.Is(err, pages.ErrNotFound): // it went over
				if audience != (pages.Audience{}) {
					return fmt.Errorf("one went over to what is there, and who hears is %+v", audience)
				}
				n, err := next.Bump(e.ctx, pages.Expire, tag)
				if err != nil {
					return err
				}
				got, err := e.Epochs(e.ctx, tag)
				if err == nil && got.Marks[0].Expired < n {
					err = fmt.Errorf("purge %d was made, and who went over finds %+v", n, got)
				}
				return err
			}
			if !audience.Deaf {
				return fmt.Errorf("one cannot go over to what is there, and who hears is %+v", audience)
			}
			if err := e.Close(); err != nil {
				return err
			}
			audience, err = placed.Audience(e.ctx)
			if err == nil && audience.Deaf {
				err = errors.New("one that cannot hear is still seen after it has ended")
			}
			return err
		}},
	}
}
