// Bodies without the limits of the server.

package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

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
