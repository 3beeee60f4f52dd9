// Noticing purges: through breaks, behind proxies, by polling alone.

package postgres_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// record is a log that is kept.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) count(of string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.text.String(), of)
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// hears checks that Wait returns after each of some purges made elsewhere.
func hears(t *testing.T, s, other *postgres.Store, since uint64, between func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for n := since; n < since+3; n++ {
		done := make(chan error, 1)
		go func() { done <- s.Wait(ctx, n) }()
		between()
		select {
		case err := <-done:
			t.Fatalf("wait returned before there was a purge: %v", err)
		default:
		}
		if got := bump(t, other, "tag:a"); got != n+1 {
			t.Fatalf("purge %d is %d", n+1, got)
		}
		if err := <-done; err != nil {
			t.Fatalf("wait gave %v", err)
		}
	}
}

// listeners counts the connections of an application that listen.
func listeners(t *testing.T, location, application string) int64 {
	t.Helper()
	return number(t, direct(t, location), "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'", application)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not hold that %s", what)
		}
	}
}

func TestListens(t *testing.T) {
	other, location := newStore(t, postgres.Options{})
	s := open(t, at(location, "application_name=listens"), postgres.Options{})
	if listeners(t, location, "listens") != 0 {
		t.Error("it listens before there is a waiter")
	}
	hears(t, s, other, 0, func() {
		eventually(t, "it listens", func() bool { return listeners(t, location, "listens") == 1 })
	})
	// Notifications arrive: polling every few seconds would take long.
	began := time.Now()
	for n := uint64(3); n < 13; n++ {
		bump(t, other, "tag:a")
		if err := s.Wait(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	hears(t, s, other, 13, func() { time.Sleep(10 * time.Millisecond) })
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestListenerIsKilled(t *testing.T) {
	other, location := newStore(t, postgres.Options{})
	s := open(t, at(location, "application_name=killed"), postgres.Options{})
	db := direct(t, location)
	hears(t, s, other, 0, func() {
		eventually(t, "it listens", func() bool { return listeners(t, location, "killed") == 1 })
		run(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed' AND query LIKE 'LISTEN%'")
	})
}

// Every connection is killed, again and again; no call fails.
func TestConnectionsAreKilled(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	busy := open(t, at(location, "application_name=busy"), postgres.Options{})
	db := direct(t, location)
	for i := range 10 {
		run(t, db, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'busy'")
		if n := bump(t, busy, "tag:a"); n != uint64(i+1) {
			t.Fatalf("purge %d is %d", i+1, n)
		}
		for range 4 {
			if _, err := busy.Epochs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if e, err := s.Epochs(t.Context()); err != nil || e.Sequence != 10 {
		t.Error(e, err)
	}
}

func TestPolls(t *testing.T) {
	other, location := newStore(t, postgres.Options{})
	s := open(t, at(location, "poll=50ms", "application_name=polls"), postgres.Options{})
	hears(t, s, other, 0, func() { time.Sleep(30 * time.Millisecond) })
	if listeners(t, location, "polls") != 0 {
		t.Error("it listens although it was told not to")
	}
}

func TestBehindPgBouncer(t *testing.T) {
	server := shareServer(t)
	bouncer := testbed.For(t, func() (*testbed.Server, error) { return testbed.PgBouncer(server) })
	through := func(location string) string { return strings.Replace(location, server.Addr, bouncer.Addr, 1) }
	t.Run("contract", func(t *testing.T) {
		pagestest.Harness{Place: func(t *testing.T) func() pages.Store {
			location := through(newPlace(t))
			migrate(t, open(t, location, postgres.Options{}))
			return func() pages.Store { return open(t, location, postgres.Options{}) }
		}}.Run(t)
	})
	t.Run("works and logs once", func(t *testing.T) {
		location := newPlace(t)
		other := open(t, location, postgres.Options{})
		migrate(t, other)
		var told record
		s := open(t, through(location), postgres.Options{Log: told.logger()})
		var work sync.WaitGroup
		for range 8 { // overlapping transactions get several connections
			work.Go(func() {
				for range 20 {
					if _, err := s.Epochs(t.Context(), "tag:a"); err != nil {
						t.Error(err)
					}
					if err := s.Put(t.Context(), pages.Record{Key: key("/a"), Data: make([]byte, 10_000)}, pages.Unfenced); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		hears(t, s, other, 0, func() { time.Sleep(10 * time.Millisecond) })
		eventually(t, "it was logged that LISTEN does not work", func() bool { return told.count("LISTEN") == 1 })
		hears(t, s, other, 3, func() { time.Sleep(10 * time.Millisecond) })
		if n := told.count("prepared statements"); n > 1 {
			t.Errorf("it was logged %d times that prepared statements do not work", n)
		}
		if n := told.count("level="); n > 2 {
			t.Errorf("%d lines: %s", n, told.text.String())
		}
	})
	t.Run("restarts", func(t *testing.T) {
		location := newPlace(t)
		s := open(t, through(location), postgres.Options{})
		migrate(t, s)
		bump(t, s, "tag:a")
		bouncer.Kill()
		if err := bouncer.Start(); err != nil {
			t.Fatal(err)
		}
		if n := bump(t, s, "tag:a"); n != 2 {
			t.Errorf("after the restart comes %d", n)
		}
	})
}
