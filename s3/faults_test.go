//go:build unix

// Services that are unavailable, hang, or refuse: clear errors, in time, and
// recovery.

package s3_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/testbed"
)

var key = pages.Key{Route: "/{id}", Path: "/1"}

// allEnd checks that all calls end by the deadline of their context.
func allEnd(t testing.TB, s *s3.Store) {
	t.Helper()
	key := pages.Key{Path: "/nothing of importance"} // a call that hangs may be executed later
	for name, call := range map[string]func(ctx context.Context) error{
		"Get":     func(ctx context.Context) error { return second(s.Get(ctx, key)) },
		"Put":     func(ctx context.Context) error { return s.Put(ctx, pages.Record{Key: key}, pages.Unfenced) },
		"Delete":  func(ctx context.Context) error { return s.Delete(ctx, key, pages.Fence{Token: 1}) },
		"Bump":    func(ctx context.Context) error { return second(s.Bump(ctx, pages.Stale, pages.All)) },
		"Epochs":  func(ctx context.Context) error { return second(s.Epochs(ctx)) },
		"Lease":   func(ctx context.Context) error { return second(s.Lease(ctx, key, claim(), time.Minute)) },
		"Release": func(ctx context.Context) error { return s.Release(ctx, pages.Lease{Key: key, Token: 1}) },
		"List":    func(ctx context.Context) error { return s.List(ctx, func(pages.Info) bool { return true }) },
		"Wait":    func(ctx context.Context) error { return s.Wait(ctx, 1<<50) },
		"Sweep":   func(ctx context.Context) error { return second(s.Sweep(ctx, pages.Bounds{PerRoute: 1})) },
	} {
		ctx, ended := within(t, 150*time.Millisecond)
		ended(call(ctx), name)
	}
}

// A store follows a service that appears late, dies, comes back, hangs and
// continues, without being opened again.
func TestServiceAwayAndBack(t *testing.T) {
	own := testbed.For(t, testbed.S3)
	own.Stop()
	ctx := t.Context()
	s := open(t, own.URL, s3.Options{})
	works := func(data string) {
		t.Helper()
		before, err := s.Epochs(ctx)
		must(t, err)
		if n := bump(t, s, pages.All); n <= before.Sequence {
			t.Errorf("purge %d came after %d", n, before.Sequence)
		}
		must(t, s.Put(ctx, pages.Record{Key: key, Data: []byte(data)}, pages.Unfenced))
		lease, err := s.Lease(ctx, pages.Key{Path: data}, claim(), time.Minute)
		must(t, err)
		must(t, s.Release(ctx, lease))
	}
	holds := func(data string) {
		t.Helper()
		r, err := s.Get(ctx, key)
		must(t, err)
		if string(r.Data) != data {
			t.Errorf("it holds %q instead of %q", r.Data, data)
		}
	}

	allEnd(t, s)
	must(t, own.Start())
	works("came later")
	own.Kill()
	allEnd(t, s)
	must(t, own.Start())
	holds("came later")
	works("came back")
	own.Pause()
	allEnd(t, s)
	begun := time.Now()
	hanging := make(chan error)
	go func() { hanging <- second(s.Get(ctx, key)) }()
	time.Sleep(50 * time.Millisecond)
	must(t, s.Close())
	if err := <-hanging; !errors.Is(err, pages.ErrClosed) || time.Since(begun) > 10*time.Second {
		t.Errorf("after Close a call that hung gave %v", err)
	}
	s = open(t, own.URL, s3.Options{})
	own.Resume()
	holds("came back")
	works("goes on")
}

// Without a deadline of its own, a call to an unavailable service ends anyway.
func TestNoEndlessRetries(t *testing.T) {
	s := open(t, "s3://pages/a?endpoint=http://127.0.0.1:1", s3.Options{})
	begun := time.Now()
	if _, err := s.Get(t.Context(), key); err == nil || time.Since(begun) > 20*time.Second {
		t.Errorf("after %v it gave %v", time.Since(begun), err)
	}
}

