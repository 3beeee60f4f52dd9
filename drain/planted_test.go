// Planted bugs, each of which the laws have to find.

package drain_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A bug is what is planted in a history.
type bug struct {
	numbers      bool            // a purge has its number from the statement, before the commit
	cursor       bool            // changes are listed by number, from the last one on
	hasty        bool            // they are removed before they are purged
	trusts       bool            // the feed is always current
	answersFirst bool            // responses do not wait for purges
	nested       bool            // a stored value's epoch is not noted
	lowers       bool            // a good value's epoch is when it was made
	forgets      bool            // a 404 ends with time alone
	store        func(full) full // what the instances share
}

// stubborn refuses what was purged while it was made.
type stubborn struct{ full }

func (s stubborn) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if e, err := pages.Decode(r.Data); err == nil && r.Epoch < s.Sequence() {
		if epochs, err := s.Epochs(ctx, e.Subjects()...); err == nil && slices.ContainsFunc(epochs.Marks, func(m pages.Mark) bool { return m.Sequence > r.Epoch }) {
			return pages.ErrFenced
		}
	}
	return s.full.Put(ctx, r, f)
}

// bugs by name, each with the law it breaks.
var bugs = map[string]struct {
	bug
	law law
}{
	"number in the trigger":           {bug{numbers: true}, fresh},
	"id cursor":                       {bug{cursor: true}, fresh},
	"delete before purge":             {bug{hasty: true}, fresh},
	"trust without looking":           {bug{trusts: true}, fresh},
	"answer before the purge":         {bug{answersFirst: true}, promised},
	"refused writes":                  {bug{store: func(s full) full { return stubborn{s} }}, goesOn},
	"nested with its own epoch":       {bug{nested: true}, within},
	"a good value has its old epoch":  {bug{lowers: true}, heals},
	"a 404 is forgotten by time only": {bug{forgets: true}, found},
}

// most is how many histories a planted bug may take to show.
const most = 30

// TestPlantedCommit plays histories without a bug, which have to obey the laws,
// and plants each bug, which has to show:
//
//	go test ./... -run PlantedCommit -v
//
// COMMIT_HISTORIES=300 plays more of them, COMMIT_HISTORY=<seed> one alone.
func TestPlantedCommit(t *testing.T) {
	kinds := slices.Sorted(maps.Keys(kindsOfStore))
	t.Run("none", func(t *testing.T) {
		usual := uint64(8)
		if raceEnabled || testing.Short() {
			usual = 1
		}
		first, rounds := uint64(1), number(t, "COMMIT_HISTORIES", usual)
		if n := number(t, "COMMIT_HISTORY", 0); n > 0 {
			first, rounds = n, 1
		}
		var sum figures
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				for n := range rounds {
					faults, f := play(t, kind, first+n, bug{}, "")
					sum.add(f)
					if len(faults) > 0 {
						t.Errorf("COMMIT_HISTORY=%d go test -run 'PlantedCommit/none/%s$' ./drain\n%d times a law was broken, first: %s", first+n, kind, len(faults), faults[0])
					}
				}
			})
		}
		t.Logf("%d histories with 3 instances: %s", rounds*uint64(len(kinds)), &sum)
	})
	for _, name := range slices.Sorted(maps.Keys(bugs)) {
		t.Run(name, func(t *testing.T) {
			b := bugs[name]
			for n := range uint64(most) {
				faults, _ := play(t, kinds[n%uint64(len(kinds))], n+1, b.bug, b.law)
				if at := slices.IndexFunc(faults, func(f fault) bool { return f.law == b.law }); at >= 0 {
					t.Logf("found in history %d: %s", n+1, faults[at])
					return
				}
			}
			t.Errorf("%d histories show nothing", most)
		})
	}
}

func (f *figures) String() string {
	return fmt.Sprintf("%d commits, %d rolled back, %d processes killed, %d naps; %d loads, %d answers, %d values served as fresh, at most %v after the commit they lack, at most %v where stale; %d answers to committing visitors, %d times 404",
		f.commits.Load(), f.rolledBack.Load(), f.kills.Load(), f.naps.Load(), f.loads.Load(), f.answers.Load(), f.fresh.Load(),
		time.Duration(f.freshLag.Load()).Round(time.Millisecond), time.Duration(f.mostLag.Load()).Round(time.Millisecond), f.tokens.Load(), f.missing.Load())
}

// number is what an environment variable says, or a default.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func raise(n *atomic.Int64, to time.Duration) {
	for was := n.Load(); int64(to) > was && !n.CompareAndSwap(was, int64(to)); was = n.Load() {
	}
}
