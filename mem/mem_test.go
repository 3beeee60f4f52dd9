// The store against the contract, and what is specific to it: forgetting, time.

package mem_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"go.uber.org/goleak"
)

var _ pagestest.Lister = (*mem.Store)(nil) // the kit would do without

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	pagestest.Harness{
		Open:     func(*testing.T) pages.Store { return mem.Open(mem.Options{}) },
		Snapshot: func(_ *testing.T, s pages.Store) func() { return s.(*mem.Store).Snapshot() },
	}.Run(t)
}

func TestZeroStore(t *testing.T) {
	pagestest.Run(t, func(*testing.T) pages.Store { return new(mem.Store) })
}

// A subject whose purge was forgotten counts as purged when the latest
// forgotten one was; one that is remembered keeps its own mark.
func TestForgottenPurges(t *testing.T) {
	ctx := t.Context()
	s := mem.Open(mem.Options{Subjects: 10, Changes: 6})
	const n = 1000
	for i := range n {
		if _, err := s.Bump(ctx, pages.Expire, pages.TagSubject(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	e, err := s.Epochs(ctx, pages.TagSubject("0"), pages.TagSubject("999"), pages.TagSubject("never"))
	if err != nil {
		t.Fatal(err)
	}
	if e.Sequence != n || e.Marks[1].Sequence != n {
		t.Errorf("the last purge is lost: %+v", e)
	}
	for _, i := range []int{0, 2} {
		if m := e.Marks[i]; m.Sequence < n-10 || m.Sequence >= n || m.Expired != m.Sequence {
			t.Errorf("mark %d is not the floor: %+v", i, m)
		}
	}
	changes, floor, err := s.Changes(ctx, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range changes {
		if c.Sequence != floor+uint64(i)+1 {
			t.Errorf("change %d after %d is %d", i, floor, c.Sequence)
		}
	}
	if len(changes) > 6 || changes[len(changes)-1].Sequence != n {
		t.Errorf("%d changes are listed, up to %d", len(changes), changes[len(changes)-1].Sequence)
	}
}

// The store does not remember a thousand expired leases without limit, and
// refuses a holder that comes later than that.
func TestForgottenLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.Open(mem.Options{})
		key := func(i int) pages.Key { return pages.Key{Path: fmt.Sprint("/", i)} }
		old, err := s.Lease(t.Context(), key(0), "me", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		for i := range 5000 {
			if _, err := s.Lease(t.Context(), key(i+1), "me", time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if err := s.Put(t.Context(), pages.Record{Key: key(0)}, pages.Fence{Token: old.Token}); err == nil {
			t.Error("a forgotten holder wrote")
		}
		again, err := s.Lease(t.Context(), key(0), "me", time.Second)
		if err != nil || again.Token <= old.Token {
			t.Errorf("after token %d came %d, %v", old.Token, again.Token, err)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s := mem.Open(mem.Options{})
	key := pages.Key{Route: "/{id}", Path: "/1"}
	if err := s.Put(b.Context(), pages.Record{Key: key, Data: make([]byte, 20<<10)}, pages.Unfenced); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Get(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}
