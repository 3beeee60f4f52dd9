// Laws of streams whose connections are their own.

package events_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/events"
	"github.com/gorgon-go/gorgon/listen"
)

const patience = 20 * time.Second

// run starts a server, and says where. stop ends it, and says what Run said.
func run(t *testing.T, handler http.HandlerFunc, shutdown time.Duration) (addr string, stop func() <-chan error) {
	t.Helper()
	s := &listen.Server{Addr: "127.0.0.1:0", Handler: handler, ShutdownTimeout: shutdown}
	at, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() { defer close(done); ended <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); await(t, done, "the server stops") })
	return at.String(), func() <-chan error { cancel(); return ended }
}

// await waits for what has to come.
func await[T any](t *testing.T, c <-chan T, what string) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(patience):
		t.Fatalf("this has not come: %s", what)
	}
	return value
}

// dial sends a request, and returns its connection.
func dial(t *testing.T, addr, protocol string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET / %s\r\nHost: a.example\r\n\r\n", protocol); err != nil {
		t.Fatal(err)
	}
	return conn
}

// open opens a stream and takes its connection, if that is possible.
func open(t *testing.T, w http.ResponseWriter, r *http.Request, timeout time.Duration) (*events.Writer, context.Context, func()) {
	out, err := events.Open(w, r, timeout)
	if err != nil {
		t.Error(err)
		return nil, nil, nil
	}
	events.Announce(w.Header())
	life, end := out.Take()
	return out, life, end
}

// sends sends in every way, and its text is what clients get.
func sends(out *events.Writer) bool {
	one, two := events.NewMessage([]byte("data: four\n\n")), events.NewMessage([]byte("data: five\n\n"))
	return out.Send(events.Beat) && out.Send("") && out.Send("data: one\n\n") &&
		out.SendParts([]byte("data: "), nil, []byte("two\n\n")) && out.SendMessages(events.NewMessage([]byte("data: three\n\n"))) &&
		out.SendMessages(events.NewMessage(nil)) && out.SendMessages(one, events.NewMessage(nil), two) && out.SendMessages() &&
		out.Send("data: "+strings.Repeat("x", 200_000)+"\n\n")
}

const text = ":\n\ndata: one\n\ndata: two\n\ndata: three\n\ndata: four\n\ndata: five\n\n"

// TestBodies: clients of every protocol get the same body, to its end.
func TestBodies(t *testing.T) {
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, _, end := open(t, w, r, patience); out != nil {
			defer end()
			if !sends(out) {
				t.Error("a client has left")
			}
		}
	}, 0)
	whole := text + "data: " + strings.Repeat("x", 200_000) + "\n\n"
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(protocol, func(t *testing.T) {
			var p http.Protocols
			p.SetHTTP1(protocol == "HTTP/1.1")
			p.SetUnencryptedHTTP2(protocol == "HTTP/2")
			via := &http.Transport{Protocols: &p}
			defer via.CloseIdleConnections()
			c := http.Client{Transport: via, Timeout: patience}
			for range 2 {
				res, err := c.Get("http://" + addr)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || string(body) != whole || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
					t.Errorf("%s: %d, %d bytes, %v", protocol, res.StatusCode, len(body), err)
				}
				if closes := res.Close; closes != (protocol == "HTTP/1.1") {
					t.Errorf("%s says that its connection is closed at the end: %v", protocol, closes)
				}
			}
		})
	}
	t.Run("HTTP/1.0", func(t *testing.T) {
		answer, err := io.ReadAll(dial(t, addr, "HTTP/1.0"))
		if _, body, _ := bytes.Cut(answer, []byte("\r\n\r\n")); err != nil || string(body) != whole {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	})
}

// TestClientLeaves: the context of a stream ends when its client leaves.
func TestClientLeaves(t *testing.T) {
	left := make(chan struct{})
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, life, end := open(t, w, r, patience); out != nil {
			defer end()
			<-life.Done()
			close(left)
		}
	}, 0)
	conn := dial(t, addr, "HTTP/1.1")
	if _, err := conn.Read(make([]byte, 15)); err != nil { // the header
		t.Fatal(err)
	}
	select {
	case <-left:
		t.Fatal("a client has left that is there")
	default:
	}
	_ = conn.Close()
	await(t, left, "the client has left")
}

// TestRequestEnds: the context of a stream ends with the request's, as guards end it.
func TestRequestEnds(t *testing.T) {
	signedOut := errors.New("signed out")
	said := make(chan error, 1)
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		if out, life, end := open(t, w, r.WithContext(ctx), patience); out != nil {
			defer end()
			cancel(signedOut)
			<-life.Done()
			said <- context.Cause(life)
		}
	}, 0)
	dial(t, addr, "HTTP/1.1")
	if err := await(t, said, "the stream ends"); !errors.Is(err, signedOut) {
		t.Errorf("the stream ended for %v", err)
	}
}

