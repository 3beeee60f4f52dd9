//go:build unix

// Servers that are unavailable, hang, restart, are full, or refuse.

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/testbed"
)

// own is a server that a test may damage.
func own(t testing.TB, args ...string) *testbed.Server {
	t.Helper()
	return testbed.For(t, func() (*testbed.Server, error) { return testbed.Redis(args...) })
}

func get(s pages.Store, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.Get(ctx, key(path))
		if errors.Is(err, pages.ErrNotFound) {
			err = nil
		}
		return err
	}
}

func TestServerAwayAtOpen(t *testing.T) {
	t.Parallel()
	away := own(t)
	away.Stop()
	s := open(t, away.URL, redis.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, err := range calls(ctx, s) {
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), away.Addr) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	must(t, away.Start())
	soon(t, "get", get(s, "/"))
	bump(t, s, pages.All)
	for name, err := range calls(t.Context(), s) {
		if err != nil {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestServerRestarts(t *testing.T) {
	t.Parallel()
	restarted := own(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, restarted.URL, redis.Options{})
	put(t, s, "/a", "one")
	bump(t, s, "tag:a")
	for i := range 3 {
		restarted.Kill()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := s.Epochs(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("a server that is gone gave %v", err)
		}
		cancel()
		must(t, restarted.Start())
		soon(t, "get", get(s, "/a"))
		if r, err := s.Get(t.Context(), key("/a")); err != nil || string(r.Data) != "one" {
			t.Errorf("get gave %q, %v", r.Data, err)
		}
		if n := bump(t, s, "tag:a"); n != uint64(i+2) {
			t.Errorf("bump gave %d", n)
		}
	}
}

func TestServerHangs(t *testing.T) {
	t.Parallel()
	hanging := own(t)
	s := open(t, hanging.URL, redis.Options{})
	bump(t, s, pages.All)
	hanging.Pause()
	defer hanging.Resume()
	fresh := open(t, hanging.URL, redis.Options{}) // the kernel accepts the connection
	for _, s := range []*redis.Store{s, fresh} {
		ended(t, s, "a deadline", context.DeadlineExceeded, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 200*time.Millisecond)
		})
		ended(t, s, "a cancel", context.Canceled, func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, cancel
		})
	}
	done := make(chan error)
	go func() { done <- fresh.Close() }()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(15 * time.Second):
		t.Error("Close hangs with the server")
	}
	hanging.Resume()
	soon(t, "bump", func(ctx context.Context) error {
		_, err := s.Bump(ctx, pages.Stale, pages.All)
		return err
	})
}

// ended checks that each method ends with its context.
func ended(t *testing.T, s *redis.Store, by string, want error, with func() (context.Context, context.CancelFunc)) {
	t.Helper()
	for name, call := range map[string]func(context.Context) error{
		"Get":         get(s, "/"),
		"Put":         func(ctx context.Context) error { return s.Put(ctx, pages.Record{Key: key("/")}, pages.Unfenced) },
		"Bump":        func(ctx context.Context) error { _, err := s.Bump(ctx, pages.Stale, "tag:a"); return err },
		"Epochs":      func(ctx context.Context) error { _, err := s.Epochs(ctx); return err },
		"Wait":        func(ctx context.Context) error { return s.Wait(ctx, 1<<50) },
		"Lease":       func(ctx context.Context) error { _, err := s.Lease(ctx, key("/"), claim(), time.Second); return err },
		"Acknowledge": func(ctx context.Context) error { _, err := s.Acknowledge(ctx, "me", 0, time.Second); return err },
	} {
		ctx, cancel := with()
		began := time.Now()
		if err := call(ctx); !errors.Is(err, want) || time.Since(began) > 10*time.Second {
			t.Errorf("%s under %s gave %v after %v", name, by, err, time.Since(began))
		}
		cancel()
	}
}

// A server that accepts connections and never answers.
func TestDialHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	s := open(t, "redis://"+l.Addr().String(), redis.Options{})
	ended(t, s, "a cancel", context.Canceled, func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		return ctx, cancel
	})
	must(t, s.Close())
}

// A connection that is lost during a call costs the answer if the call cannot
// be repeated, and nothing otherwise.
func TestConnectionReset(t *testing.T) {
	t.Parallel()
	upstream := own(t)
	proxy, err := testbed.NewProxy(upstream.Addr)
	must(t, err)
	defer proxy.Close()
	s := open(t, proxy.URL(upstream), redis.Options{})
	put(t, s, "/a", "one")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, proxy.Spoil(testbed.Fault{Reset: true}))
	if err := get(s, "/a")(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("get gave %v", err)
	}
	must(t, proxy.Spoil(testbed.Fault{Gone: true}))
	if err := get(s, "/a")(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("get gave %v", err)
	}
	must(t, proxy.Spoil(testbed.Fault{}))
	soon(t, "get", get(s, "/a"))
	direct(t, upstream.Addr)("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	put(t, s, "/a", "two")
	must(t, get(s, "/a")(t.Context()))
}

