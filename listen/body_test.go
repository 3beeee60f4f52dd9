// Bodies without the limits of the server.

package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// A handler that asks for it reads a body beyond MaxBodyBytes, with and without
// a length; others do not.
func TestWhole(t *testing.T) {
	const size = 100_000
	server := &listen.Server{MaxBodyBytes: 1000, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.URL.Path == "/whole" {
			body = listen.Whole(w, r)
		}
		n, err := io.Copy(io.Discard, body)
		switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
		case tooLarge:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case err != nil || n != size:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Listener = l
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	for path, want := range map[string]int{"/whole": 200, "/other": 413} {
		for _, length := range []int64{size, -1} {
			r, err := http.NewRequestWithContext(t.Context(), "PUT", "http://"+l.Addr().String()+path, strings.NewReader(strings.Repeat("x", size)))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = length
			transport := &http.Transport{DisableKeepAlives: true}
			resp, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s with the length %d was answered with %d", path, length, resp.StatusCode)
			}
		}
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A timed response knows the deadline for reading the request.
type timed struct {
	*httptest.ResponseRecorder
	end time.Time
}

func (t *timed) SetReadDeadline(end time.Time) error { t.end = end; return nil }

// What is read of a body that was refused has bounds, and a client that waits to
// be asked for the body is not asked.
func TestDiscardBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			sent, read int64
			expect     string
		}{{sent: 3 << 20, read: 3 << 20}, {sent: 100 << 20, read: 16 << 20}, {3 << 20, 0, "100-continue"}} {
			body := &io.LimitedReader{R: zeros{}, N: c.sent}
			r := httptest.NewRequest("POST", "/", body)
			if c.expect != "" {
				r.Header.Set("Expect", c.expect)
			}
			w := &timed{ResponseRecorder: httptest.NewRecorder()}
			listen.DiscardBody(w, r)
			if read := c.sent - body.N; read != c.read || c.read > 0 && !w.end.Equal(time.Now().Add(10*time.Second)) {
				t.Errorf("of %d bytes %d are read until %v, want %d", c.sent, read, w.end, c.read)
			}
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
