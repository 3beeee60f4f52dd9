// Laws of fences and purges: what is out of date is not written.

package pagestest

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// bump purges through a store, and fails unless the sequence is the one due.
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

// refused says whether the fence keeps a key as it is against Put and Delete.
func (e *env) refused(k pages.Key, fence pages.Fence) error {
	if err := want(e.Put(e.ctx, record(k, "late"), fence), pages.ErrFenced, "put"); err != nil {
		return err
	}
	return want(e.Delete(e.ctx, k, fence), pages.ErrFenced, "delete")
}

func fenceLaws() []law {
	tag, path, route := pages.TagSubject("t"), pages.PathSubject("/a"), pages.RouteSubject("/{name}")
	subjects := []string{pages.All, route, path, tag}
	return []law{
		{"a write is refused if one of its subjects was purged after its epoch", func(e *env) error {
			k := key("a")
			if err := e.put(k, "old"); err != nil {
				return err
			}
			for i, subject := range subjects {
				fence := pages.Fence{Subjects: subjects, Epoch: uint64(i)}
				if err := first(
					e.Put(e.ctx, record(k, "old"), fence),
					e.bump(e.Store, uint64(i+1), pages.Stale, subject),
					e.refused(k, fence), e.holds(e.Store, k, "old")); err != nil {
					return fmt.Errorf("%s: %w", subject, err)
				}
			}
			return nil
		}},
		{"a purge by either verb refuses a write", func(e *env) error {
			k := key("a")
			return first(e.put(k, "old"),
				e.bump(e.Store, 1, pages.Expire, tag), e.refused(k, pages.Fence{Subjects: subjects}),
				e.bump(e.Store, 2, pages.Stale, tag), e.refused(k, pages.Fence{Subjects: subjects, Epoch: 1}),
				e.holds(e.Store, k, "old"))
		}},
		{"a purge through one handle refuses a write through another", func(e *env) error {
			other, k := e.another(), key("a")
			return first(e.put(k, "old"), e.Put(e.ctx, record(k, "old"), pages.Fence{Subjects: subjects}),
				e.bump(other, 1, pages.Stale, tag), e.refused(k, pages.Fence{Subjects: subjects}), e.holds(e.Store, k, "old"),
				e.bump(e.Store, 2, pages.Stale, tag), e.bump(other, 3, pages.Stale, path),
				e.refused(k, pages.Fence{Subjects: subjects, Epoch: 2}))
		}},
		{"a purge of another subject does not refuse a write", func(e *env) error {
			k := key("a")
			return first(
				e.bump(e.Store, 1, pages.Expire, pages.TagSubject("T"), pages.PathSubject("/A"), pages.RouteSubject("/{other}")),
				e.Put(e.ctx, record(k, "new"), pages.Fence{Subjects: subjects}), e.holds(e.Store, k, "new"),
				e.Delete(e.ctx, k, pages.Fence{Subjects: subjects}), e.lacks(e.Store, k))
		}},
		{"a purge at or before its epoch does not refuse a write", func(e *env) error {
			k := key("a")
			return first(e.bump(e.Store, 1, pages.Stale, tag), e.bump(e.Store, 2, pages.Expire, path),
				e.Put(e.ctx, record(k, "new"), pages.Fence{Subjects: subjects, Epoch: 2}), e.holds(e.Store, k, "new"))
		}},
		{"the zero fence never refuses", func(e *env) error {
			k := key("a")
			return first(e.bump(e.Store, 1, pages.Expire, pages.All, route, path), e.put(k, "new"), e.holds(e.Store, k, "new"),
				e.Delete(e.ctx, k, pages.Fence{}), e.lacks(e.Store, k))
		}},
	}
}

func epochLaws() []law {
	a, b, c := pages.TagSubject("a"), pages.PathSubject("/b"), pages.RouteSubject("/c")
	return []law{
		{"a new store's sequence is 0 and nothing was purged", func(e *env) error {
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
		{"a purge of all marks the subject all, not the others", func(e *env) error {
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
		{"a thousand subjects are purged and asked for in one step", func(e *env) error {
			subjects, marks := make([]string, 1000), make([][2]uint64, 1000)
			for i := range subjects {
				subjects[i], marks[i] = pages.TagSubject(fmt.Sprint("tag ", i)), [2]uint64{1, 1}
			}
			return first(e.bump(e.Store, 1, pages.Expire, subjects...), e.marks(e.another(), 1, subjects, marks...))
		}},
	}
}

// marks says whether Epochs gives these marks, each a last purge and a last
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
