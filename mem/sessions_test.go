// Sessions against the contract, and what they keep.

package mem_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/sessions/sessionstest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	sessionstest.Harness{
		Place: func(*testing.T) func() sessions.Store {
			s := mem.NewSessions()
			return func() sessions.Store { return s }
		},
		Kept: func(_ *testing.T, s sessions.Store) (records, limits int) { return s.(*mem.Sessions).Len() },
	}.Run(t)
}

// A store follows virtual time.
func TestSessionsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.NewSessions()
		r := sessions.Record{ID: sessions.IDOf("a"), Kind: "session", Expires: time.Now().Add(time.Hour)}
		must(t, s.Put(t.Context(), r))
		rate := sessions.Rate{N: 1, Per: time.Minute}
		for range 3 {
			if wait, err := s.Spend(t.Context(), "key", rate); err != nil || wait != 0 {
				t.Errorf("wait %v, %v", wait, err)
			}
			if wait, err := s.Spend(t.Context(), "key", rate); err != nil || wait != time.Minute {
				t.Errorf("wait %v, %v", wait, err)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(2 * time.Hour)
		must(t, s.Put(t.Context(), sessions.Record{ID: sessions.IDOf("b"), Kind: "session"}))
		if _, err := s.Spend(t.Context(), "other", rate); err != nil {
			t.Error(err)
		}
		if records, limits := s.Len(); records != 1 || limits != 1 {
			t.Errorf("%d records and %d limits are kept", records, limits)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkSessionsGet(b *testing.B) {
	s := mem.NewSessions()
	r := sessions.Record{ID: sessions.IDOf("a"), Kind: "session", User: "7", Data: make([]byte, 200)}
	must(b, s.Put(b.Context(), r))
	for b.Loop() {
		if _, err := s.Get(b.Context(), "session", r.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSessionsPut(b *testing.B) {
	s := mem.NewSessions()
	r := sessions.Record{Kind: "session", User: "7", Data: make([]byte, 200), Expires: time.Now().Add(time.Hour)}
	for i := 0; b.Loop(); i++ {
		r.ID = sessions.ID{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)}
		must(b, s.Put(b.Context(), r))
	}
}

func BenchmarkSessionsSpend(b *testing.B) {
	s := mem.NewSessions()
	for b.Loop() {
		if _, err := s.Spend(b.Context(), "key", sessions.Rate{N: 1000, Per: time.Second}); err != nil {
			b.Fatal(err)
		}
	}
}
