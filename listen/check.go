// A server asks itself.

package listen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Check asks the server's own handler for a path, such as /livez, without the
// network, and says what is wrong unless the answer is 200 before ctx ends. It
// is what a watchdog wants to know: that requests are still answered. It can
// be called once Handler is set, and from any goroutine.
func (s *Server) Check(ctx context.Context, path string) error {
	r, err := http.NewRequestWithContext(context.WithValue(ctx, serverKey{}, s), http.MethodGet, path, nil)
	if err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	answer := make(chan error, 1)
	go func() { // a handler that hangs must not hang its watcher
		w := &checkWriter{header: http.Header{}}
		defer func() {
			if p := recover(); p != nil {
				answer <- fmt.Errorf("panic: %v", p)
			}
		}()
		s.Handler.ServeHTTP(w, r)
		if w.status != http.StatusOK && w.status != 0 {
			answer <- errors.New(strings.TrimSpace(w.body.String()))
			return
		}
		answer <- nil
	}()
	select {
	case err = <-answer:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	return nil
}

// A checkWriter takes an answer to a server's question to itself.
type checkWriter struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *checkWriter) Header() http.Header    { return w.header }
func (w *checkWriter) WriteHeader(status int) { w.status = status }

func (w *checkWriter) Write(p []byte) (int, error) { return w.body.Write(p) }
