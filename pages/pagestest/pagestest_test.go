// The kit against stores with planted bugs: it must find each of them.

package pagestest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// broken lists the laws that a store breaks, of those that begin with one of
// only, or of all if only is empty. It runs in virtual time, so that a busy
// machine breaks no law.
func broken(t *testing.T, h Harness, only ...string) []string {
	h.TTL, h.Large, h.Timeout = 60*time.Millisecond, 1<<16, 2*time.Second
	var found []string
	for _, l := range laws() {
		wanted := len(only) == 0 || slices.ContainsFunc(only, func(s string) bool { return strings.HasPrefix(l.says, s) })
		if !wanted {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			if err := h.try(t, l); err != nil && !errors.Is(err, errSkip) {
				found = append(found, l.says)
			}
		})
	}
	return found
}

// a snapshot of the sound store in each of these
func snapshot(_ *testing.T, s pages.Store) func() {
	if b, ok := s.(*bug); ok {
		s = b.Store
	}
	return s.(*mem.Store).Snapshot()
}

func TestSoundStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, Harness{Open: func(*testing.T) pages.Store { return mem.Open(mem.Options{}) }, Snapshot: snapshot}); len(got) > 0 {
		t.Errorf("a sound store breaks %q", got)
	}
}

// A store without optional interfaces skips the laws about them.
func TestPlainStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, Harness{Open: func(*testing.T) pages.Store { return struct{ pages.Store }{mem.Open(mem.Options{})} }}); len(got) > 0 {
		t.Errorf("a plain store breaks %q", got)
	}
}

// A planted bug, and the beginning of the law that must be reported as broken.
type planted struct {
	bug  string
	make func() *bug
	law  string
}

func TestPlantedBugs(t *testing.T) {
	for _, p := range slices.Concat(recordBugs(), purgeBugs(), backupBugs()) {
		t.Run(p.bug, func(t *testing.T) {
			t.Parallel()
			h := Harness{Snapshot: snapshot, Open: func(*testing.T) pages.Store {
				b := p.make()
				b.Store = mem.Open(mem.Options{})
				return b
			}}
			if len(broken(t, h, p.law)) == 0 {
				t.Errorf("the kit did not find it: %s", p.law)
			}
		})
	}
}
