//go:build unix

// Answers that are lost on the way.

package postgres_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// throughGate opens a store through a gate that sees the text of every
// statement.
func throughGate(t *testing.T) (s *postgres.Store, location string, gate *testbed.Gate) {
	t.Helper()
	server := shareServer(t)
	gate, err := testbed.NewGate(server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gate.Close)
	_, location = newStore(t, postgres.Options{})
	s = open(t, at(strings.Replace(location, server.Addr, gate.Addr, 1), "default_query_exec_mode=exec"), postgres.Options{})
	return s, location, gate
}

// The answer to a lease is lost: the caller has the lease all the same.
func TestLostLease(t *testing.T) {
	s, location, gate := throughGate(t)
	other := open(t, location, postgres.Options{})
	for range 3 {
		gate.Lose(".lease(", 1)
		l, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Hour)
		if err != nil || gate.Lost() == 0 {
			t.Fatalf("after %d lost answers the lease is %+v, %v", gate.Lost(), l, err)
		}
		if held, err := other.Lease(t.Context(), key("/a"), rand.Text(), time.Hour); !errors.Is(err, pages.ErrHeld) || held.Token != l.Token {
			t.Errorf("the other gets %+v, %v, and the lease is %+v", held, err, l)
		}
		if err := s.Put(t.Context(), pages.Record{Key: key("/a"), Data: []byte("new")}, pages.Fence{Token: l.Token}); err != nil {
			t.Error(err)
		}
		if err := s.Release(t.Context(), l); err != nil {
			t.Error(err)
		}
	}
}

// If the caller itself gave up, it may ask again with the same claim, at any
// time.
func TestLostLeaseAskedForLater(t *testing.T) {
	s, location, gate := throughGate(t)
	claim := rand.Text()
	gate.Lose(".lease(", 3) // also the answers to the store's own repeated calls
	if l, err := s.Lease(t.Context(), key("/a"), claim, time.Hour); err == nil {
		t.Fatalf("no answer came through, and the lease is %+v", l)
	}
	other := open(t, location, postgres.Options{})
	held, err := other.Lease(t.Context(), key("/a"), rand.Text(), time.Hour)
	if !errors.Is(err, pages.ErrHeld) {
		t.Fatalf("the lease is free: %v", err)
	}
	l, err := s.Lease(t.Context(), key("/a"), claim, time.Hour)
	if err != nil || l.Token != held.Token {
		t.Errorf("asked again it is %+v, %v, and the lease that is held %+v", l, err, held)
	}
}

// Lost answers to the other calls are harmless.
func TestLostAnswers(t *testing.T) {
	s, _, gate := throughGate(t)
	ctx, k := t.Context(), key("/a")
	for name, call := range map[string]func() error{
		"put(": func() error {
			return s.Put(ctx, pages.Record{Key: k, Data: []byte("x"), Epoch: 1}, pages.Fence{Epoch: 1})
		},
		"remove(":      func() error { return s.Delete(ctx, key("/b"), pages.Fence{Epoch: 1}) },
		"epochs(":      func() error { _, err := s.Epochs(ctx, "tag:a"); return err },
		"bump(":        func() error { _, err := s.Bump(ctx, pages.Stale, "tag:a"); return err },
		"changes(":     func() error { _, _, err := s.Changes(ctx, 0); return err },
		"acknowledge(": func() error { _, err := s.Acknowledge(ctx, "me", 0, time.Minute); return err },
		"release(":     func() error { return s.Release(ctx, pages.Lease{Key: k, Token: 1}) },
		"claim(":       func() error { return s.Claim(ctx, "shop/", false) },
	} {
		before := gate.Lost()
		gate.Lose("."+name, 1)
		if err := call(); err != nil || gate.Lost() != before+1 {
			t.Errorf("%s: %d answers were lost, %v", name, gate.Lost()-before, err)
		}
	}
	if got, err := s.Get(ctx, k); err != nil || string(got.Data) != "x" || got.Epoch != 1 {
		t.Errorf("the record is %+v, %v", got, err)
	}
}