// While memory is full, pages are not written and everything else works.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	full := own(t, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction")
	s := open(t, full.URL, redis.Options{})
	data := make([]byte, 200<<10)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = s.Put(t.Context(), pages.Record{Key: key(fmt.Sprint("/", i)), Data: data}, pages.Unfenced)
	}
	if err == nil || !strings.Contains(err.Error(), "maxmemory-policy") {
		t.Fatalf("a full server gave %v", err)
	}
	if _, err := s.Get(t.Context(), key("/0")); err != nil {
		t.Error(err)
	}
	for i := range 50 {
		if n := bump(t, s, fmt.Sprint("tag:", i)); n != uint64(i+1) {
			t.Errorf("bump gave %d", n)
		}
	}
	for name, err := range calls(t.Context(), s) {
		if err != nil && name != "Put" {
			t.Errorf("%s gave %v", name, err)
		}
	}
	swept, err := s.Sweep(t.Context(), pages.Bounds{Bytes: 1 << 20})
	if err != nil || swept.Removed == 0 {
		t.Errorf("sweep gave %+v, %v", swept, err)
	}
	soon(t, "put", func(ctx context.Context) error { // the server frees in the background
		return s.Put(ctx, pages.Record{Key: key("/new"), Data: data}, pages.Unfenced)
	})
}

func TestReplica(t *testing.T) {
	t.Parallel()
	primary := own(t, "--repl-diskless-sync-delay", "0")
	s := open(t, primary.URL, redis.Options{})
	put(t, s, "/a", "one")
	bump(t, s, "tag:a")
	host, port, _ := net.SplitHostPort(primary.Addr)
	copied := own(t, "--replicaof", host, port)
	replica := open(t, copied.URL, redis.Options{})
	soon(t, "replication", func(ctx context.Context) error { _, err := replica.Get(ctx, key("/a")); return err })
	all := calls(t.Context(), replica)
	for _, name := range []string{"Get", "Epochs", "List", "Changes", "Wait", "Lagging"} {
		if err := all[name]; err != nil {
			t.Errorf("%s gave %v", name, err)
		}
	}
	for _, name := range []string{"Put", "Delete", "Bump", "Lease", "Acknowledge", "Sweep"} {
		if err := all[name]; !errors.Is(err, pages.ErrReadOnly) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

// A user without the password or a right gets an error that says so, and no
// error contains the password.
func TestRefused(t *testing.T) {
	t.Parallel()
	strict := own(t)
	must(t, grant(strict.URL, "-hmget -evalsha -eval"))
	direct(t, strict.Addr)("CONFIG", "SET", "requirepass", "of-default")
	for location, want := range map[string]string{
		strict.URL:                              "redis://user:password@host",
		"redis://gorgon:hunter2@" + strict.Addr: "the user or the password",
		"redis://:hunter2@" + strict.Addr:       "the user or the password",
		"redis://gorgon:" + strings.ReplaceAll(password, "/", "%2F") + "@" + strict.Addr:    "lacks a right",
		"rediss://gorgon:hunter2@" + strict.Addr + "?dial_timeout=1s":                       "TLS",
		"redis://gorgon:hunter2@" + strict.Addr + "/99":                                     "the user or the password",
		"redis://gorgon:hunter2@127.0.0.1:1?addr=127.0.0.1:2&master_set=m&protocol=2":       "connect",
		"unix://gorgon:hunter2@/nowhere/redis.sock":                                         "/nowhere/redis.sock",
		"redis://default:of-default@" + strict.Addr + "/99?prefix=a":                        "range",
		"valkey://default:of-default@" + strict.Addr + "?protocol=2&client_name=a&prefix=b": "",
	} {
		s := open(t, location, redis.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		_, err := s.Get(ctx, key("/"))
		_, err2 := s.Bump(ctx, pages.Stale, pages.All)
		cancel()
		for _, err := range []error{err, err2} {
			if want == "" && (err == nil || errors.Is(err, pages.ErrNotFound)) {
				continue
			}
			text := fmt.Sprintf("%v %+v", err, err)
			if err == nil || want == "" || !strings.Contains(text, want) || strings.Contains(text, "hunter2") || strings.Contains(text, "s3cret") {
				t.Errorf("%s gave %v", location, err)
			}
		}
		must(t, s.Close())
	}
}
