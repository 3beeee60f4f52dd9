// Laws of fences and purges: a newer record is not overwritten.

package pagestest

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// bump purges through a store, and fails unless it returns the next sequence.
func (e *env) bump(s pages.Store, due uint64, verb pages.Verb, subjects ...string) error {
	n, err := s.Bump(e.ctx, verb, subjects...)
	if err != nil {
		return fmt.Errorf("bump %v: %w", subjects, err)
	}
	if n != due {
		return fmt.Errorf("bump %v gave %d instead of %d", subjects, n, due)
	}
	return nil
}

// refused checks that the fence protects a key against Put and Delete.
func (e *env) refused(k pages.Key, fence pages.Fence) error {
	if err := want(e.Put(e.ctx, made(k, "late", fence.Epoch), fence), pages.ErrFenced, "put"); err != nil {
		return err
	}
	return want(e.Delete(e.ctx, k, fence), pages.ErrFenced, "delete")
}

// made returns a record of an epoch.
func made(key pages.Key, data string, epoch uint64) pages.Record {
	return pages.Record{Key: key, Data: []byte(data), Epoch: epoch}
}

// write puts a record of an epoch with a fence of that epoch, as its maker
// would.
func (e *env) write(s pages.Store, k pages.Key, data string, epoch uint64) error {
	if err := s.Put(e.ctx, made(k, data, epoch), pages.Fence{Epoch: epoch}); err != nil {
		return fmt.Errorf("put a record of epoch %d: %w", epoch, err)
	}
	return nil
}

// of checks that a store has this data with this epoch under a key.
func (e *env) of(s pages.Store, k pages.Key, data string, epoch uint64) error {
	if err := e.holds(s, k, data); err != nil {
		return err
	}
	got, err := s.Get(e.ctx, k)
	if err == nil && got.Epoch != epoch {
		err = fmt.Errorf("the record is of epoch %d instead of %d", got.Epoch, epoch)
	}
	return err
}

func fenceLaws() []law {
	k := key("a")
	tag, path, route := pages.TagSubject("t"), pages.PathSubject("/a"), pages.RouteSubject("/{name}")
	const greatest = 1<<53 - 1
	return []law{
		{"a record has the epoch that it was put with", func(e *env) error {
			for _, epoch := range []uint64{0, 1, 7, 7, greatest} {
				data := fmt.Sprint("as of ", epoch)
				if err := first(e.write(e.Store, k, data, epoch), e.of(e.Store, k, data, epoch), e.of(e.another(), k, data, epoch)); err != nil {
					return err
				}
			}
			return first(e.Put(e.ctx, made(k, "again", 3), pages.Unfenced), e.of(e.Store, k, "again", 3))
		}},
		{"a write is refused if the record in the store is of a later epoch", func(e *env) error {
			return first(e.write(e.Store, k, "old", 5), e.refused(k, pages.Fence{Epoch: 4}), e.refused(k, pages.Fence{}),
				e.of(e.Store, k, "old", 5), e.write(e.another(), k, "newer", greatest), e.refused(k, pages.Fence{Epoch: greatest - 1}),
				e.of(e.Store, k, "newer", greatest))
		}},
		{"a write is not refused by a record of the same epoch, or an earlier one", func(e *env) error {
			return first(e.write(e.Store, k, "old", 5), e.write(e.another(), k, "same", 5), e.of(e.Store, k, "same", 5),
				e.write(e.Store, k, "later", 6), e.of(e.another(), k, "later", 6),
				e.Delete(e.ctx, k, pages.Fence{Epoch: 6}), e.lacks(e.Store, k),
				e.write(e.Store, k, "again", 7), e.Delete(e.ctx, k, pages.Fence{Epoch: 8}), e.lacks(e.another(), k))
		}},
		{"if there is no record, no epoch is refused", func(e *env) error {
			return first(e.write(e.Store, key("b"), "another", 9), e.write(e.Store, k, "first", 0), e.of(e.Store, k, "first", 0),
				e.Delete(e.ctx, k, pages.Fence{}), e.lacks(e.Store, k), e.write(e.Store, k, "again", 1), e.of(e.Store, k, "again", 1))
		}},
		{"a write is not refused by purges", func(e *env) error {
			return first(e.write(e.Store, k, "old", 0), e.bump(e.Store, 1, pages.Expire, tag, path, route), e.bump(e.another(), 2, pages.Expire, pages.All),
				e.write(e.Store, k, "as late", 0), e.of(e.Store, k, "as late", 0),
				e.write(e.Store, k, "less late", 1), e.of(e.Store, k, "less late", 1),
				e.Delete(e.ctx, k, pages.Fence{Epoch: 1}), e.lacks(e.Store, k))
		}},
		{"a write without a fence is not refused", func(e *env) error {
			return first(e.write(e.Store, k, "old", greatest), e.bump(e.Store, 1, pages.Expire, pages.All, route, path),
				e.put(k, "new"), e.of(e.Store, k, "new", 0), e.write(e.Store, k, "old", greatest),
				e.Delete(e.ctx, k, pages.Unfenced), e.lacks(e.Store, k))
		}},
	}
}

