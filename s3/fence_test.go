//go:build unix

// Fences at critical moments: what happens between the check and the write.

package s3_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
)

// between runs f once, when a record is about to be written or deleted through
// the proxy.
func between(p *proxy, method string, f func()) {
	var once sync.Once
	p.before = func(r *http.Request) {
		if is(r, method, "/v1/pages/") {
			once.Do(f)
		}
	}
}

// What happens between a writer's check and its write, and what must be there
// in the end.
func TestFenceIsOneStep(t *testing.T) {
	t.Parallel()
	const old, late, next = "old", "late", "next"
	put := func(t *testing.T, s *s3.Store, data string, fence pages.Fence) {
		t.Helper()
		must(t, s.Put(t.Context(), pages.Record{Key: key, Data: []byte(data)}, fence))
	}
	takeOver := func(t *testing.T, s *s3.Store) pages.Fence {
		t.Helper()
		time.Sleep(400 * time.Millisecond) // the lease of the other expires
		l, err := s.Lease(t.Context(), key, claim(), time.Minute)
		must(t, err)
		return pages.Fence{Token: l.Token, Epoch: 1 << 50}
	}
	newer := func(t *testing.T, s *s3.Store) {
		t.Helper()
		must(t, s.Put(t.Context(), pages.Record{Key: key, Data: []byte(next), Epoch: 1}, pages.Fence{Epoch: 1}))
	}
	for name, test := range map[string]struct {
		old     time.Duration // age of the record that is there; 0: there is none
		between func(t *testing.T, other *s3.Store)
		left    string // "": nothing
	}{
		"a later epoch, and nothing was there":       {0, func(t *testing.T, s *s3.Store) { newer(t, s) }, next},
		"a later epoch":                              {time.Hour, func(t *testing.T, s *s3.Store) { newer(t, s) }, next},
		"a later epoch over a young record":          {time.Second, func(t *testing.T, s *s3.Store) { newer(t, s) }, next},
		"a later lease, over a young record":         {time.Second, func(t *testing.T, s *s3.Store) { takeOver(t, s) }, ""},
		"a later lease":                              {time.Hour, func(t *testing.T, s *s3.Store) { takeOver(t, s) }, old},
		"a later lease and its write":                {time.Hour, func(t *testing.T, s *s3.Store) { put(t, s, next, takeOver(t, s)) }, next},
		"a later lease and its write, nothing there": {0, func(t *testing.T, s *s3.Store) { put(t, s, next, takeOver(t, s)) }, next},
		"a later lease, its write and its delete": {time.Hour, func(t *testing.T, s *s3.Store) {
			fence := takeOver(t, s)
			put(t, s, next, fence)
			must(t, s.Delete(t.Context(), key, fence))
		}, ""},
	} {
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			if method == http.MethodDelete && test.old == 0 {
				continue // nothing is written where nothing is
			}
			t.Run(method+" and "+name, func(t *testing.T) {
				t.Parallel()
				ctx, location := t.Context(), site(t)
				p := newProxy(t, location)
				s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
				if test.old > 0 {
					put(t, other, old, pages.Unfenced)
					p.after = age(test.old)
				}
				l, err := s.Lease(ctx, key, claim(), 300*time.Millisecond)
				must(t, err)
				between(p, method, func() { test.between(t, other) })
				fence := pages.Fence{Token: l.Token}
				if method == http.MethodPut {
					err = s.Put(ctx, pages.Record{Key: key, Data: []byte(late)}, fence)
				} else {
					err = s.Delete(ctx, key, fence)
				}
				if !errors.Is(err, pages.ErrFenced) {
					t.Errorf("the writer got %v", err)
				}
				left := test.left
				if method == http.MethodDelete && left == old {
					left = "" // a removed record is not restored
				}
				r, err := other.Get(ctx, key)
				if left == "" && !errors.Is(err, pages.ErrNotFound) || string(r.Data) != left {
					t.Errorf("%q is left, %v; instead of %q", r.Data, err, left)
				}
			})
		}
	}
}