func TestRefusals(t *testing.T) {
	location := site(t)
	must(t, open(t, location, s3.Options{}).Put(t.Context(), pages.Record{Key: key}, pages.Unfenced))
	const wrong = "wrong-SECRET"
	for name, test := range map[string]struct {
		env      map[string]string
		location string
		says     []string
	}{
		"no such bucket": {nil, strings.Replace(location, "//pages/", "//other/", 1), []string{`"other"`, "create it"}},
		"wrong secret":   {map[string]string{"AWS_SECRET_ACCESS_KEY": wrong}, location, []string{"SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"}},
		"wrong key":      {map[string]string{"AWS_ACCESS_KEY_ID": "another-user"}, location, []string{"AWS_ACCESS_KEY_ID"}},
		"no keys":        {map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, location, []string{"AWS_ACCESS_KEY_ID"}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			ctx := t.Context()
			s := open(t, test.location, s3.Options{})
			for call, err := range map[string]error{
				"Get":    second(s.Get(ctx, key)),
				"Put":    s.Put(ctx, pages.Record{Key: key}, pages.Unfenced),
				"Delete": s.Delete(ctx, key, pages.Unfenced),
				"Epochs": second(s.Epochs(ctx)),
				"Bump":   second(s.Bump(ctx, pages.Stale, pages.All)),
				"Lease":  second(s.Lease(ctx, key, claim(), time.Minute)),
				"List":   s.List(ctx, func(pages.Info) bool { return true }),
				"Sweep":  second(s.Sweep(ctx, pages.Bounds{})),
			} {
				if err == nil || errors.Is(err, pages.ErrNotFound) {
					t.Errorf("%s gave %v", call, err)
					continue
				}
				for _, says := range test.says {
					if !strings.Contains(err.Error(), says) {
						t.Errorf("%s gave %q, which does not say %q", call, err, says)
					}
				}
				for _, secret := range []string{wrong, testbed.S3Secret, os.Getenv("AWS_SECRET_ACCESS_KEY")} {
					if secret != "" && strings.Contains(err.Error(), secret) {
						t.Errorf("%s shows the secret: %v", call, err)
					}
				}
			}
		})
	}
}

// After Close the service has no connection left.
func TestCloseClosesConnections(t *testing.T) {
	p := newProxy(t, site(t))
	s := open(t, p.location, s3.Options{})
	for range 3 {
		bump(t, s, pages.All)
	}
	go func() { _ = s.Wait(t.Context(), 1<<50) }()
	must(t, s.Close())
	for end := time.Now().Add(10 * time.Second); p.conns.Load() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are left", p.conns.Load())
		}
	}
}

func TestDamagedRecords(t *testing.T) {
	ctx, location := t.Context(), site(t)
	s := open(t, location, s3.Options{})
	must(t, s.Put(ctx, pages.Record{Key: key, Data: []byte("some data")}, pages.Unfenced))
	client, prefix := bucket(t, location)
	name := prefix + names(t, location, "pages/")[0]
	data := rawRead(t, client, name)
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 4
		rawWrite(t, client, name, bad)
		if _, err := s.Get(ctx, key); !errors.Is(err, pages.ErrCorrupt) {
			t.Errorf("with byte %d altered it gave %v", i, err)
		}
		if i%4 == 0 {
			rawWrite(t, client, name, data[:i])
			if _, err := s.Get(ctx, key); !errors.Is(err, pages.ErrCorrupt) {
				t.Errorf("with %d bytes it gave %v", i, err)
			}
		}
	}
	// It is replaced and deleted like any other, also with a fence.
	fence := pages.Fence{}
	must(t, s.Put(ctx, pages.Record{Key: key, Data: []byte("new")}, fence))
	if r, err := s.Get(ctx, key); err != nil || string(r.Data) != "new" {
		t.Errorf("after it was replaced it gave %q, %v", r.Data, err)
	}
	// A record with the name of another is not the record of the other.
	other := pages.Key{Route: "/{id}", Path: "/2"}
	must(t, s.Put(ctx, pages.Record{Key: other, Data: []byte("other")}, fence))
	for _, n := range names(t, location, "pages/") {
		rawWrite(t, client, prefix+n, data)
	}
	if _, err := s.Get(ctx, other); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("another's record gave %v", err)
	}
	must(t, s.Delete(ctx, other, fence))
	if _, err := s.Get(ctx, other); !errors.Is(err, pages.ErrNotFound) {
		t.Errorf("after it was deleted it gave %v", err)
	}
}
