// The kit against stores with planted bugs: it must find each of them.

package blobstest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/mem"
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
		Timeout: time.Hour, Large: 80_000,
		Place: func(*testing.T) func() blobs.Store {
			b := make()
			b.sound = mem.NewBlobs()
			return func() blobs.Store { return b }
		},
		Later: func(_ *testing.T, _ blobs.Store, d time.Duration) { time.Sleep(d) },
	}
}

// broken lists the laws that a store breaks, of those that begin with only. It
// runs in virtual time.
func broken(t *testing.T, h Harness, only string) (found []string) {
	for _, l := range laws() {
		if !strings.HasPrefix(l.says, only) {
			continue
		}
		if strings.Contains(l.says, "Sweep") || strings.Contains(l.says, "expired") {
			h.Timeout = 24 * time.Hour
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

var planteds = slices.Concat(blobBugs, listBugs, raceBugs, uploadBugs, lifeBugs)

func TestPlantedBugs(t *testing.T) {
	for _, p := range planteds {
		t.Run(p.bug, func(t *testing.T) {
			if got := broken(t, harness(p.make), p.law); len(got) == 0 {
				t.Errorf("the kit does not find it by the law %q", p.law)
			}
		})
	}
	t.Logf("%d laws, %d planted bugs, %d keys that are refused", len(laws()), len(planteds), len(HostileKeys()))
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

// There are a thousand hostile keys and more, and each is refused; none of the
// peculiar ones is.
func TestHostileKeysAreHostile(t *testing.T) {
	if n := len(HostileKeys()); n < 1000 {
		t.Errorf("%d keys", n)
	}
	for _, k := range HostileKeys() {
		if blobs.CheckKey(k) == nil {
			t.Errorf("%q is accepted", k)
		}
	}
	for _, k := range peculiar() {
		if err := blobs.CheckKey(k); err != nil {
			t.Errorf("%q is refused: %v", k, err)
		}
	}
}
