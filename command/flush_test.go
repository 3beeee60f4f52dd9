// When observers are asked to send.

package command

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
)

// A sender counts how often it is asked, and does what it is told.
type sender struct {
	metrics.Starter
	asked atomic.Int64
	late  atomic.Bool
	send  func(context.Context) error
}

func (s *sender) Late() bool { return s.late.Load() }

func (s *sender) Flush(ctx context.Context) error {
	s.asked.Add(1)
	if s.send == nil {
		return nil
	}
	return s.send(ctx)
}

func flushingOf(s *sender) *flushing {
	return &flushing{senders: []metrics.Flusher{s}, log: slog.New(slog.DiscardHandler)}
}

// A collector that hangs costs one request a second, and those of the next ten
// seconds nothing.
func TestFlushPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{send: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		f, began := flushingOf(s), time.Now()
		for range 100 {
			f.each(t.Context())
		}
		if took := time.Since(began); took != flushLimit || s.asked.Load() != 1 {
			t.Errorf("100 responses wait %s, for %d attempts", took, s.asked.Load())
		}
		time.Sleep(flushPause)
		s.send = nil
		for range 100 {
			f.each(t.Context())
		}
		if s.asked.Load() != 101 {
			t.Errorf("after the pause, and with a collector that answers: %d attempts", s.asked.Load())
		}
	})
}

// A request that ends while another one sends does not wait for it.
func TestFlushIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := &sender{send: func(context.Context) error { <-let; return nil }}
		f := flushingOf(s)
		var first sync.WaitGroup
		first.Go(func() { f.each(t.Context()) })
		synctest.Wait()
		f.each(t.Context())
		close(let)
		first.Wait()
		if s.asked.Load() != 1 {
			t.Errorf("%d send at once", s.asked.Load())
		}
	})
}

// A response that is sent lets what is late be sent, whether or not its client
// is still there; a question about health does not.
func TestFlushAfterResponses(t *testing.T) {
	var w *httptest.ResponseRecorder
	s := &sender{send: func(ctx context.Context) error {
		if !w.Flushed || ctx.Err() != nil {
			return errors.New("the client waits, or is waited for")
		}
		return nil
	}}
	f := flushingOf(s)
	h := f.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	ctx, gone := context.WithCancel(t.Context())
	gone()
	for _, c := range []struct {
		path string
		late bool
		want int64
	}{{"/", false, 0}, {"/", true, 1}, {"/readyz", true, 1}, {"/", true, 2}, {"/", false, 2}} {
		w = httptest.NewRecorder()
		s.late.Store(c.late)
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", c.path, nil))
		if s.asked.Load() != c.want || w.Code != http.StatusTeapot || !f.paused.IsZero() {
			t.Errorf("%s, late %t: asked %d times, want %d; paused: %t", c.path, c.late, s.asked.Load(), c.want, !f.paused.IsZero())
		}
	}
	s.late.Store(true)
	f.paused = time.Now().Add(time.Hour)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if w.Flushed {
		t.Error("a response is flushed though nothing is sent")
	}
}

// Observers may ask before a server knows its state, and after an early end.
func TestStateIsKnownLater(t *testing.T) {
	var s states
	if now := s.now(); now.Started {
		t.Errorf("%+v before it is known", now)
	}
	s.is(func() metrics.State { return metrics.State{Started: true} })
	if now := s.now(); !now.Started {
		t.Errorf("%+v", now)
	}
}
