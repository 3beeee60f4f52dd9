//go:build unix

// Sessions against the contract, and what becomes of them where the server
// evicts.

package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/sessions/sessionstest"
)

func openSessions(t testing.TB, location string, log *slog.Logger) *redis.Sessions {
	t.Helper()
	s, err := redis.OpenSessions(t.Context(), location, redis.SessionsOptions{Log: log})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sessionsHarness opens stores at locations of a server.
func sessionsHarness(addr string, location func(t *testing.T) string) sessionstest.Harness {
	var prefixes sync.Map
	return sessionstest.Harness{
		Place: func(t *testing.T) func() sessions.Store {
			location := location(t)
			_, prefix, _ := strings.Cut(location, "prefix=")
			return func() sessions.Store {
				s := openSessions(t, location, nil)
				prefixes.Store(s, prefix)
				return s
			}
		},
		Kept: func(t *testing.T, s sessions.Store) (records, limits int) {
			prefix, _ := prefixes.Load(s)
			do := direct(t, addr)
			count := func(what string) int {
				keys, err := do("KEYS", "{"+prefix.(string)+"}:v1:"+what+":*").AsStrSlice()
				must(t, err)
				return len(keys)
			}
			return count("session"), count("limit")
		},
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	place(t) // skips or fails without a server
	sessionsHarness(server.Addr, func(t *testing.T) string { return place(t) }).Run(t)
}

func session(name, user string) sessions.Record {
	return sessions.Record{ID: sessions.IDOf(name), Kind: "session", User: user, Data: []byte("data"), Made: time.Now(), Used: time.Now(), Expires: time.Now().Add(time.Hour)}
}

// The server forgets records and lists by itself, an hour after the last of them
// has expired; those that never expire stay.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, do := openSessions(t, location, nil), direct(t, server.Addr)
	_, prefix, _ := strings.Cut(location, "prefix=")
	ends := func(key string) time.Time {
		t.Helper()
		n, err := do("PEXPIRETIME", "{"+prefix+"}:v1:"+key).AsInt64()
		must(t, err)
		if n < 0 {
			return time.Time{}
		}
		return time.UnixMilli(n)
	}
	short, long := session("short", "7"), session("long", "7")
	long.Expires = long.Expires.Add(time.Hour)
	must(t, s.Put(t.Context(), long))
	must(t, s.Put(t.Context(), short))
	want := func(key string, r sessions.Record) {
		t.Helper()
		at := time.Time{}
		if !r.Expires.IsZero() {
			at = r.Expires.Add(sessions.Grace).Truncate(time.Millisecond)
		}
		if got := ends(key); !got.Equal(at) {
			t.Errorf("%s ends at %v, want %v", key, got, at)
		}
	}
	want("session:"+short.ID.String(), short)
	want("session:"+long.ID.String(), long)
	want("user:7", long)
	long.Expires = time.Time{}
	must(t, s.Touch(t.Context(), long.Kind, long.ID, long.Used, long.Expires))
	want("session:"+long.ID.String(), long)
	want("user:7", long)
	next := session("next", "7")
	must(t, s.Replace(t.Context(), long.ID, next))
	want("user:7", next)
	if n, err := s.Revoke(t.Context(), "", "7"); err != nil || n != 2 {
		t.Errorf("revoked %d, %v", n, err)
	}
	if n, err := do("EXISTS", "{"+prefix+"}:v1:user:7").AsInt64(); err != nil || n != 0 {
		t.Errorf("the list is still there, %v", err)
	}
}

// A record whose user's list was evicted is missing: a revoke would not find it.
func TestEvictedListOfSessions(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, do := openSessions(t, location, nil), direct(t, server.Addr)
	_, prefix, _ := strings.Cut(location, "prefix=")
	a, b := session("a", "7"), session("b", "7")
	must(t, s.Put(t.Context(), a))
	do("DEL", "{"+prefix+"}:v1:user:7")
	must(t, s.Put(t.Context(), b))
	if n, err := s.Revoke(t.Context(), "session", "7"); err != nil || n != 1 {
		t.Errorf("revoked %d, %v", n, err)
	}
	for _, r := range []sessions.Record{a, b} {
		_, get := s.Get(t.Context(), r.Kind, r.ID)
		_, take := s.Take(t.Context(), r.Kind, r.ID)
		for name, err := range map[string]error{
			"Get": get, "Take": take, "Touch": s.Touch(t.Context(), r.Kind, r.ID, r.Used, r.Expires), "Replace": s.Replace(t.Context(), r.ID, session("c", "7")),
		} {
			if !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("%s gave %v", name, err)
			}
		}
	}
}

