// Planted bugs of handles that compare a restored store with what they know.

package pagestest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// backed is what several handles share, and a backup has: the purges.
type backed struct{ purges pages.Purges }

func (b *backed) snapshot() (restore func()) {
	copied := func(p pages.Purges) pages.Purges {
		p.Last, p.Latest = maps.Clone(p.Last), slices.Clone(p.Latest)
		return p
	}
	was := copied(b.purges)
	return func() { b.purges = copied(was) }
}

// open returns a handle. fits says whether the purges there are those from
// before, of which the handle knows the latest one; checks names the calls that
// ask, and all do if it is empty.
func (b *backed) open(fits func(p *pages.Purges, known pages.Change) bool, checks ...string) pages.Store {
	var known pages.Change
	level := func(call string) {
		if (len(checks) == 0 || slices.Contains(checks, call)) && !fits(&b.purges, known) {
			b.purges.Raise(known.Sequence, time.Now())
		}
		if n := len(b.purges.Latest); n > 0 {
			known = b.purges.Latest[n-1]
		}
	}
	return &bug{Store: mem.Open(mem.Options{}),
		epochs: func(_ *mem.Store, _ context.Context, subjects []string) (pages.Epochs, error) {
			level("Epochs")
			e := pages.Epochs{Sequence: b.purges.Sequence}
			for _, subject := range subjects {
				e.Marks = append(e.Marks, b.purges.Mark(subject))
			}
			return e, nil
		},
		bump: func(_ *mem.Store, _ context.Context, v pages.Verb, subjects []string) (uint64, error) {
			level("Bump")
			time.Sleep(time.Microsecond) // no two purges at one time
			c := pages.Change{Sequence: b.purges.Sequence + 1, Verb: v, Subject: subjects[0], At: time.Now()}
			b.purges.Add(c)
			known = c
			return c.Sequence, nil
		},
		changes: func(_ *mem.Store, _ context.Context, since uint64) ([]pages.Change, uint64, error) {
			level("Changes")
			list, floor := b.purges.Since(since)
			return list, floor, nil
		},
		wait: func(_ *mem.Store, ctx context.Context, since uint64) error {
			for level("Wait"); b.purges.Sequence <= since && ctx.Err() == nil; level("Wait") {
				time.Sleep(time.Millisecond)
			}
			return ctx.Err()
		},
		seq: func(*mem.Store) uint64 { level("Sequence"); return b.purges.Sequence },
		ack: func(*mem.Store, context.Context, string, uint64, time.Duration) (uint64, error) {
			level("Acknowledge")
			return b.purges.Sequence, nil
		},
	}
}

// has says whether a purge is among those there, or everything was purged since.
func has(p *pages.Purges, known pages.Change) bool {
	return known.Sequence == 0 || p.Mark(pages.All).Expired > known.Sequence ||
		slices.ContainsFunc(p.Latest, func(c pages.Change) bool { return c.Sequence == known.Sequence && c.At.Equal(known.At) })
}

// A store that went back and was purged as often as before is noticed by each
// call.
func TestPurgedAsOften(t *testing.T) {
	byNumber := func(p *pages.Purges, known pages.Change) bool { return p.Sequence >= known.Sequence }
	byLatest := func(p *pages.Purges, known pages.Change) bool {
		return p.Sequence > known.Sequence || has(p, known)
	}
	calls := []string{"Epochs", "Bump", "Changes", "Wait", "Acknowledge", "Sequence"}
	type handles struct {
		fits   func(p *pages.Purges, known pages.Change) bool
		checks []string
		sound  bool
	}
	tests := map[string]handles{
		"they compare numbers and times":                  {fits: has, sound: true},
		"they compare numbers":                            {fits: byNumber},
		"they compare times only where numbers are alike": {fits: byLatest},
	}
	for i, call := range calls {
		tests[call+" does not compare"] = handles{fits: has, checks: slices.Delete(slices.Clone(calls), i, i+1)}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var there *backed
			got := broken(t, Harness{
				Place: func(*testing.T) func() pages.Store {
					there = &backed{}
					return func() pages.Store { return there.open(test.fits, test.checks...) }
				},
				Snapshot: func(*testing.T, pages.Store) func() { return there.snapshot() },
			}, "after a store went back")
			if sound := len(got) == 0; sound != test.sound {
				t.Errorf("the kit says that it breaks %q", got)
			}
		})
	}
}
