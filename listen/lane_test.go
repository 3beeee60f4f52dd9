// Tests of the lane: what it answers, what net/http learns of a connection, and
// how both come to an end.

package listen_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// A laned server counts who answers.
type laned struct {
	*listen.Server
	quick, slow atomic.Int64
}

// newLaned makes one whose lane answers below /kept with a body, and whose handler answers
// with the same.
func newLaned(body string, other http.HandlerFunc) *laned {
	s := &laned{}
	s.Server = &listen.Server{
		Lane: func(q *listen.Simple) (head, text []byte, ok bool) {
			if !strings.HasPrefix(string(q.Path), "/kept") {
				return nil, nil, false
			}
			s.quick.Add(1)
			head = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n", len(body))
			if q.Head {
				return head, nil, true
			}
			return head, []byte(body), true
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.slow.Add(1)
			if other != nil && !strings.HasPrefix(r.URL.Path, "/kept") {
				other(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, body)
		}),
	}
	return s
}

// A peer is a client that sends what it likes.
type peer struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, url string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return &peer{c, bufio.NewReader(c)}
}

func (p *peer) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		t.Fatal(err)
	}
}

// want reads an answer.
func (p *peer) want(t *testing.T, method string, status int, body string) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(p.in, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if res.StatusCode != status || string(b) != body || err != nil {
		t.Fatalf("%d %.99q %v, want %d %.99q", res.StatusCode, b, err, status, body)
	}
	if _, err := http.ParseTime(res.Header.Get("Date")); err != nil {
		t.Errorf("Date: %v", err)
	}
	return res
}

// closed waits until the server has closed the connection, without an answer.
func (p *peer) closed(t *testing.T) {
	t.Helper()
	if b, err := io.ReadAll(p.in); len(b) > 0 || err != nil {
		t.Errorf("the server sends %q and not the end: %v", b, err)
	}
}

func (s *laned) count(t *testing.T, quick, slow int64) {
	t.Helper()
	if q, n := s.quick.Load(), s.slow.Load(); q != quick || n != slow {
		t.Errorf("the lane answered %d and net/http %d, want %d and %d", q, n, quick, slow)
	}
}

func end(t *testing.T, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

const (
	keptGet  = "GET /kept HTTP/1.1\r\nHost: a.example\r\n\r\n"
	otherGet = "GET /other HTTP/1.1\r\nHost: a.example\r\n\r\n"
)

func TestLane(t *testing.T) {
	s := newLaned("whole", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append([]byte("other"), b...))
	})
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	for range 2 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, "whole")
	}
	s.count(t, 1, 1)
	// Several at once, and one that comes by the byte.
	p.send(t, strings.Repeat(keptGet, 3)+strings.Replace(keptGet, "GET", "HEAD", 1)+otherGet+keptGet)
	for range 3 {
		p.want(t, "GET", 200, "whole")
	}
	p.want(t, "HEAD", 200, "")
	p.want(t, "GET", 200, "other")
	p.want(t, "GET", 200, "whole")
	s.count(t, 6, 2)
	for i := range keptGet {
		p.send(t, keptGet[i:i+1])
	}
	p.want(t, "GET", 200, "whole")
	s.count(t, 7, 2)
	// What has a body ends it.
	p.send(t, fmt.Sprintf("GET /other HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n", len(keptGet))+keptGet+keptGet)
	p.want(t, "GET", 200, "other"+keptGet)
	p.want(t, "GET", 200, "whole")
	s.count(t, 7, 4)
}

// A request that is larger than the lane reads is net/http's.
func TestLaneLeavesLargeRequests(t *testing.T) {
	s := newLaned("whole", nil)
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	large := strings.Replace(keptGet, "\r\n\r\n", "\r\nCookie: "+strings.Repeat("x", 9000)+"\r\n\r\n", 1)
	for _, text := range []string{keptGet, large, keptGet} {
		p.send(t, text)
		p.want(t, "GET", 200, "whole")
	}
	s.count(t, 0, 3)
}