func epochLaws() []law {
	a, b, c := pages.TagSubject("a"), pages.PathSubject("/b"), pages.RouteSubject("/c")
	return []law{
		{"a new store has sequence 0 and no purges", func(e *env) error {
			return e.marks(e.Store, 0, []string{pages.All, a}, [2]uint64{}, [2]uint64{})
		}},
		{"the sequence grows by one with each Bump, through any handle", func(e *env) error {
			other := e.another()
			return first(e.bump(e.Store, 1, pages.Stale, a), e.bump(other, 2, pages.Expire, a), e.bump(e.Store, 3, pages.Stale, b),
				e.marks(other, 3, nil), e.marks(e.Store, 3, nil))
		}},
		{"every subject of one Bump has the same number", func(e *env) error {
			return first(e.bump(e.Store, 1, pages.Stale, a, b, c),
				e.marks(e.Store, 1, []string{a, b, c}, [2]uint64{1}, [2]uint64{1}, [2]uint64{1}))
		}},
		{"Expire moves both marks, Stale only the first", func(e *env) error {
			return first(
				e.bump(e.Store, 1, pages.Stale, a), e.marks(e.Store, 1, []string{a}, [2]uint64{1, 0}),
				e.bump(e.Store, 2, pages.Expire, a), e.marks(e.Store, 2, []string{a}, [2]uint64{2, 2}),
				e.bump(e.Store, 3, pages.Stale, a), e.marks(e.another(), 3, []string{a}, [2]uint64{3, 2}))
		}},
		{"marks come in the order asked for, of exactly the subjects asked for", func(e *env) error {
			return first(e.bump(e.Store, 1, pages.Stale, a), e.bump(e.Store, 2, pages.Expire, b),
				e.marks(e.Store, 2, []string{b, c, a, b}, [2]uint64{2, 2}, [2]uint64{}, [2]uint64{1, 0}, [2]uint64{2, 2}),
				e.marks(e.Store, 2, nil))
		}},
		{"a purge of all changes the mark of all, not of others", func(e *env) error {
			return first(e.bump(e.Store, 1, pages.Expire, pages.All),
				e.marks(e.Store, 1, []string{a, pages.All}, [2]uint64{}, [2]uint64{1, 1}))
		}},
		{"marks carry the time of the purge", func(e *env) error {
			before := time.Now()
			if err := e.bump(e.Store, 1, pages.Expire, a); err != nil {
				return err
			}
			got, err := e.another().Epochs(e.ctx, a)
			if err != nil {
				return err
			}
			for _, at := range []time.Time{got.Marks[0].At, got.Marks[0].ExpiredAt} {
				// A server's clock may differ from ours a little.
				if at.Before(before.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
					return fmt.Errorf("a purge made at %v has the time %v", before, at)
				}
			}
			return nil
		}},
		{"a thousand subjects are purged and read in one step", func(e *env) error {
			subjects, marks := make([]string, 1000), make([][2]uint64, 1000)
			for i := range subjects {
				subjects[i], marks[i] = pages.TagSubject(fmt.Sprint("tag ", i)), [2]uint64{1, 1}
			}
			return first(e.bump(e.Store, 1, pages.Expire, subjects...), e.marks(e.another(), 1, subjects, marks...))
		}},
	}
}

// marks checks that Epochs returns these marks, each a last purge and a last
// expiry.
func (e *env) marks(s pages.Store, sequence uint64, subjects []string, marks ...[2]uint64) error {
	got, err := s.Epochs(e.ctx, subjects...)
	if err != nil {
		return fmt.Errorf("epochs: %w", err)
	}
	if got.Sequence != sequence {
		return fmt.Errorf("the sequence is %d instead of %d", got.Sequence, sequence)
	}
	var have [][2]uint64
	for _, m := range got.Marks {
		have = append(have, [2]uint64{m.Sequence, m.Expired})
	}
	if !slices.Equal(have, marks) {
		return fmt.Errorf("the marks of %.5q are %.5v instead of %.5v", subjects, have, marks)
	}
	return nil
}
