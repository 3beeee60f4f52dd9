// A server that is unavailable, restarts, or hangs.

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/testbed"
)

// works checks that a store does everything, with a purge of this number.
func works(t *testing.T, s *postgres.Store, n uint64) {
	t.Helper()
	k, data := key(fmt.Sprint("/", n)), make([]byte, 5000)
	got := bump(t, s, "tag:a")
	if got != n {
		t.Errorf("purge %d is %d", n, got)
	}
	if err := s.Put(t.Context(), pages.Record{Key: k, Data: data}, pages.Fence{Epoch: got}); err != nil {
		t.Error(err)
	}
	if r, err := s.Get(t.Context(), k); err != nil || len(r.Data) != len(data) {
		t.Errorf("get gave %d bytes, %v", len(r.Data), err)
	}
	if l, err := s.Lease(t.Context(), k, claim(), time.Minute); err != nil || s.Release(t.Context(), l) != nil {
		t.Errorf("lease gave %v", err)
	}
}

// fails checks that all calls fail, promptly and as faults of the store.
func fails(t *testing.T, s *postgres.Store, deadline time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	began := time.Now()
	var work sync.WaitGroup
	for range 20 { // more than there are connections
		work.Go(func() {
			for name, err := range calls(ctx, s) {
				if err == nil || errors.Is(err, pages.ErrNotFound) || errors.Is(err, pages.ErrLayout) || errors.Is(err, pages.ErrClosed) {
					t.Errorf("%s gave %v", name, err)
				}
			}
		})
	}
	work.Wait()
	if took := time.Since(began); took > deadline+5*time.Second {
		t.Errorf("the calls took %v, and had %v", took, deadline)
	}
}

func TestServerComesAndGoes(t *testing.T) {
	t.Parallel()
	server := testbed.For(t, testbed.Postgres)
	server.Stop()
	s := open(t, server.URL, postgres.Options{})
	fails(t, s, 20*time.Second)
	if _, err := s.Get(t.Context(), key("/a")); err == nil || !strings.Contains(err.Error(), server.Addr+"/gorgon") {
		t.Errorf("the error does not say where: %v", err)
	}
	if _, err := s.Migrate(t.Context()); err == nil {
		t.Error("a server that is away was migrated")
	}
	start := func() {
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	start()
	migrate(t, s)
	works(t, s, 1)

	// Idle connections are dead after a restart, and no call fails because of
	// it.
	for n := uint64(2); n < 4; n++ {
		server.Stop()
		start()
		works(t, s, n)
	}
	server.Kill()
	fails(t, s, 20*time.Second)
	start()
	works(t, s, 4)

	waited := make(chan error, 1)
	go func() {
		for {
			err := s.Wait(t.Context(), 4)
			if err == nil {
				waited <- nil
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	time.Sleep(200 * time.Millisecond)
	server.Kill()
	start()
	works(t, s, 5)
	if err := <-waited; err != nil {
		t.Error(err)
	}

	t.Run("hangs", func(t *testing.T) {
		server.Pause()
		fails(t, s, 500*time.Millisecond)
		other := open(t, server.URL, postgres.Options{})
		fails(t, other, 500*time.Millisecond)
		began := time.Now()
		_ = other.Close()
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("closing a store whose server hangs took %v", took)
		}
		server.Resume()
		// The interrupted call may have been executed.
		eventually(t, "it answers", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := s.Epochs(ctx)
			return err == nil
		})
		e, err := s.Epochs(t.Context())
		if err != nil || e.Sequence < 5 || e.Sequence > 5+41 {
			t.Fatal(e, err)
		}
		time.Sleep(100 * time.Millisecond)
		n := bump(t, s, "tag:a")
		works(t, s, n+1)
	})
}
