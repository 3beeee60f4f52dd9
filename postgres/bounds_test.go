// Nothing grows without bounds: marks, changes, leases, acknowledgements.

package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

// Thousands of purges, compared with a complete record of them: remembered
// purges are exact, and a forgotten one counts as purged when it was, or later.
func TestPurgesAreBounded(t *testing.T) {
	t.Parallel()
	const subjects, changes, purges = 60, 40, 800
	s, location := newStore(t, postgres.Options{Subjects: subjects, Changes: changes})
	db := direct(t, location)
	truth := map[string]pages.Mark{}
	random := rand.New(rand.NewPCG(1, 2))
	for n := uint64(1); n <= purges; n++ {
		verb := pages.Stale
		if random.IntN(3) == 0 {
			verb = pages.Expire
		}
		list := make([]string, 1+random.IntN(4))
		for i := range list {
			list[i] = fmt.Sprint("tag:", random.IntN(300))
		}
		if got, err := s.Bump(t.Context(), verb, list...); err != nil || got != n {
			t.Fatalf("purge %d is %d, %v", n, got, err)
		}
		for _, subject := range list {
			truth[subject] = truth[subject].Merge(pages.Change{Sequence: n, Verb: verb}.Mark())
		}
		if n%97 == 0 || n < 10 {
			checkPurges(t, s, truth, n)
		}
		if n%97 == 0 {
			for table, most := range map[string]int64{"marks": subjects, "changes": changes} {
				rows := number(t, db, "SELECT count(*) FROM "+table)
				if counted := number(t, db, "SELECT "+table+" FROM state"); rows > most || rows != counted || rows < most/4 {
					t.Fatalf("after %d purges %s has %d rows, and %d are counted", n, table, rows, counted)
				}
			}
		}
		if t.Failed() {
			t.Fatalf("after %d purges", n)
		}
	}
}

func checkPurges(t *testing.T, s *postgres.Store, truth map[string]pages.Mark, n uint64) {
	t.Helper()
	names := []string{"tag:never"}
	for subject := range truth {
		names = append(names, subject)
	}
	e, err := s.Epochs(t.Context(), names...)
	if err != nil || e.Sequence != n {
		t.Fatal(e.Sequence, err)
	}
	floor := e.Marks[0]
	for i, subject := range names[1:] {
		want, got := truth[subject], e.Marks[i+1]
		if got.Sequence != want.Sequence && got.Sequence != floor.Sequence || got.Sequence < want.Sequence || got.Expired < want.Expired || got.Expired > max(want.Expired, floor.Expired) {
			t.Errorf("%s was purged at %d/%d and is reported as %d/%d; the floor is %d/%d",
				subject, want.Sequence, want.Expired, got.Sequence, got.Expired, floor.Sequence, floor.Expired)
		}
		if got.At.IsZero() || (got.Expired > 0) == got.ExpiredAt.IsZero() {
			t.Errorf("%s has no time: %+v", subject, got)
		}
	}
	list, dropped, err := s.Changes(t.Context(), 0)
	if err != nil || len(list) > 0 && list[0].Sequence != dropped+1 || list[len(list)-1].Sequence != n {
		t.Errorf("changes from %d on, %d of them, %v", dropped, len(list), err)
	}
	for i, c := range list[1:] {
		if d := c.Sequence - list[i].Sequence; d > 1 {
			t.Errorf("after change %d comes %d", list[i].Sequence, c.Sequence)
		}
	}
}

// A purge that names more subjects than are remembered is not lost.
func TestPurgeOfMoreThanIsRemembered(t *testing.T) {
	s, _ := newStore(t, postgres.Options{Subjects: 10, Changes: 10})
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint("tag:", i)
	}
	bump(t, s, many...)
	e, err := s.Epochs(t.Context(), many...)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range e.Marks {
		if m.Sequence != 1 || m.Expired != 1 || m.At.IsZero() || m.ExpiredAt.IsZero() {
			t.Errorf("mark %d is %+v", i, m)
		}
	}
	list, floor, err := s.Changes(t.Context(), 0)
	if err != nil || len(list) > 0 || floor != 1 {
		t.Errorf("changes are %v, %d, %v", list, floor, err)
	}
	if n := bump(t, s, "tag:1"); n != 2 {
		t.Error(n)
	}
	list, floor, err = s.Changes(t.Context(), 1)
	if err != nil || len(list) != 1 || floor != 1 {
		t.Errorf("changes are %v, %d, %v", list, floor, err)
	}
}

func TestPurgeOfNothingAndOfOneTwice(t *testing.T) {
	s, _ := newStore(t, postgres.Options{})
	if n := bump(t, s); n != 1 {
		t.Error(n)
	}
	if n := bump(t, s, "tag:a", "tag:a"); n != 2 {
		t.Error(n)
	}
	e, err := s.Epochs(t.Context(), "tag:a", "tag:a")
	if err != nil || e.Sequence != 2 || e.Marks[0].Sequence != 2 || e.Marks[0] != e.Marks[1] {
		t.Error(e, err)
	}
}

func TestLeasesAndAcknowledgementsAreForgotten(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	old, err := s.Lease(t.Context(), key("/old"), claim(), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acknowledge(t.Context(), "old", 0, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	run(t, db, "INSERT INTO leases SELECT i::text::bytea, 0, now() - interval '2 minutes' FROM generate_series(1, 500) i")
	run(t, db, "INSERT INTO acknowledgements SELECT i::text::bytea, 0, now() - interval '2 minutes' FROM generate_series(1, 500) i")
	run(t, db, "UPDATE leases SET until = now() - interval '2 minutes'")
	run(t, db, "UPDATE acknowledgements SET until = now() - interval '2 minutes'")
	for i := range 300 {
		if _, err := s.Lease(t.Context(), key(fmt.Sprint("/", i)), claim(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if n := number(t, db, "SELECT count(*) FROM leases"); n != 300 {
		t.Errorf("%d leases are known", n)
	}
	if err := s.Put(t.Context(), pages.Record{Key: key("/old")}, pages.Fence{Token: old.Token}); !errors.Is(err, pages.ErrFenced) {
		t.Errorf("a forgotten holder wrote: %v", err)
	}
	again, err := s.Lease(t.Context(), key("/old"), claim(), time.Minute)
	if err != nil || again.Token <= old.Token {
		t.Errorf("after token %d comes %d, %v", old.Token, again.Token, err)
	}
	if _, err := s.Acknowledge(t.Context(), "new", 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, "SELECT count(*) FROM acknowledgements"); n != 1 {
		t.Errorf("%d acknowledgements are known", n)
	}
}