// A write that came too late is undone even if its response was lost.
func TestLateWriteInDoubt(t *testing.T) {
	for _, old := range []string{"", "old"} {
		ctx, location := t.Context(), site(t)
		p := newProxy(t, location)
		s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
		if old != "" {
			must(t, other.Put(ctx, pages.Record{Key: key, Data: []byte(old)}, pages.Unfenced))
		}
		l, err := s.Lease(ctx, key, claim(), 100*time.Millisecond)
		must(t, err)
		var once sync.Once
		p.after = func(r *http.Response) (err error) {
			if is(r.Request, http.MethodPut, "/v1/pages/") {
				once.Do(func() {
					later(t, other, l)
					err = errCut
				})
				return err
			}
			return age(time.Hour)(r)
		}
		err = s.Put(ctx, pages.Record{Key: key, Data: []byte("late")}, pages.Fence{Token: l.Token})
		if !errors.Is(err, pages.ErrFenced) {
			t.Errorf("the writer got %v", err)
		}
		if r, err := other.Get(ctx, key); string(r.Data) != old || (old == "") != errors.Is(err, pages.ErrNotFound) {
			t.Errorf("%q is left, %v; instead of %q", r.Data, err, old)
		}
	}
}

// later takes a lease over once it has expired.
func later(t *testing.T, s *s3.Store, held pages.Lease) {
	t.Helper()
	mine := claim()
	l, err := s.Lease(t.Context(), held.Key, mine, time.Minute)
	for errors.Is(err, pages.ErrHeld) {
		time.Sleep(10 * time.Millisecond)
		l, err = s.Lease(t.Context(), held.Key, mine, time.Minute)
	}
	if err != nil || l.Token <= held.Token {
		t.Errorf("after %+v the lease is %+v, %v", held, l, err)
	}
}

// Another instance writes a record of a later epoch just before each request of
// a late writer. At whichever request, the new record stays.
func TestFenceAtEachRequest(t *testing.T) {
	t.Parallel()
	const requests = 4
	for _, delete := range []bool{false, true} {
		for at := 1; at <= requests; at++ {
			ctx, location := t.Context(), site(t)
			p := newProxy(t, location)
			s, other := open(t, p.location, s3.Options{}), open(t, location, s3.Options{})
			must(t, other.Put(ctx, pages.Record{Key: key, Data: []byte("old")}, pages.Unfenced))
			must(t, second(s.Epochs(ctx))) // so that the head is known
			l, err := s.Lease(ctx, key, claim(), time.Minute)
			must(t, err)
			var mu sync.Mutex
			n := 0
			p.before = func(*http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == at {
					must(t, other.Put(ctx, pages.Record{Key: key, Data: []byte("new"), Epoch: 1}, pages.Fence{Epoch: 1}))
				}
			}
			fence := pages.Fence{Token: l.Token}
			if delete {
				err = s.Delete(ctx, key, fence)
			} else {
				err = s.Put(ctx, pages.Record{Key: key, Data: []byte("late")}, fence)
			}
			// In the last one the lease is checked again: the late write was
			// made before the new one, and is replaced.
			if at < requests && !errors.Is(err, pages.ErrFenced) || at == requests && err != nil {
				t.Errorf("at request %d the late writer got %v", at, err)
			}
			if r, err := other.Get(ctx, key); err != nil || string(r.Data) != "new" {
				t.Errorf("at request %d the new record became %q, %v", at, r.Data, err)
			}
		}
	}
}

// Writers that only race each other all succeed.
func TestRacingWritersWithFences(t *testing.T) {
	t.Parallel()
	ctx, location := t.Context(), site(t)
	var work sync.WaitGroup
	for range 4 {
		s := open(t, location, s3.Options{})
		work.Go(func() {
			fence := pages.Fence{}
			for range 8 {
				if err := s.Put(ctx, pages.Record{Key: key, Data: []byte("data")}, fence); err != nil {
					t.Error(err)
				}
				if err := s.Delete(ctx, key, fence); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
}

// Clocks: a service whose clock is far from ours, and leases by it.
func TestServiceWithAnotherClock(t *testing.T) {
	t.Parallel()
	for _, shift := range []time.Duration{-30 * 24 * time.Hour, 3 * time.Hour} {
		ctx := t.Context()
		p := newProxy(t, site(t))
		p.after = shiftDate(shift)
		s, other := open(t, p.location, s3.Options{}), open(t, p.location, s3.Options{})
		l, err := s.Lease(ctx, key, claim(), 500*time.Millisecond)
		must(t, err)
		if left := time.Until(l.Until); left < -5*time.Second || left > 5*time.Second {
			t.Errorf("half a second's lease has %v left", left)
		}
		if at := time.UnixMicro(int64(l.Token)); time.Until(at.Add(-shift)).Abs() > 10*time.Second {
			t.Errorf("the token is of %v", at)
		}
		for end := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			got, err := other.Lease(ctx, key, claim(), time.Minute)
			if err == nil {
				if got.Token <= l.Token {
					t.Errorf("%d came after %d", got.Token, l.Token)
				}
				break
			}
			if !errors.Is(err, pages.ErrHeld) || time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
}
