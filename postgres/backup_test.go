//go:build unix

// Backups that are restored, and standbys that take over, while the store is
// open: an instance that knew of more purges notices.

package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// dumped dumps the schema of a store, and returns a function that restores it.
func dumped(t *testing.T, s pages.Store) (restore func()) {
	t.Helper()
	server := shareServer(t)
	dump, err := testbed.Dump(server, `--schema="`+s.(*postgres.Store).Schema()+`"`)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := testbed.Restore(server, dump); err != nil {
			t.Fatal(err)
		}
	}
}

// waits waits for a purge, and fails if none comes.
func waits(t *testing.T, s pages.Store, known uint64) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.Wait(ctx, known)
}

// expired checks that a store counts everything as purged and expired after a
// sequence, in marks and in changes.
func expired(t *testing.T, s pages.Store, after uint64) {
	t.Helper()
	e, err := s.Epochs(t.Context(), pages.All)
	if err != nil {
		t.Fatal(err)
	}
	if e.Sequence <= after || e.Marks[0].Expired <= after {
		t.Errorf("after purge %d the state is %+v", after, e)
	}
	list, _, err := s.Changes(t.Context(), after)
	if err != nil || len(list) == 0 || list[0].Subject != pages.All || list[0].Verb != pages.Expire {
		t.Errorf("the changes after %d are %+v, %v", after, list, err)
	}
}

// After a restore, another purge may get the number of a lost one before the
// process that knew the lost one asks again. Every call notices it all the
// same.
func TestRestoredAndPurgedAsOften(t *testing.T) {
	notices := map[string]func(s *postgres.Store, known uint64) error{
		"Epochs":  func(s *postgres.Store, _ uint64) error { _, err := s.Epochs(t.Context()); return err },
		"Changes": func(s *postgres.Store, known uint64) error { _, _, err := s.Changes(t.Context(), known); return err },
		"Bump": func(s *postgres.Store, _ uint64) error {
			_, err := s.Bump(t.Context(), pages.Stale, "tag:b")
			return err
		},
		"Wait": func(s *postgres.Store, known uint64) error { return waits(t, s, known) },
		"Acknowledge": func(s *postgres.Store, known uint64) error {
			_, err := s.Acknowledge(t.Context(), "me", known, time.Minute)
			return err
		},
		"Put": func(s *postgres.Store, _ uint64) error {
			return s.Put(t.Context(), pages.Record{Key: key("/a")}, pages.Unfenced)
		},
	}
	s, location := newStore(t, postgres.Options{})
	bump(t, s, "tag:a")
	for _, more := range []int{0, 1, 3} {
		for name, notice := range notices {
			t.Run(fmt.Sprint(name, " and ", more, " more"), func(t *testing.T) {
				// The connections of the others stay open meanwhile.
				restore := dumped(t, s)
				known := bump(t, s, "tag:lost")
				restore()
				stranger := open(t, location, postgres.Options{})
				for n := uint64(0); n < known+uint64(more); {
					n = bump(t, stranger, "tag:b")
				}
				if err := notice(s, known); err != nil {
					t.Fatal(err)
				}
				expired(t, s, known+uint64(more))
				expired(t, stranger, known+uint64(more))
			})
		}
	}
}

// A lease that comes back with a backup prevents no instance from making the
// page, and its token is not granted again.
func TestRestoredLeases(t *testing.T) {
	s, _ := newStore(t, postgres.Options{})
	old, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	restore := dumped(t, s)
	if err := s.Release(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	last, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	bump(t, s, "tag:a")
	restore()
	if _, err := s.Epochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Minute)
	if err != nil || l.Token <= last.Token {
		t.Errorf("after the restore the lease is %+v, %v; the last was %+v", l, err, last)
	}
}

// A standby that missed purges takes over.
func TestFailover(t *testing.T) {
	primary := testbed.For(t, testbed.Postgres)
	gate, err := testbed.NewGate(primary.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	at := func(addr string) string { return strings.Replace(primary.URL, primary.Addr, addr, 1) }
	s, other := open(t, at(gate.Addr), postgres.Options{}), open(t, at(gate.Addr), postgres.Options{})
	migrate(t, s)
	if err := s.Put(t.Context(), pages.Record{Key: key("/a"), Data: []byte("old")}, pages.Unfenced); err != nil {
		t.Fatal(err)
	}
	received := bump(t, s, "tag:a")
	standby, err := testbed.PostgresStandby(primary)
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	if err := standby.Link.Spoil(testbed.Fault{Gone: true}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		bump(t, s, "tag:lost")
	}
	known := bump(t, other, "tag:lost")
	if known != received+4 {
		t.Fatalf("the last purge is %d", known)
	}
	waits := make(chan error, 1)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	go func() {
		err := other.Wait(ctx, known)
		for err != nil && ctx.Err() == nil { // the primary is away
			err = other.Wait(ctx, known)
		}
		waits <- err
	}()

	primary.Kill()
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	gate.Lead(standby.Addr)
	got, err := s.Get(ctx, key("/a"))
	for err != nil && !errors.Is(err, pages.ErrNotFound) && ctx.Err() == nil {
		got, err = s.Get(ctx, key("/a"))
	}
	if err != nil || string(got.Data) != "old" {
		t.Errorf("the standby has %q, %v", got.Data, err)
	}
	if err := <-waits; err != nil {
		t.Errorf("the waiter was not woken: %v", err)
	}
	expired(t, s, known)
	expired(t, other, known)
}
