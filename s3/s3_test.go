//go:build unix

// The store against the contract, and what the other tests use.

package s3_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/testbed"
)

var _ pagestest.Lister = (*s3.Store)(nil) // the kit would accept a store without it

// The service of all tests that do not damage it.
var (
	service    *testbed.Server
	serviceErr error
)

func TestMain(m *testing.M) {
	if location := os.Getenv(blobsVariable); location != "" {
		fmt.Println("error", "-", 0, writeBlobs(location))
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": testbed.S3Key, "AWS_SECRET_ACCESS_KEY": testbed.S3Secret, "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	service, serviceErr = testbed.S3()
	code := m.Run()
	if serviceErr == nil {
		service.Close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		return 1
	}
	return code
}

var sites atomic.Int64

// site returns a location that is a new place in the service.
func site(t testing.TB) string {
	t.Helper()
	testbed.For(t, func() (*testbed.Server, error) { return new(testbed.Server), serviceErr })
	return through(service.Addr, fmt.Sprint("site-", sites.Add(1)))
}

// through returns the location of a prefix through an address.
func through(addr, prefix string) string {
	return "s3://pages/" + prefix + "?endpoint=http://" + addr
}

func open(t testing.TB, location string, opts s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), location, opts)
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
			location := site(t)
			return func() pages.Store {
				s := open(t, location, s3.Options{})
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

// Several sites share a bucket: the prefix of one may be the beginning of
// another's.
func TestPrefixesAreApart(t *testing.T) {
	ctx, location := t.Context(), site(t)
	whole, query, _ := strings.Cut(location, "?")
	var stores []*s3.Store
	for _, l := range []string{location, whole + "x?" + query, whole + "/v1?" + query, whole + "/v1/pages?" + query} {
		stores = append(stores, open(t, l, s3.Options{}))
	}
	key := pages.Key{Route: "/", Path: "/"}
	for i, s := range stores {
		must(t, s.Put(ctx, pages.Record{Key: key, Data: []byte{byte(i)}}, pages.Unfenced))
		for range i {
			bump(t, s, pages.All)
		}
		if _, err := s.Lease(ctx, key, claim(), time.Minute); err != nil {
			t.Error(err)
		}
	}
	for i, s := range stores {
		if r, err := s.Get(ctx, key); err != nil || r.Data[0] != byte(i) {
			t.Errorf("site %d has %v, %v", i, r.Data, err)
		}
		if e, err := s.Epochs(ctx); err != nil || e.Sequence != uint64(i) {
			t.Errorf("site %d has the sequence %d, %v", i, e.Sequence, err)
		}
		if n := len(list(t, s)); n != 1 {
			t.Errorf("site %d lists %d records", i, n)
		}
	}
}

func TestDriver(t *testing.T) {
	location := site(t)
	s, err := s3.Driver().Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bump(t.Context(), pages.Stale, pages.All); err != nil {
		t.Error(err)
	}
	must(t, s.Close())
	if s, err := s3.Driver().Open(t.Context(), "s3://"); err == nil || s != nil {
		t.Errorf("no place gave %v, %v", s, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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

// within returns a context that ends, and a check that the calls under it ended
// with it.
func within(t testing.TB, d time.Duration) (context.Context, func(err error, doing string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	end := time.Now().Add(d + 5*time.Second)
	return ctx, func(err error, doing string) {
		t.Helper()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s gave %v", doing, err)
		}
		if time.Now().After(end) {
			t.Errorf("%s did not end in time", doing)
		}
	}
}

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }
