//go:build unix

// The store against the contract, and what the other tests use.

package redis_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/testbed"
)

var _ pagestest.Lister = (*redis.Store)(nil) // the kit would accept a store without it

// The server of all tests that do not damage it.
var (
	server    *testbed.Server
	serverErr error
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if role := os.Getenv(roleVariable); role != "" {
		return child(role, os.Args[len(os.Args)-1])
	}
	server, serverErr = testbed.Redis()
	if serverErr == nil {
		// The store needs no more rights than the documentation lists.
		serverErr = grant(server.URL, "")
	}
	code := m.Run()
	if server != nil {
		server.Close()
	}
	// The goroutines that rueidis leaves after a cluster's client end within a
	// second.
	err := goleak.Find()
	for end := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(end); {
		err = goleak.Find()
	}
	if err != nil && code == 0 {
		fmt.Println(err)
		return 1
	}
	return code
}

const password = "s3cret/pass"

// grant creates a user "gorgon" with the rights that the documentation lists,
// for any prefix, and further ones.
func grant(url, more string) error {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		return err
	}
	var rights []string
	for line := range strings.Lines(string(doc)) {
		text, ok := strings.CutPrefix(line, "//\t")
		if ok && strings.ContainsAny(text[:1], "~+") {
			rights = append(rights, strings.Fields(text)...)
		}
	}
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return err
	}
	option.DisableCache = true
	c, err := rueidis.NewClient(option)
	if err != nil {
		return err
	}
	defer c.Close()
	set := func(rights []string) error {
		command := append([]string{"SETUSER", "gorgon", "reset", "on", ">" + password}, rights...)
		return c.Do(context.Background(), c.B().Arbitrary("ACL").Args(command...).Build()).Error()
	}
	for i := range rights {
		rights[i] = strings.ReplaceAll(rights[i], "{gorgon}", "{*}")
	}
	rights = append(rights, strings.Fields(more)...)
	err = set(rights)
	if err != nil && strings.Contains(err.Error(), "'&") { // before version 6.2 there were no rights to channels
		err = set(slices.DeleteFunc(rights, func(r string) bool { return r[0] == '&' }))
	}
	return err
}

var prefixes atomic.Int64

// place returns the location of a new place in the common server.
func place(t testing.TB) string {
	t.Helper()
	testbed.For(t, func() (*testbed.Server, error) { return new(testbed.Server), serverErr })
	return "redis://gorgon:" + strings.ReplaceAll(password, "/", "%2F") + "@" + server.Addr + prefix()
}

// prefix returns a query that names a new prefix.
func prefix() string { return fmt.Sprint("?prefix=test-", prefixes.Add(1)) }

func open(t testing.TB, location string, opts redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), location, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	var locations sync.Map
	pagestest.Harness{
		TTL: 300 * time.Millisecond,
		Place: func(t *testing.T) func() pages.Store {
			location := place(t)
			return func() pages.Store {
				s := open(t, location, redis.Options{})
				locations.Store(s, location)
				return s
			}
		},
		Snapshot: func(t *testing.T, s pages.Store) (restore func()) {
			location, _ := locations.Load(s)
			return saved(t, location.(string))
		},
	}.Run(t)
}

func TestDriver(t *testing.T) {
	t.Parallel()
	s, err := redis.Driver().Open(t.Context(), place(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bump(t.Context(), pages.Stale, pages.All); err != nil {
		t.Error(err)
	}
	must(t, s.Close())
	if s, err := redis.Driver().Open(t.Context(), "redis://"); err == nil || s != nil {
		t.Errorf("no place gave %v, %v", s, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func key(path string) pages.Key { return pages.Key{Route: "/{path...}", Path: path} }

func put(t testing.TB, s pages.Store, path, data string) {
	t.Helper()
	must(t, s.Put(t.Context(), pages.Record{Key: key(path), Data: []byte(data)}, pages.Unfenced))
}

func bump(t testing.TB, s pages.Store, subjects ...string) uint64 {
	t.Helper()
	n, err := s.Bump(t.Context(), pages.Expire, subjects...)
	must(t, err)
	return n
}

func list(t testing.TB, s pagestest.Lister) map[pages.Key]pages.Info {
	t.Helper()
	all := make(map[pages.Key]pages.Info)
	must(t, s.List(t.Context(), func(i pages.Info) bool {
		all[i.Key] = i
		return true
	}))
	return all
}

// direct returns a client of our own, as the server's default user.
func direct(t testing.TB, addr string) func(args ...string) rueidis.RedisResult {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, ForceSingleClient: true})
	must(t, err)
	t.Cleanup(c.Close)
	return func(args ...string) rueidis.RedisResult {
		t.Helper()
		r := c.Do(t.Context(), c.B().Arbitrary(args[0]).Args(args[1:]...).Build())
		if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
			t.Fatalf("%q gave %v", args, err)
		}
		return r
	}
}

// calls are the results of each method, by name.
func calls(ctx context.Context, s *redis.Store) map[string]error {
	k, all := key("/call"), make(map[string]error)
	_, all["Get"] = s.Get(ctx, k)
	all["Put"] = s.Put(ctx, pages.Record{Key: k, Data: []byte("x")}, pages.Unfenced)
	all["Delete"] = s.Delete(ctx, k, pages.Unfenced)
	_, all["Epochs"] = s.Epochs(ctx, pages.All)
	_, all["Bump"] = s.Bump(ctx, pages.Stale, "tag:call")
	l, err := s.Lease(ctx, k, claim(), time.Second)
	all["Lease"], all["Release"] = err, s.Release(ctx, pages.Lease{Key: k, Token: l.Token})
	all["List"] = s.List(ctx, func(pages.Info) bool { return true })
	_, _, all["Changes"] = s.Changes(ctx, 0)
	all["Wait"] = s.Wait(ctx, 0)
	_, all["Acknowledge"] = s.Acknowledge(ctx, "me", 0, time.Second)
	_, all["Lagging"] = s.Lagging(ctx, 1)
	_, all["Sweep"] = s.Sweep(ctx, pages.Bounds{PerRoute: 1000})
	if errors.Is(all["Get"], pages.ErrNotFound) {
		all["Get"] = nil
	}
	return all
}

// soon tries something until it works.
func soon(t testing.TB, doing string, try func(ctx context.Context) error) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err := try(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s still does not work: %v", doing, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }
