//go:build unix

// Noticing purges, through breaks too, and how many round trips calls take.

package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/testbed"
)

// hears checks that Wait returns after a purge made elsewhere, and how soon.
func hears(t *testing.T, s, other *redis.Store, between func()) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	e, err := s.Epochs(ctx)
	must(t, err)
	done := make(chan error, 1)
	go func() {
		err := s.Wait(ctx, e.Sequence)
		for err != nil && ctx.Err() == nil { // as a waiter does
			time.Sleep(20 * time.Millisecond)
			err = s.Wait(ctx, e.Sequence)
		}
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	between()
	began := time.Now()
	bump(t, other, "tag:a")
	if err := <-done; err != nil {
		t.Errorf("wait gave %v", err)
	}
	return time.Since(began)
}

func TestHearing(t *testing.T) {
	t.Parallel()
	own := own(t)
	s, other, run := open(t, own.URL, redis.Options{}), open(t, own.URL, redis.Options{}), direct(t, own.Addr)
	best := time.Hour
	for range 5 {
		best = min(best, hears(t, s, other, func() {}))
	}
	if best > 400*time.Millisecond {
		t.Errorf("a hint took %v", best) // it was not a hint but a read
	}
	for range 3 {
		hears(t, s, other, func() {
			run("CLIENT", "KILL", "TYPE", "pubsub")
			run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			soon(t, "epochs", func(ctx context.Context) error { _, err := other.Epochs(ctx); return err })
		})
	}
}

// If no hints arrive, the sequence is polled.
func TestHearingWithoutHints(t *testing.T) {
	t.Parallel()
	deaf := own(t)
	must(t, grant(deaf.URL, "-subscribe -publish"))
	location := "redis://gorgon:" + strings.ReplaceAll(password, "/", "%2F") + "@" + deaf.Addr
	s, other := open(t, location, redis.Options{}), open(t, location, redis.Options{})
	for range 3 {
		hears(t, s, other, func() {})
	}
}

// Each call is one round trip, whatever it does.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	near := own(t)
	proxy, err := testbed.NewProxy(near.Addr)
	must(t, err)
	defer proxy.Close()
	s := open(t, proxy.URL(near), redis.Options{})
	k, fence := key("/a"), pages.Fence{}
	trip := map[string]func(context.Context) error{
		"Get":    get(s, "/a"),
		"Put":    func(ctx context.Context) error { return s.Put(ctx, pages.Record{Key: k, Data: []byte("x")}, fence) },
		"Epochs": func(ctx context.Context) error { _, err := s.Epochs(ctx, "tag:a", "tag:b"); return err },
		"Bump":   func(ctx context.Context) error { _, err := s.Bump(ctx, pages.Stale, "tag:c", "tag:d"); return err },
		"Acknowledge": func(ctx context.Context) error {
			_, err := s.Acknowledge(ctx, "me", 0, time.Second)
			return err
		},
		"Changes": func(ctx context.Context) error { _, _, err := s.Changes(ctx, 0); return err },
		"Lease":   func(ctx context.Context) error { _, err := s.Lease(ctx, k, claim(), time.Millisecond); return err },
	}
	for name, call := range trip {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s gave %v", name, err)
		}
	}
	const far = 150 * time.Millisecond
	must(t, proxy.Spoil(testbed.Fault{Latency: int(far.Milliseconds())}))
	for name, call := range trip {
		best := time.Hour
		for range 3 {
			began := time.Now()
			if err := call(t.Context()); err != nil {
				t.Errorf("%s gave %v", name, err)
			}
			best = min(best, time.Since(began))
		}
		if best > 2*far {
			t.Errorf("%s took %v where a round trip takes %v", name, best, far)
		}
	}
}

// A closed store has no connection to the server left.
func TestCloseLetsGo(t *testing.T) {
	t.Parallel()
	own := own(t)
	run := direct(t, own.Addr)
	for range 3 {
		s := open(t, own.URL, redis.Options{})
		bump(t, s, pages.All)
		must(t, s.Wait(t.Context(), 0))
		if clients, _ := run("CLIENT", "LIST").ToString(); !strings.Contains(clients, "name=gorgon") {
			t.Errorf("no connection has the name gorgon: %s", clients)
		}
		must(t, s.Close())
		must(t, s.Close())
		soon(t, "closing", func(context.Context) error {
			if clients, _ := run("CLIENT", "LIST").ToString(); strings.Contains(clients, "name=gorgon") {
				return errStillThere
			}
			return nil
		})
	}
}
