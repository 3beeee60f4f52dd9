// The kit against stores with planted bugs: it must find each of them.

package pagestest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// broken lists the laws that a store breaks, out of those whose sentence
// begins as one of only; all if there are none.
func broken(t *testing.T, open func() pages.Store, only ...string) []string {
	h := Harness{
		Open: func(*testing.T) pages.Store { return open() },
		TTL:  60 * time.Millisecond, Large: 1 << 16, Timeout: 2 * time.Second,
	}
	var found []string
	for _, l := range laws() {
		wanted := len(only) == 0 || slices.ContainsFunc(only, func(s string) bool { return strings.HasPrefix(l.says, s) })
		if !wanted {
			continue
		}
		if err := h.try(t, l); err != nil && !errors.Is(err, errSkip) {
			found = append(found, l.says)
		}
	}
	return found
}

func TestSoundStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, func() pages.Store { return mem.Open(mem.Options{}) }); len(got) > 0 {
		t.Errorf("a sound store breaks %q", got)
	}
}

// A store with nothing optional skips the laws about it.
func TestPlainStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, func() pages.Store { return struct{ pages.Store }{mem.Open(mem.Options{})} }); len(got) > 0 {
		t.Errorf("a plain store breaks %q", got)
	}
}

// A planted bug, and the beginning of a law that must be found broken.
type planted struct {
	bug  string
	make func() *bug
	law  string
}

func TestPlantedBugs(t *testing.T) {
	for _, p := range slices.Concat(recordBugs(), purgeBugs()) {
		t.Run(p.bug, func(t *testing.T) {
			t.Parallel()
			open := func() pages.Store {
				b := p.make()
				b.Store = mem.Open(mem.Options{})
				return b
			}
			if len(broken(t, open, p.law)) == 0 {
				t.Errorf("the kit did not find it: %s", p.law)
			}
		})
	}
}