// While a handler works, what comes of the next request does not end it, and
// a client that leaves does.
func TestLaneWatches(t *testing.T) {
	begun, release := make(chan context.Context, 1), make(chan struct{})
	s := newLaned("whole", func(_ http.ResponseWriter, r *http.Request) {
		begun <- r.Context()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	for range 3 {
		p.send(t, otherGet)
		ctx := <-begun
		p.send(t, keptGet)
		release <- struct{}{}
		if p.want(t, "GET", 200, ""); ctx.Err() == nil {
			t.Error("the context of an answered request has not ended")
		}
		p.want(t, "GET", 200, "whole")
	}
	s.count(t, 3, 3)
	p.send(t, otherGet)
	ctx := <-begun
	_ = p.Close()
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Second):
		t.Error("a client that left is waited for")
	}
}

// Who is silent is cut off: between requests, and within one.
func TestLaneDeadlines(t *testing.T) {
	s := newLaned("whole", nil)
	s.IdleTimeout, s.ReadHeaderTimeout = 50*time.Millisecond, time.Hour
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	for range 2 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, "whole")
	}
	p.closed(t)

	s2 := newLaned("whole", nil)
	s2.IdleTimeout, s2.ReadHeaderTimeout = time.Hour, 50*time.Millisecond
	url, stop = run(t, s2.Server)
	defer end(t, stop)
	p = dial(t, url)
	for range 2 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, "whole")
	}
	p.send(t, keptGet[:9])
	if _, err := io.ReadAll(p.in); err != nil { // net/http may say that the request is a bad one
		t.Error(err)
	}
	s.count(t, 1, 1)
	s2.count(t, 1, 1)
}

// A client that does not read is cut off.
func TestLaneWritesNoLongerThanItMay(t *testing.T) {
	s := newLaned(strings.Repeat("x", 1<<20), func(http.ResponseWriter, *http.Request) {})
	s.WriteTimeout = time.Second
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	p.send(t, otherGet)
	p.want(t, "GET", 200, "")
	gone := make(chan error, 1)
	go func() {
		for {
			if _, err := io.WriteString(p, strings.Repeat(keptGet, 10)); err != nil {
				gone <- err
				return
			}
		}
	}()
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Error("it is waited for")
	}
}

// A server that stops sends what it has begun to send, and asks clients to
// leave.
func TestLaneStops(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	s := newLaned(body, nil)
	url, stop := run(t, s.Server)
	p := dial(t, url)
	p.send(t, keptGet)
	p.want(t, "GET", 200, body)
	const many = 30 // more than the kernel takes
	go func() { _, _ = io.WriteString(p, strings.Repeat(keptGet, many)) }()
	p.want(t, "GET", 200, body)
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		_ = c.Close()
		time.Sleep(time.Millisecond)
	}
	for {
		res, err := http.ReadResponse(p.in, nil)
		if err != nil {
			if err != io.ErrUnexpectedEOF && err != io.EOF {
				t.Logf("the end: %v", err) // of requests that were not read
			}
			break
		}
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != body {
			t.Fatalf("%d bytes of an answer came: %v", len(b), err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// While a server drains, requests get to net/http, which asks clients to leave.
func TestLaneDrains(t *testing.T) {
	s := newLaned("whole", nil)
	s.Drain, s.Addr = time.Hour, "127.0.0.1:0"
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = s.Run(ctx) }()
	p := dial(t, addr.String())
	for range 2 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, "whole")
	}
	cancel()
	for {
		p.send(t, keptGet)
		res := p.want(t, "GET", 200, "whole")
		if res.Close {
			p.closed(t)
			break
		}
	}
}

// A connection that a handler takes has what came after its request, and
// nothing of it is answered.
func TestLaneLetsConnectionsBeTaken(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	s := newLaned("whole", func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-release
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		b := make([]byte, len(keptGet+"rest"))
		if n, err := io.ReadFull(both, b); err != nil || string(b) != keptGet+"rest" {
			t.Errorf("%q %v", b[:n], err)
		}
		_, _ = io.WriteString(listen.Taken(conn), "taken")
	})
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := dial(t, url)
	p.send(t, otherGet)
	<-begun
	p.send(t, keptGet)
	close(release)
	p.send(t, "rest")
	if b, err := io.ReadAll(p.in); string(b) != "taken" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	s.count(t, 0, 1)
}

// A proxy on the same machine may speak over a Unix socket.
func TestLaneOverUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := newLaned(strings.Repeat("whole", 2000), nil)
	s.Listener = l
	_, stop := run(t, s.Server)
	defer end(t, stop)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := &peer{c, bufio.NewReader(c)}
	for range 3 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, strings.Repeat("whole", 2000))
	}
	s.count(t, 2, 1)
}
