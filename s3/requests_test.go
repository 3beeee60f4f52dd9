//go:build unix

// What calls cost: the requests that they make.

package s3_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
)

func TestRequests(t *testing.T) {
	ctx, location := t.Context(), site(t)
	p := newProxy(t, location)
	s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
	key, none := pages.Key{Route: "/{id}", Path: "/1"}, pages.Key{Route: "/{id}", Path: "/none"}
	record := pages.Record{Key: key, Data: []byte("data")}
	subjects := pages.Subjects(key, []string{"t"})
	var lease pages.Lease
	var n uint64
	get := func() error { _, err := s.Get(ctx, key); return err }
	bump := func(s pages.Store) func() error {
		return func() (err error) { n, err = s.Bump(ctx, pages.Stale, "tag:t"); return err }
	}
	for _, step := range []struct {
		call     string
		do       func() error
		requests string
	}{
		{"Open", func() error { return nil }, ""},
		{"the first contact ever", func() error { _, err := s.Epochs(ctx); return err },
			"DELETE state/proof/, DELETE state/proof/, GET ?pages/, GET state/head, GET state/head, " +
				"PUT state/head, PUT state/proof/, PUT state/proof/, PUT state/proof/, PUT state/proof/"},
		{"Put", func() error { return s.Put(ctx, record, pages.Unfenced) }, "PUT pages/"},
		{"Get", get, "GET pages/"},
		{"Get of nothing", func() error {
			if _, err := s.Get(ctx, none); !errors.Is(err, pages.ErrNotFound) {
				return err
			}
			return nil
		}, "GET pages/"},
		{"Bump", bump(s), "PUT state/head"},
		{"another Bump", bump(s), "PUT state/head"},
		{"Bump elsewhere", bump(other), ""},
		{"Bump after one elsewhere", bump(s), "GET state/head, PUT state/head, PUT state/head"},
		{"Epochs", func() error { _, err := s.Epochs(ctx, subjects...); return err }, "GET state/head"},
		{"Bump elsewhere again", bump(other), ""},
		{"Changes", func() error { _, _, err := s.Changes(ctx, 0); return err }, "GET state/head"},
		{"Wait for what is known", func() error { return s.Wait(ctx, n-1) }, ""},
		{"Put with an epoch", func() error { return s.Put(ctx, record, pages.Fence{Epoch: n}) }, "GET pages/, PUT pages/"},
		{"Lease", func() (err error) { lease, err = s.Lease(ctx, key, claim(), time.Minute); return err },
			"GET state/leases/, PUT state/leases/"},
		{"Lease that is held", func() error {
			if _, err := s.Lease(ctx, key, claim(), time.Minute); !errors.Is(err, pages.ErrHeld) {
				return errors.New("it is not held")
			}
			return nil
		}, "GET state/leases/"},
		{"Put with a token", func() error {
			return s.Put(ctx, record, pages.Fence{Epoch: n, Token: lease.Token})
		}, "GET pages/, GET state/leases/, GET state/leases/, PUT pages/"},
		{"Claim", func() error { return s.Claim(ctx, "shop/", false) }, "GET state/head, PUT state/head"},
		{"Claim again", func() error { return s.Claim(ctx, "shop/", false) }, "GET state/head"},
		{"Release", func() error { return s.Release(ctx, lease) }, "GET state/leases/, PUT state/leases/"},
		{"List", func() error { return s.List(ctx, func(pages.Info) bool { return true }) }, "GET ?pages/, GET ?state/uses/"},
		{"Sweep of nothing", func() error { _, err := s.Sweep(ctx, pages.Bounds{Bytes: 1 << 30, PerRoute: 10}); return err },
			"GET ?pages/, GET ?state/, GET ?state/uses/, GET state/head, GET state/sweep, GET state/sweep, PUT state/sweep, PUT state/sweep"},
		{"Delete with an epoch", func() error { return s.Delete(ctx, key, pages.Fence{Epoch: n}) }, "DELETE pages/, GET pages/"},
		{"Delete", func() error { return s.Delete(ctx, key, pages.Unfenced) }, "DELETE pages/"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.call, err)
		}
		if got := p.since(); got != step.requests {
			t.Errorf("%s made the requests\n\t%s\ninstead of\n\t%s", step.call, got, step.requests)
		}
	}

	// A store that is opened later proves the conditions when it coordinates,
	// and not before.
	s = open(t, p.location, s3.Options{})
	if _, err := s.Epochs(ctx); err != nil || p.since() != "GET state/head" {
		t.Error("a later store does more than read", err)
	}
	must(t, bump(s)())
	if got := p.since(); got != "DELETE state/proof/, DELETE state/proof/, PUT state/head, "+
		"PUT state/proof/, PUT state/proof/, PUT state/proof/, PUT state/proof/" {
		t.Errorf("the first Bump of a later store made the requests %s", got)
	}
}

// The head is small after any number of purges; a new base is rare.
func TestRequestsOfManyPurges(t *testing.T) {
	p := newProxy(t, site(t))
	s := open(t, p.location, s3.Options{})
	const n = 400
	for range n {
		bump(t, s, pages.TagSubject(strings.Repeat("x", 600)))
	}
	counts := make(map[string]int)
	for r := range strings.SplitSeq(p.since(), ", ") {
		counts[r]++
	}
	if got := counts["PUT state/head"]; got != n+1 { // and the first, empty one
		t.Errorf("%d heads were written for %d purges", got, n)
	}
	if got := counts["PUT state/base/"]; got < 2 || got > 12 || counts["DELETE state/base/"] != got-1 {
		t.Errorf("%d bases were written, and %d removed", got, counts["DELETE state/base/"])
	}
	if left := names(t, p.location, "state/base/"); len(left) != 1 {
		t.Errorf("the bases %q are left", left)
	}
}
