//go:build unix

// Services that ignore conditions: the store reports it.

package s3_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/s3"
)

// A lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The fake itself keeps the contract if it honours conditions, even without
// those of deletes.
func TestContractWithoutConditionalDeletes(t *testing.T) {
	t.Parallel()
	pagestest.Harness{
		TTL: 300 * time.Millisecond,
		Place: func(t *testing.T) func() pages.Store {
			location := (&fake{noDelete: true}).serve(t)
			return func() pages.Store { return open(t, location, s3.Options{}) }
		},
	}.Run(t)
}

func TestIgnoredConditions(t *testing.T) {
	for name, test := range map[string]struct {
		service   *fake
		condition string
	}{
		"neither honoured":         {&fake{noCreate: true, noReplace: true}, "If-None-Match"},
		"creating not honoured":    {&fake{noCreate: true}, "If-None-Match"},
		"replacing not honoured":   {&fake{noReplace: true}, "If-Match"},
		"conditions not supported": {&fake{refuses: true}, "If-None-Match"},
		"no ETag returned":         {&fake{noETag: true}, "If-Match"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, log := t.Context(), new(lines)
			s := open(t, test.service.serve(t), s3.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
			key := pages.Key{Route: "/", Path: "/"}
			record := pages.Record{Key: key, Data: []byte("data")}
			must(t, s.Put(ctx, record, pages.Unfenced))
			for call, err := range map[string]error{
				"Lease":             second(s.Lease(ctx, key, claim(), time.Minute)),
				"Release":           s.Release(ctx, pages.Lease{Key: key, Token: 1}),
				"Bump":              second(s.Bump(ctx, pages.Stale, pages.All)),
				"Put with an epoch": s.Put(ctx, record, pages.Fence{}),
				"Put with a token":  s.Put(ctx, record, pages.Fence{Token: 1}),
				"Delete":            s.Delete(ctx, key, pages.Fence{Token: 1}),
				"Sweep":             second(s.Sweep(ctx, pages.Bounds{PerRoute: 1})),
			} {
				if err == nil || !strings.Contains(err.Error(), test.condition) || !strings.Contains(err.Error(), "use a service") {
					t.Errorf("%s gave %v", call, err)
				}
				if errors.Is(err, pages.ErrFenced) || errors.Is(err, pages.ErrHeld) {
					t.Errorf("%s pretends: %v", call, err)
				}
			}
			if r, err := s.Get(ctx, key); err != nil || string(r.Data) != "data" {
				t.Errorf("got %q, %v", r.Data, err)
			}
			if e, err := s.Epochs(ctx, pages.All); err != nil || e.Sequence != 0 {
				t.Errorf("the epochs are %+v, %v", e, err)
			}
			if len(list(t, s)) != 1 {
				t.Error("the record is not listed")
			}
			must(t, s.Delete(ctx, key, pages.Unfenced))
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
				t.Errorf("the log has %d lines about it:\n%s", n, log)
			}
		})
	}
}

// A busy service is asked again, but not beyond the end of the context.
func TestSlowDown(t *testing.T) {
	f := &fake{busy: 2}
	s := open(t, f.serve(t), s3.Options{})
	bump(t, s, pages.All)
	f.mu.Lock()
	f.busy = 1 << 20
	f.mu.Unlock()
	ctx, ended := within(t, 300*time.Millisecond)
	ended(second(s.Bump(ctx, pages.Stale, pages.All)), "Bump")
	err := second(s.Epochs(context.WithoutCancel(ctx)))
	if err == nil || !strings.Contains(err.Error(), "SlowDown") {
		t.Errorf("without an end it gave %v", err)
	}
	f.mu.Lock()
	f.busy = 0
	f.mu.Unlock()
	if n := bump(t, s, pages.All); n != 2 {
		t.Errorf("the next purge is %d", n)
	}
}

func second[T any](_ T, err error) error { return err }
