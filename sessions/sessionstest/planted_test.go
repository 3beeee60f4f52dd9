// The kit against stores with planted bugs: it must find each of them.

package sessionstest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

// A planted bug, and the beginning of the law that must be reported as broken.
type planted struct {
	bug  string
	law  string
	make func() *bug
}

// harness opens stores with a bug; one bug is that of all handles.
func harness(make func() *bug) Harness {
	return Harness{
		Timeout: time.Hour,
		Place: func(*testing.T) func() sessions.Store {
			b := make()
			b.sound = mem.NewSessions()
			return func() sessions.Store { return b }
		},
		Kept: func(_ *testing.T, s sessions.Store) (records, limits int) { return s.(*bug).Len() },
	}
}

// broken lists the laws that a store breaks, of those that begin with only. It
// runs in virtual time, so that a busy machine breaks no law.
func broken(t *testing.T, h Harness, only string) (found []string) {
	for _, l := range laws() {
		if !strings.HasPrefix(l.says, only) {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			if err := h.try(t, l); err != nil {
				t.Log(err)
				found = append(found, l.says)
			}
		})
	}
	return found
}

func TestSoundStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, harness(func() *bug { return new(bug) }), ""); len(got) > 0 {
		t.Errorf("a sound store breaks %q", got)
	}
}

var planteds = slices.Concat(recordBugs, userBugs, raceBugs, limitBugs)

func TestPlantedBugs(t *testing.T) {
	for _, p := range planteds {
		t.Run(p.bug, func(t *testing.T) {
			if got := broken(t, harness(p.make), p.law); len(got) == 0 {
				t.Errorf("the kit does not find it by the law %q", p.law)
			}
		})
	}
}

// Each law finds a bug.
func TestEachLawHasABug(t *testing.T) {
	for _, l := range laws() {
		if !slices.ContainsFunc(planteds, func(p planted) bool { return strings.HasPrefix(l.says, p.law) }) {
			t.Errorf("no bug is planted that this law finds: %s", l.says)
		}
	}
	for _, p := range planteds {
		if p.law == "" || !slices.ContainsFunc(laws(), func(l law) bool { return strings.HasPrefix(l.says, p.law) }) {
			t.Errorf("the bug %q has no law", p.bug)
		}
	}
}