// A server that may evict sessions is reported once.
func TestSessionsWhereTheServerEvicts(t *testing.T) {
	t.Parallel()
	for policy, warns := range map[string]bool{"noeviction": false, "volatile-lru": true, "allkeys-lru": true} {
		server := own(t, "--maxmemory", "100mb", "--maxmemory-policy", policy)
		var mu sync.Mutex
		var said bytes.Buffer
		s := openSessions(t, server.URL, slog.New(slog.NewTextHandler(&locked{&mu, &said}, nil)))
		for range 3 {
			if _, err := s.Spend(t.Context(), "key", sessions.Rate{N: 100, Per: time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		count := func() int {
			mu.Lock()
			defer mu.Unlock()
			return strings.Count(said.String(), "evicts sessions")
		}
		if warns {
			soon(t, "the report of "+policy, func(context.Context) error {
				if count() == 0 {
					return errors.New("it is not reported")
				}
				return nil
			})
		}
		must(t, s.Close()) // which waits for what is done in the background
		if n := count(); (n == 1) != warns {
			t.Errorf("%s is reported %d times: %s", policy, n, said.String())
		}
	}
}

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// Where memory is full, nothing is added, and all else works.
func TestSessionsWhereMemoryIsFull(t *testing.T) {
	t.Parallel()
	server := own(t, "--maxmemory", "0", "--maxmemory-policy", "noeviction")
	s, do := openSessions(t, server.URL, nil), direct(t, server.Addr)
	a, b := session("a", "7"), session("b", "7")
	must(t, s.Put(t.Context(), a))
	must(t, s.Put(t.Context(), b))
	if _, err := s.Spend(t.Context(), "key", sessions.Rate{N: 1, Per: time.Hour}); err != nil {
		t.Fatal(err)
	}
	do("CONFIG", "SET", "maxmemory", "1")
	err := s.Put(t.Context(), session("c", "7"))
	if err == nil || !strings.Contains(err.Error(), "raise maxmemory") {
		t.Errorf("Put gave %v", err)
	}
	_, get := s.Get(t.Context(), a.Kind, a.ID)
	must(t, get)
	must(t, s.Touch(t.Context(), a.Kind, a.ID, a.Used, a.Expires))
	must(t, s.Replace(t.Context(), a.ID, session("d", "7")))
	_, take := s.Take(t.Context(), b.Kind, b.ID)
	must(t, take)
	if n, err := s.Revoke(t.Context(), "", "7"); err != nil || n != 1 {
		t.Errorf("revoked %d, %v", n, err)
	}
}

// The variable is read at the first use.
func TestSessionsFrom(t *testing.T) {
	const variable = "GORGON_TEST_SESSIONS_URL"
	location := place(t)
	s := redis.SessionsFrom(variable)
	r := session("a", "7")
	if err := s.Put(t.Context(), r); err == nil || !strings.Contains(err.Error(), variable+" is not set") {
		t.Errorf("without the variable Put gave %v", err)
	}
	t.Setenv(variable, "http://user:secret@host")
	if err := s.Put(t.Context(), r); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("with another variable Put gave %v", err)
	}
	t.Setenv(variable, location)
	must(t, s.Put(t.Context(), r))
	got, err := s.Get(t.Context(), r.Kind, r.ID)
	if err != nil || got.User != "7" {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, s.Close())
	must(t, s.Close())
	if _, err := s.Get(t.Context(), r.Kind, r.ID); !errors.Is(err, sessions.ErrClosed) {
		t.Errorf("after Close Get gave %v", err)
	}
	unused := redis.SessionsFrom(variable)
	must(t, unused.Close())
	if err := unused.Put(t.Context(), r); !errors.Is(err, sessions.ErrClosed) {
		t.Errorf("after Close Put gave %v", err)
	}
}

// The whole contract holds for a store that is named by a variable.
func TestSessionsFromContract(t *testing.T) {
	const variable = "GORGON_TEST_SESSIONS_URL"
	sessionstest.Run(t, func(t *testing.T) func() sessions.Store {
		t.Setenv(variable, place(t))
		return func() sessions.Store { return redis.SessionsFrom(variable) }
	})
}

// A server that was lost says so, and one that is back is used again.
func TestSessionsOfAServerThatEnds(t *testing.T) {
	t.Parallel()
	server := own(t)
	s := openSessions(t, server.URL, nil)
	r := session("a", "7")
	must(t, s.Put(t.Context(), r))
	server.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Get(ctx, r.Kind, r.ID); err == nil || errors.Is(err, sessions.ErrNotFound) {
		t.Errorf("without a server Get gave %v", err)
	}
	must(t, server.Start())
	soon(t, "Get", func(ctx context.Context) error {
		if _, err := s.Get(ctx, r.Kind, r.ID); !errors.Is(err, sessions.ErrNotFound) { // it kept nothing
			return err
		}
		return nil
	})
}

func BenchmarkSessions(b *testing.B) {
	s, do := openSessions(b, place(b), nil), direct(b, server.Addr)
	r := session("one", "7")
	r.Data = make([]byte, 200)
	must(b, s.Put(b.Context(), r))
	other, n := r, 0
	other.User = "of many"
	for name, call := range map[string]func() error{
		"RoundTrip": func() error { return do("PING").Error() },
		"Get": func() error {
			_, err := s.Get(b.Context(), r.Kind, r.ID)
			return err
		},
		"Put": func() error {
			n++
			other.ID = sessions.ID{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
			return s.Put(b.Context(), other)
		},
		"Spend": func() error {
			_, err := s.Spend(b.Context(), "key", sessions.Rate{N: 1000, Per: time.Second, Burst: 1 << 20})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(b, call())
			}
		})
	}
}
