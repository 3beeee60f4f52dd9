//go:build unix

// Answers that are lost on the way.

package redis_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/testbed"
)

// throughGate opens a store through a gate, and another without.
func throughGate(t *testing.T) (s, other *redis.Store, gate *testbed.Gate) {
	t.Helper()
	location := place(t)
	gate, err := testbed.NewGate(server.Addr)
	must(t, err)
	t.Cleanup(gate.Close)
	s, other = open(t, strings.Replace(location, server.Addr, gate.Addr, 1), redis.Options{}), open(t, location, redis.Options{})
	put(t, s, "/a", "old") // the server has its scripts
	l, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Hour)
	must(t, err)
	must(t, s.Release(t.Context(), l))
	return s, other, gate
}

// The answer to a lease is lost: the caller has the lease all the same.
func TestLostLease(t *testing.T) {
	t.Parallel()
	s, other, gate := throughGate(t)
	for i := range 3 {
		gate.Lose(":lease:"+key("/a").ID(), 1)
		l, err := s.Lease(t.Context(), key("/a"), rand.Text(), time.Hour)
		if err != nil || gate.Lost() != i+1 {
			t.Fatalf("after %d lost answers the lease is %+v, %v", gate.Lost(), l, err)
		}
		if held, err := other.Lease(t.Context(), key("/a"), rand.Text(), time.Hour); !errors.Is(err, pages.ErrHeld) || held.Token != l.Token {
			t.Errorf("the other gets %+v, %v, and the lease is %+v", held, err, l)
		}
		must(t, s.Put(t.Context(), pages.Record{Key: key("/a"), Data: []byte("new")}, pages.Fence{Token: l.Token}))
		must(t, s.Release(t.Context(), l))
	}
}

// If no answer came through, the same claim gets the lease later.
func TestLostLeaseAskedForLater(t *testing.T) {
	t.Parallel()
	s, other, gate := throughGate(t)
	claim := rand.Text()
	gate.Lose(":lease:"+key("/a").ID(), 2) // also the answer to the store's own repeated call
	if l, err := s.Lease(t.Context(), key("/a"), claim, time.Hour); err == nil {
		t.Fatalf("no answer came through, and the lease is %+v", l)
	}
	held, err := other.Lease(t.Context(), key("/a"), rand.Text(), time.Hour)
	if !errors.Is(err, pages.ErrHeld) {
		t.Fatalf("the lease is free: %v", err)
	}
	l, err := s.Lease(t.Context(), key("/a"), claim, time.Hour)
	if err != nil || l.Token != held.Token {
		t.Errorf("asked again it is %+v, %v, and the lease that is held %+v", l, err, held)
	}
}

// The server's operator kills connections all the time, now and then with a
// pause in which even a slow machine can make a connection.
func TestConnectionsKilled(t *testing.T) {
	t.Parallel()
	busy := own(t)
	run := direct(t, busy.Addr)
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for n := 1; ; n++ {
			pause := 3 * time.Millisecond
			if n%10 == 0 {
				pause = 50 * time.Millisecond
			}
			select {
			case <-stop:
				return
			case <-time.After(pause):
				run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			}
		}
	})
	s := open(t, busy.URL, redis.Options{})
	failed := 0
	for i := range 300 {
		k, claim := key(fmt.Sprint("/", i)), rand.Text()
		l, err := s.Lease(t.Context(), k, claim, time.Hour)
		for until := time.Now().Add(time.Minute); err != nil && time.Now().Before(until); {
			failed++
			if errors.Is(err, pages.ErrHeld) {
				t.Fatalf("%s is held by %+v, but there was no other caller", k, l)
			}
			l, err = s.Lease(t.Context(), k, claim, time.Hour)
		}
		must(t, err)
	}
	close(stop)
	killer.Wait()
	t.Logf("%d answers did not come", failed)
}
