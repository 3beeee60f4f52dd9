// Tests of the server: where it listens, what it bounds, how it stops.

package listen_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// run starts a server and says where; stop ends it and says what Run said.
func run(t *testing.T, s *listen.Server) (url string, stop func() error) {
	t.Helper()
	if s.Addr == "" && s.Listener == nil {
		s.Addr = "127.0.0.1:0"
	}
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return "http://" + addr.String(), func() error { cancel(); return <-ended }
}

func TestServerStops(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	url, stop := run(t, &listen.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(started)
			<-release
		}
		_, _ = io.WriteString(w, "done")
	})})
	answer := make(chan string)
	go func() {
		res, err := http.Get(url + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-started
	ended := make(chan error)
	go func() { ended <- stop() }()
	time.Sleep(20 * time.Millisecond)
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("it still listens")
	}
}

func TestServerCutsOff(t *testing.T) {
	started, cut := make(chan struct{}), make(chan struct{})
	url, stop := run(t, &listen.Server{ShutdownTimeout: 20 * time.Millisecond, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		close(cut)
	})})
	go func() { _, _ = http.Get(url) }()
	<-started
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run said %v", err)
	}
	<-cut
}

func TestServerBounds(t *testing.T) {
	url, stop := run(t, &listen.Server{MaxBodyBytes: 10, ReadHeaderTimeout: 50 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for size, status := range map[int]int{0: 200, 10: 200, 11: 413} {
		res, err := http.Post(url, "", bytes.NewReader(make([]byte, size)))
		if err != nil || res.StatusCode != status {
			t.Errorf("%d bytes: %v %v", size, res, err)
		}
		_ = res.Body.Close()
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("a client that sends nothing more is not cut off: %v", err)
	}
	if _, err := (&listen.Server{Addr: strings.TrimPrefix(url, "http://")}).Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "choose another address") {
		t.Errorf("a second one listens: %v", err)
	}
}

func TestServerChecksItself(t *testing.T) {
	hang := make(chan struct{})
	s := &listen.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bad":
			http.Error(w, "not ready: draining", http.StatusServiceUnavailable)
		case "/panic":
			panic("at the disco")
		case "/hang":
			<-hang
		}
	})}
	defer close(hang)
	for path, wrong := range map[string]string{"/well": "", "/bad": "not ready: draining", "/panic": "at the disco", "/hang": "deadline exceeded"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if path == "/hang" {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
		}
		err := s.Check(ctx, path)
		cancel()
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, want %q", path, err, wrong)
		}
	}
}

// A lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
