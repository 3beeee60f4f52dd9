// The kit against stores with planted bugs: it must find each of them.

package roomstest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
)

// A planted bug, and the beginning of the law that must be reported as broken.
type planted struct {
	bug string
	law string
	is  bug
}

func planteds() []planted {
	return slices.Concat(plantedAppends(), plantedReads(), plantedClaims(), plantedBuilds(), plantedSweeps(), plantedInspections(), plantedEnds())
}

// harness opens stores with a bug.
func harness(is bug) Harness {
	return Harness{Place: func(*testing.T) func() rooms.Log {
		store, all, number := mem.NewRooms(), newShared(), 0
		return func() rooms.Log {
			b := is
			b.sound, b.shared, b.number = store.Handle(), all, number
			number++
			return &b
		}
	}}
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
				found = append(found, l.says)
				t.Log(err)
			}
		})
	}
	return found
}

func TestSoundStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, harness(bug{}), ""); len(got) > 0 {
		t.Errorf("a sound store breaks %q", got)
	}
}

func TestPlantedRooms(t *testing.T) {
	for _, p := range planteds() {
		t.Run(p.bug, func(t *testing.T) {
			if got := broken(t, harness(p.is), p.law); len(got) == 0 {
				t.Errorf("the kit does not find it by the law %q", p.law)
			}
		})
	}
	t.Logf("%d laws, %d planted bugs, each found", len(laws()), len(planteds()))
}

// Each law finds a bug, and each bug is for one law.
func TestPlantedRoomsHaveALaw(t *testing.T) {
	for _, l := range laws() {
		if !slices.ContainsFunc(planteds(), func(p planted) bool { return strings.HasPrefix(l.says, p.law) }) {
			t.Errorf("no bug is planted that this law finds: %s", l.says)
		}
	}
	for _, p := range planteds() {
		n := 0
		for _, l := range laws() {
			if strings.HasPrefix(l.says, p.law) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d laws are meant to find the bug %q", n, p.bug)
		}
	}
}
