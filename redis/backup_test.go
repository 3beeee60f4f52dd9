//go:build unix

// Backups that are restored, and replicas that take over, while the store is
// open: an instance that knew of more purges notices.

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/testbed"
)

// saved copies all keys of a location, and returns a function that restores
// them.
func saved(t *testing.T, location string) (restore func()) {
	t.Helper()
	run := direct(t, server.Addr)
	names := func() []string {
		list, err := run("KEYS", base(location)+"*").AsStrSlice()
		must(t, err)
		return list
	}
	dumps := make(map[string]string)
	for _, name := range names() {
		dump, err := run("DUMP", name).ToString()
		must(t, err)
		dumps[name] = dump
	}
	return func() {
		if left := names(); len(left) > 0 {
			run(append([]string{"DEL"}, left...)...)
		}
		for name, dump := range dumps {
			run("RESTORE", name, "0", dump)
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
// sequence.
func expired(t *testing.T, s pages.Store, after uint64) {
	t.Helper()
	e, err := s.Epochs(t.Context(), pages.All, "tag:any")
	must(t, err)
	if e.Sequence <= after || e.Marks[0].Expired <= after || e.Marks[1].Expired <= after {
		t.Errorf("after purge %d the state is %+v", after, e)
	}
}

// After a restore, another purge may get the number of a lost one before the
// process that knew the lost one asks again. Every call notices it all the
// same.
func TestRestoredAndPurgedAsOften(t *testing.T) {
	t.Parallel()
	notices := map[string]func(s *redis.Store, known uint64) error{
		"Epochs":  func(s *redis.Store, _ uint64) error { _, err := s.Epochs(t.Context()); return err },
		"Changes": func(s *redis.Store, known uint64) error { _, _, err := s.Changes(t.Context(), known); return err },
		"Bump":    func(s *redis.Store, _ uint64) error { _, err := s.Bump(t.Context(), pages.Stale, "tag:b"); return err },
		"Wait": func(s *redis.Store, known uint64) error {
			if err := waits(t, s, known); err != nil {
				return err
			}
			_, err := s.Acknowledge(t.Context(), "me", known, time.Minute) // which is the next number
			return err
		},
		"Acknowledge": func(s *redis.Store, known uint64) error {
			_, err := s.Acknowledge(t.Context(), "me", known, time.Minute)
			return err
		},
		"Put": func(s *redis.Store, _ uint64) error {
			return s.Put(t.Context(), pages.Record{Key: key("/a")}, pages.Unfenced)
		},
		// A call that only reads does not confirm the state, but never forgets
		// that it is wrong.
		"Get": func(s *redis.Store, _ uint64) error {
			if _, err := s.Get(t.Context(), key("/a")); err != nil && !errors.Is(err, pages.ErrNotFound) {
				return err
			}
			_, err := s.Epochs(t.Context())
			return err
		},
	}
	for _, more := range []int{0, 1, 3} {
		for name, notice := range notices {
			t.Run(fmt.Sprint(name, " and ", more, " more"), func(t *testing.T) {
				location := place(t)
				s, stranger := open(t, location, redis.Options{}), open(t, location, redis.Options{})
				bump(t, s, "tag:a")
				restore := saved(t, location)
				known := bump(t, s, "tag:lost")
				restore()
				for n := uint64(0); n < known+uint64(more); {
					n = bump(t, stranger, "tag:b")
				}
				must(t, notice(s, known))
				expired(t, s, known+uint64(more))
				expired(t, stranger, known+uint64(more))
			})
		}
	}
}

// A replica that missed purges takes over.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := own(t)
	gate, err := testbed.NewGate(primary.Addr)
	must(t, err)
	defer gate.Close()
	location := "redis://" + gate.Addr + "?prefix=failover"
	s, other := open(t, location, redis.Options{}), open(t, location, redis.Options{})
	put(t, s, "/a", "old")
	bump(t, s, "tag:a")
	replica, err := testbed.RedisReplica(primary)
	must(t, err)
	defer replica.Close()
	must(t, replica.Link.Spoil(testbed.Fault{Gone: true}))
	for range 3 {
		bump(t, s, "tag:lost")
	}
	known := bump(t, other, "tag:lost")
	primary.Kill()
	must(t, replica.Promote())
	gate.Lead(replica.Addr)
	soon(t, "read from the replica", func(ctx context.Context) error {
		r, err := s.Get(ctx, key("/a"))
		if err == nil && string(r.Data) != "old" {
			t.Errorf("the replica has %q", r.Data)
		}
		return err
	})
	soon(t, "hear of it", func(ctx context.Context) error { return other.Wait(ctx, known) })
	expired(t, s, known)
	expired(t, other, known)
}