// TestStopWaits: a server that stops lets streams send their last event.
func TestStopWaits(t *testing.T) {
	begun, drained, say := make(chan struct{}), make(chan struct{}), make(chan struct{})
	addr, stop := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, life, end := open(t, w, r, patience); out != nil {
			defer end()
			close(begun)
			<-listen.Drained(r)
			close(drained)
			<-say
			if life.Err() != nil || !out.Send("data: bye\n\n") {
				t.Error("the stream was ended before its last event")
			}
		}
	}, 0)
	conn := dial(t, addr, "HTTP/1.1")
	await(t, begun, "the stream begins")
	ended := stop()
	await(t, drained, "the server drains")
	select {
	case err := <-ended:
		t.Fatalf("the server did not wait for its stream: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(say)
	if err := await(t, ended, "the server stops"); err != nil {
		t.Error(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(answer), "b\r\ndata: bye\n\n\r\n0\r\n\r\n") {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestStopCuts: a server waits no longer than it waits for requests.
func TestStopCuts(t *testing.T) {
	begun, over := make(chan struct{}), make(chan struct{})
	addr, stop := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, life, end := open(t, w, r, patience); out != nil {
			defer close(over)
			defer end()
			close(begun)
			<-life.Done()
		}
	}, 50*time.Millisecond)
	dial(t, addr, "HTTP/1.1")
	await(t, begun, "the stream begins")
	if err := await(t, stop(), "the server stops"); err == nil {
		t.Error("a stream was cut off, and Run does not say so")
	}
	await(t, over, "the stream ends")
}

// TestSlowReader: a client that does not read is cut off, and what it has been sent
// does not look whole.
func TestSlowReader(t *testing.T) {
	over, reads := make(chan struct{}), make(chan struct{})
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, _, end := open(t, w, r, 300*time.Millisecond); out != nil {
			for out.Send(strings.Repeat("x", 1<<20)) {
			}
			close(over)
			<-reads
			if out.Send("more") {
				t.Error("something was sent after what could not be sent")
			}
			end()
		}
	}, 0)
	conn := dial(t, addr, "HTTP/1.1")
	await(t, over, "the client is cut off")
	if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	close(reads)
	answer, _ := io.ReadAll(conn)
	if bytes.HasSuffix(answer, []byte("0\r\n\r\n")) {
		t.Error("the body looks whole")
	}
}

// TestSendsMore: what a client sends beside its request is thrown away, within limits.
func TestSendsMore(t *testing.T) {
	over := make(chan struct{})
	got := make(chan struct{})
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, life, end := open(t, w, r, patience); out != nil {
			defer close(over)
			defer end()
			<-got
			if !sends(out) {
				t.Error("a client has left that is there")
			}
			<-life.Done()
		}
	}, 0)
	conn := dial(t, addr, "HTTP/1.1")
	_, err := io.WriteString(conn, "GET /again HTTP/1.1\r\nHost: a.example\r\n\r\n")
	close(got)
	for last := make([]byte, 6); err == nil && string(last) != "xx\n\n\r\n"; { // the end of what it is sent
		buffer := make([]byte, 1<<10)
		var n int
		n, err = conn.Read(buffer)
		last = append(last, buffer[:n]...)
		last = last[len(last)-6:]
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	for junk := make([]byte, 64<<10); err == nil; {
		_, err = conn.Write(junk) // until it is cut off
	}
	await(t, over, "the stream ends")
}

// A loud writer changes what is sent, and a counting one says that it does not.
type loud struct{ http.ResponseWriter }

func (l loud) Write(p []byte) (int, error)     { return l.ResponseWriter.Write(bytes.ToUpper(p)) }
func (l loud) Unwrap() http.ResponseWriter     { return l.ResponseWriter }
func (c counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }
func (c counting) Passed(n int64)              { c.passed.Add(n) }
func (c counting) Write(p []byte) (n int, e error) {
	c.written.Add(1)
	return c.ResponseWriter.Write(p)
}

type counting struct {
	http.ResponseWriter
	passed, written *atomic.Int64
}

// TestWritersAround: a writer that may change what is sent is not left out, and one
// that says that it does not hears how much was sent.
func TestWritersAround(t *testing.T) {
	var passed, written atomic.Int64
	around := map[string]func(http.ResponseWriter) http.ResponseWriter{
		"/loud": func(w http.ResponseWriter) http.ResponseWriter { return loud{w} },
		"/both": func(w http.ResponseWriter) http.ResponseWriter { return counting{loud{w}, &passed, &written} },
		"/":     func(w http.ResponseWriter) http.ResponseWriter { return counting{w, &passed, &written} },
	}
	addr, _ := run(t, func(w http.ResponseWriter, r *http.Request) {
		if out, _, end := open(t, around[r.URL.Path](w), r, patience); out != nil {
			defer end()
			out.Send("data: one\n\n")
		}
	}, 0)
	get := func(path string) string {
		res, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for _, path := range []string{"/loud", "/both"} {
		if body := get(path); body != "DATA: ONE\n\n" {
			t.Errorf("%s: %q", path, body)
		}
	}
	written.Store(0)
	if body := get("/"); body != "data: one\n\n" || written.Load() != 0 || passed.Load() != int64(len(body)) {
		t.Errorf("%q, written %d times through a writer around, which heard of %d bytes", body, written.Load(), passed.Load())
	}
}
