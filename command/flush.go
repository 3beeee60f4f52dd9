// Sending metrics and traces where a process may be stopped between requests.

package command

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/paths"
)

const (
	// flushLimit is how long sending may take after a response.
	flushLimit = time.Second

	// flushPause is how long it is not tried after it failed, so that a collector
	// that is away does not slow each request.
	flushPause = 10 * time.Second
)

// A flushing lets observers send what they have after a response.
type flushing struct {
	senders []metrics.Flusher
	log     *slog.Logger

	mu     sync.Mutex // held while they send
	paused time.Time  // until when
}

// each sends after each response, until ctx ends at the latest.
func (f *flushing) each(ctx context.Context) {
	f.send(ctx, func(metrics.Flusher) bool { return true })
}

// send lets those observers send that are wanted, unless others send now, or it
// failed just before. What they could not send they send later.
func (f *flushing) send(ctx context.Context, wanted func(metrics.Flusher) bool) {
	if len(f.senders) == 0 || !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	if time.Now().Before(f.paused) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	for _, s := range f.senders {
		if !wanted(s) {
			continue
		}
		if err := s.Flush(ctx); err != nil {
			f.paused = time.Now().Add(flushPause)
			f.log.Debug("metrics or traces could not be sent after a response", "again", flushPause, "err", err)
		}
	}
}

// late says that an observer should have sent before, and that it can be tried.
func (f *flushing) late() bool {
	if !f.mu.TryLock() {
		return false
	}
	defer f.mu.Unlock()
	if time.Now().Before(f.paused) {
		return false
	}
	for _, s := range f.senders {
		if s.Late() {
			return true
		}
	}
	return false
}

// wrap lets a request whose response is sent send what is late.
func (f *flushing) wrap(next http.Handler) http.Handler {
	if len(f.senders) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if paths.IsHealth(r.URL.Path) || !f.late() {
			return
		}
		_ = http.NewResponseController(w).Flush() // a client that went away does not wait
		f.send(context.WithoutCancel(r.Context()), metrics.Flusher.Late)
	})
}
