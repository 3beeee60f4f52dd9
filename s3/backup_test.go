//go:build unix

// Backups that are restored while the store is open: an instance that knew of
// more purges notices. And answers that are lost.

package s3_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
)

// saved copies all objects of a location, and returns a function that restores
// them.
func saved(t *testing.T, location string) (restore func()) {
	t.Helper()
	client, prefix := bucket(t, location)
	was := make(map[string][]byte)
	for _, name := range names(t, location, "") {
		was[name] = rawRead(t, client, prefix+name)
	}
	return func() {
		for _, name := range names(t, location, "") {
			must(t, client.RemoveObject(t.Context(), "pages", prefix+name, minio.RemoveObjectOptions{}))
		}
		for name, data := range was {
			rawWrite(t, client, prefix+name, data)
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
	for name, notice := range map[string]func(s *s3.Store, known uint64) error{
		"Epochs":  func(s *s3.Store, _ uint64) error { return second(s.Epochs(t.Context())) },
		"Changes": func(s *s3.Store, known uint64) error { _, _, err := s.Changes(t.Context(), known); return err },
		"Bump":    func(s *s3.Store, _ uint64) error { return second(s.Bump(t.Context(), pages.Stale, "tag:b")) },
		"Wait":    func(s *s3.Store, known uint64) error { return waits(t, s, known) },
	} {
		for _, more := range []int{0, 1, 3} {
			t.Run(fmt.Sprint(name, " and ", more, " more"), func(t *testing.T) {
				location := site(t)
				s, stranger := open(t, location, s3.Options{}), open(t, location, s3.Options{})
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

// The response to a lease is lost: the caller has the lease all the same, even
// if it has to ask again itself.
func TestLostLease(t *testing.T) {
	ctx, location := t.Context(), site(t)
	p := newProxy(t, location)
	s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
	bump(t, s, pages.All)
	var cut atomic.Int64
	p.after = func(r *http.Response) error {
		if is(r.Request, "PUT", "/state/leases/") && cut.Add(-1) >= 0 {
			return errCut
		}
		return nil
	}
	key := pages.Key{Path: "/a"}
	cut.Store(1)
	l, err := s.Lease(ctx, key, rand.Text(), time.Hour)
	must(t, err)
	if held, err := other.Lease(ctx, key, rand.Text(), time.Hour); !errors.Is(err, pages.ErrHeld) || held.Token != l.Token {
		t.Errorf("the other gets %+v, %v, and the lease is %+v", held, err, l)
	}
	must(t, s.Put(ctx, pages.Record{Key: key, Data: []byte("new")}, pages.Fence{Token: l.Token}))
	must(t, s.Release(ctx, l))

	claim := rand.Text()
	cut.Store(1000)
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if l, err := s.Lease(short, key, claim, time.Hour); err == nil {
		t.Errorf("no response arrived, and the lease is %+v", l)
	}
	held, err := other.Lease(ctx, key, rand.Text(), time.Hour)
	if !errors.Is(err, pages.ErrHeld) {
		t.Fatalf("the lease is free: %v", err)
	}
	cut.Store(0)
	l, err = s.Lease(ctx, key, claim, time.Hour)
	if err != nil || l.Token != held.Token {
		t.Errorf("asked again it is %+v, %v, and the lease that is held %+v", l, err, held)
	}
}

// Once another takes a store over, it is closed to those that have it open.
func TestTakenOver(t *testing.T) {
	ctx, location := t.Context(), site(t)
	s, other := open(t, location, s3.Options{}), open(t, location, s3.Options{})
	must(t, s.Claim(ctx, "shop/", false))
	key := pages.Key{Path: "/a"}
	must(t, s.Put(ctx, pages.Record{Key: key}, pages.Unfenced))
	must(t, other.Claim(ctx, "blog/", true))
	if err := second(s.Epochs(ctx)); !errors.Is(err, pages.ErrForeign) {
		t.Errorf("Epochs gave %v", err)
	}
	for name, err := range map[string]error{
		"Get":    second(s.Get(ctx, key)),
		"Put":    s.Put(ctx, pages.Record{Key: key}, pages.Unfenced),
		"Delete": s.Delete(ctx, key, pages.Unfenced),
		"Lease":  second(s.Lease(ctx, key, rand.Text(), time.Minute)),
		"Bump":   second(s.Bump(ctx, pages.Stale, pages.All)),
		"Wait":   s.Wait(ctx, 0),
		"List":   s.List(ctx, func(pages.Info) bool { return true }),
		"Sweep":  second(s.Sweep(ctx, pages.Bounds{})),
	} {
		if !errors.Is(err, pages.ErrForeign) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	must(t, other.Claim(ctx, "shop/", true))
	if e, err := s.Epochs(ctx, pages.All); err != nil || e.Marks[0].Expired != 2 {
		t.Errorf("after it was given back it has %+v, %v", e, err)
	}
	must(t, s.Put(ctx, pages.Record{Key: key}, pages.Unfenced))
}
