// What is left after Close: nothing, neither here nor on the server.

package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func TestNothingIsLeft(t *testing.T) {
	_, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	here := goleak.IgnoreCurrent()
	s := open(t, at(location, "application_name=left"), postgres.Options{})
	var reads, waits sync.WaitGroup
	for range 20 {
		reads.Go(func() {
			for range 10 {
				if _, err := s.Epochs(t.Context(), "tag:a"); err != nil {
					t.Error(err)
				}
			}
		})
		waits.Go(func() {
			if err := s.Wait(t.Context(), 100); !errors.Is(err, pages.ErrClosed) {
				t.Errorf("wait gave %v", err)
			}
		})
	}
	count := func() int64 {
		return number(t, db, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left'")
	}
	eventually(t, "it is connected and listens", func() bool { return count() >= 2 && listeners(t, location, "left") == 1 })
	if n := count(); n > 9 {
		t.Errorf("%d connections", n)
	}
	reads.Wait()
	// A call is interrupted by its own context.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_ = s.Put(ctx, pages.Record{Key: key("/a"), Data: make([]byte, 8<<20)}, pages.Unfenced)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	waits.Wait()
	eventually(t, "no connection is left", func() bool { return count() == 0 })
	// The test's own connection may have begun to read in the background, too.
	if err := db.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := goleak.Find(here); err != nil {
		t.Error(err)
	}
}

func TestCloseWhileListing(t *testing.T) {
	s, _ := newStore(t, postgres.Options{})
	for _, path := range []string{"/a", "/b"} {
		if err := s.Put(t.Context(), pages.Record{Key: key(path)}, pages.Unfenced); err != nil {
			t.Fatal(err)
		}
	}
	err := s.List(t.Context(), func(i pages.Info) bool {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return true
	})
	if err != nil { // the rest of the page is read
		t.Error(err)
	}
	for name, err := range calls(t.Context(), s) {
		if !errors.Is(err, pages.ErrClosed) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if _, err := s.Migrate(t.Context()); !errors.Is(err, pages.ErrClosed) {
		t.Errorf("migrate gave %v", err)
	}
}

// A call that waits for another's lock ends when the store is closed.
func TestCloseEndsCalls(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	bump(t, s, "tag:a")
	db := direct(t, location)
	run(t, db, "BEGIN; LOCK TABLE state")
	done := make(chan error, 1)
	go func() {
		_, err := s.Bump(t.Context(), pages.Stale, "tag:a")
		done <- err
	}()
	eventually(t, "the purge waits", func() bool {
		return number(t, direct(t, location), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%bump%'") > 0
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, pages.ErrClosed) {
		t.Errorf("the purge gave %v", err)
	}
	run(t, db, "ROLLBACK")
}
