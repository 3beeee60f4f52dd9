//go:build unix

// Sweeps: recently read and new records stay, remains are removed.

package s3_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
)

func fill(t *testing.T, s *s3.Store, n int) (keys []pages.Key) {
	t.Helper()
	for i := range n {
		k := pages.Key{Route: "/{id}", Path: fmt.Sprint("/", i)}
		must(t, s.Put(t.Context(), pages.Record{Key: k, Data: make([]byte, 100)}, pages.Unfenced))
		keys = append(keys, k)
	}
	return keys
}

// A record that was read is kept, even if another instance read it and reported
// that before it ended, and if uses were merged since.
func TestReadRecordsAreKept(t *testing.T) {
	ctx, location := t.Context(), site(t)
	keys := fill(t, open(t, location, s3.Options{}), 6)
	p := newProxy(t, location)
	p.after = age(24 * time.Hour) // a record that was just written does not count as used
	time.Sleep(1100 * time.Millisecond)
	for _, k := range []pages.Key{keys[1], keys[4]} {
		reader := open(t, p.location, s3.Options{})
		if _, err := reader.Get(ctx, k); err != nil {
			t.Fatal(err)
		}
		reader.TellUses(ctx)
		must(t, reader.Close())
	}
	s := open(t, location, s3.Options{})
	for range 2 {
		if _, err := s.Sweep(ctx, pages.Bounds{}); err != nil {
			t.Fatal(err)
		}
	}
	if told := names(t, location, "state/uses/"); len(told) != 1 {
		t.Errorf("the uses %q are left", told)
	}
	swept, err := s.Sweep(ctx, pages.Bounds{PerRoute: 2})
	if err != nil || swept.Removed != 4 || swept.Kept != 2 {
		t.Errorf("%+v, %v", swept, err)
	}
	left := list(t, s)
	for _, k := range []pages.Key{keys[1], keys[4]} {
		if _, ok := left[k]; !ok {
			t.Errorf("%s was removed", k)
		}
	}
}

// A record that is put while it is about to be removed stays.
func TestSweepKeepsWhatIsNew(t *testing.T) {
	ctx, location := t.Context(), site(t)
	p := newProxy(t, location)
	s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
	k := fill(t, s, 1)[0]
	between(p, http.MethodDelete, func() { must(t, other.Put(ctx, pages.Record{Key: k, Data: []byte("new")}, pages.Unfenced)) })
	swept, err := s.Sweep(ctx, pages.Bounds{Bytes: 1})
	if err != nil || swept.Removed != 0 {
		t.Errorf("%+v, %v", swept, err)
	}
	if r, err := s.Get(ctx, k); err != nil || string(r.Data) != "new" {
		t.Errorf("%q, %v", r.Data, err)
	}
}

// A dead sweeper excludes others for a minute, but not forever.
func TestSweeperThatDies(t *testing.T) {
	ctx, location := t.Context(), site(t)
	fill(t, open(t, location, s3.Options{}), 3)
	dying, cancel := context.WithCancel(ctx)
	p := newProxy(t, location)
	p.before = func(r *http.Request) {
		if strings.Contains(r.URL.Query().Get("prefix"), "/v1/pages/") {
			cancel()
		}
	}
	s := open(t, p.location, s3.Options{})
	if _, err := s.Sweep(dying, pages.Bounds{PerRoute: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("it got %v", err)
	}
	if _, err := open(t, location, s3.Options{}).Sweep(ctx, pages.Bounds{PerRoute: 1}); !errors.Is(err, pages.ErrHeld) {
		t.Errorf("another got %v", err)
	}
	later := newProxy(t, location)
	later.after = shiftDate(2 * time.Minute)
	swept, err := open(t, later.location, s3.Options{}).Sweep(ctx, pages.Bounds{PerRoute: 1})
	if err != nil || swept.Removed != 2 {
		t.Errorf("a later one: %+v, %v", swept, err)
	}
}

// Remains of leases, purges and proofs are removed in time, and tokens still
// grow.
func TestLeftovers(t *testing.T) {
	ctx, location := t.Context(), site(t)
	s := open(t, location, s3.Options{})
	var tokens []uint64
	for i := range 20 {
		l, err := s.Lease(ctx, pages.Key{Path: fmt.Sprint(i)}, claim(), time.Minute)
		must(t, err)
		tokens = append(tokens, l.Token)
	}
	long := pages.Key{Path: "held for long"}
	held, err := s.Lease(ctx, long, claim(), 10*time.Hour)
	must(t, err)
	client, prefix := bucket(t, location)
	for _, name := range []string{"state/proof/1234", "state/base/0000000000000001-1234"} {
		rawWrite(t, client, prefix+name, []byte("left by one that died"))
	}
	count := func() int {
		return len(names(t, location, "state/leases/")) + len(names(t, location, "state/proof/")) + len(names(t, location, "state/base/"))
	}
	if _, err := s.Sweep(ctx, pages.Bounds{}); err != nil || count() != 23 {
		t.Errorf("of 23 objects in use or young, %d are left, %v", count(), err)
	}
	later := newProxy(t, location)
	later.after = shiftDate(3 * time.Hour)
	s = open(t, later.location, s3.Options{})
	if _, err := s.Sweep(ctx, pages.Bounds{}); err != nil || count() != 1 {
		t.Errorf("%d objects are left instead of one lease, %v", count(), err)
	}
	if other, err := s.Lease(ctx, long, claim(), time.Minute); !errors.Is(err, pages.ErrHeld) || other.Token != held.Token {
		t.Errorf("the lease that is held gave %+v, %v", other, err)
	}
	for i, token := range tokens {
		k := pages.Key{Path: fmt.Sprint(i)}
		if err := s.Put(ctx, pages.Record{Key: k}, pages.Fence{Token: token}); !errors.Is(err, pages.ErrFenced) {
			t.Errorf("a forgotten holder got %v", err)
		}
		l, err := s.Lease(ctx, k, claim(), time.Minute)
		if err != nil || l.Token <= token {
			t.Errorf("%d came after %d, %v", l.Token, token, err)
		}
	}
}

// Several thousand records are listed and swept in batches.
func TestManyRecords(t *testing.T) {
	ctx := t.Context()
	s := open(t, (&fake{}).serve(t), s3.Options{})
	const n = 2500
	var work sync.WaitGroup
	for i := range 4 {
		work.Go(func() {
			for j := i; j < n; j += 4 {
				k := pages.Key{Route: fmt.Sprint("/", j%5), Path: fmt.Sprint("/", j)}
				if err := s.Put(ctx, pages.Record{Key: k, Data: make([]byte, 10)}, pages.Unfenced); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if len(list(t, s)) != n {
		t.Error("not all are listed")
	}
	swept, err := s.Sweep(ctx, pages.Bounds{PerRoute: 100})
	if err != nil || swept.Removed != n-500 || swept.Kept != 500 || len(list(t, s)) != 500 {
		t.Errorf("%+v, %v", swept, err)
	}
}
