// Connections in memory, of which it is known when the server waits for more.

package listentest

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A Wire is a connection in memory between a client, which has its methods, and a
// server, which has its [Wire.Server]. What is sent is taken at once, however
// much it is. Each direction ends by itself.
type Wire struct {
	server serverEnd

	mu       sync.Mutex
	came     sync.Cond // for the server's reads
	settled  sync.Cond // for the client
	in       []byte    // to the server, from its read on
	inEnded  bool
	out      []byte // to the client
	outEnded bool   // the server sends no more
	closed   bool   // by the server
	reading  bool   // a read of the server waits
	follows  bool   // the client reads what comes at once
	gaveUp   bool   // the client waits no longer
	until    time.Time
	writes   time.Time // until when the server may write
	timer    *time.Timer
}

// NewWire makes a connection. What the server sends is appended to out.
func NewWire(out []byte) *Wire {
	w := &Wire{out: out}
	w.came.L, w.settled.L, w.server.wire = &w.mu, &w.mu, w
	return w
}

// Server is the server's end.
func (w *Wire) Server() net.Conn { return &w.server }

// Send sends to the server, which must not change any more. What a server that has closed
// the connection is sent is lost.
func (w *Wire) Send(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed || len(b) == 0:
		return
	case len(w.in) == 0:
		w.in = b[:len(b):len(b)]
	default:
		w.in = append(w.in, b...)
	}
	w.came.Signal()
}

// CloseWrite says that the client sends no more.
func (w *Wire) CloseWrite() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inEnded = true
	w.came.Signal()
}

// quiet says whether nothing more comes from the server until it is sent more. While a
// handler works, net/http reads without a deadline, to learn whether the client has left: that
// read does not count. All others have one.
func (w *Wire) quiet() bool {
	waits := w.reading && !w.until.IsZero()
	return w.outEnded || w.closed || waits && len(w.in) == 0 && !w.inEnded && !passed(w.until)
}

// Settle waits until nothing more comes from the server before it is sent more. It says
// how much has come, and whether the server has ended the connection. It is false for ok
// where the client has given up.
func (w *Wire) Settle() (came int, ended, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.quiet() && !w.gaveUp {
		w.settled.Wait()
	}
	return len(w.out), w.outEnded || w.closed, w.quiet()
}

// Taken waits until the server has read what there is and reads on, also while a handler
// works.
func (w *Wire) Taken() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.quiet() && !w.gaveUp && (!w.reading || len(w.in) > 0) {
		w.settled.Wait()
	}
}

// GiveUp ends Settle, and the connection for the server.
func (w *Wire) GiveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaveUp = true
	w.wake()
}

// Out is what the server has sent. It is whole once the server has ended the connection.
func (w *Wire) Out() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out
}

// A clientEnd is a net.Conn, for a client that speaks TLS. At first it waits for what the
// server sends, and once patient is false it reads what there is.
type clientEnd struct {
	*Wire
	read    int
	patient bool
}

func (e *clientEnd) Read(p []byte) (int, error) {
	w := e.Wire
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.follows = e.patient; ; w.settled.Wait() {
		switch {
		case e.read < len(w.out):
			n := copy(p, w.out[e.read:])
			e.read += n
			return n, nil
		case w.outEnded || w.closed:
			return 0, io.EOF
		case w.gaveUp:
			return 0, net.ErrClosed
		case !e.patient:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (e *clientEnd) Write(p []byte) (int, error) {
	e.Send(bytes.Clone(p))
	return len(p), nil
}

// Close does nothing: the server's end is what ends.
func (e *clientEnd) Close() error { return nil }

func (e *clientEnd) LocalAddr() net.Addr  { return loopback{} }
func (e *clientEnd) RemoteAddr() net.Addr { return loopback{} }

// A client that writes waits for nothing, and so it needs no deadlines.
func (e *clientEnd) SetDeadline(time.Time) error      { return nil }
func (e *clientEnd) SetReadDeadline(time.Time) error  { return nil }
func (e *clientEnd) SetWriteDeadline(time.Time) error { return nil }

func (w *Wire) wake() {
	w.came.Broadcast()
	w.settled.Broadcast()
}

// passed says whether a deadline has passed.
func passed(t time.Time) bool { return !t.IsZero() && !t.After(time.Now()) }

// A serverEnd is a net.Conn.
type serverEnd struct{ wire *Wire }

func (e *serverEnd) Read(p []byte) (int, error) {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch {
		case w.closed || w.gaveUp:
			return 0, &net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}
		case passed(w.until):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(w.in) > 0:
			n := copy(p, w.in)
			w.in = w.in[n:]
			return n, nil
		case w.inEnded:
			return 0, io.EOF
		}
		w.reading = true
		w.alarm()
		w.settled.Broadcast()
		w.came.Wait()
		w.reading = false
	}
}

// alarm wakes the read that waits at its deadline.
func (w *Wire) alarm() {
	switch {
	case w.until.IsZero():
		return
	case w.timer == nil:
		w.timer = time.AfterFunc(time.Until(w.until), func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.came.Broadcast()
		})
	default:
		w.timer.Reset(time.Until(w.until))
	}
}

func (e *serverEnd) Write(p []byte) (int, error) {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed || w.gaveUp || w.outEnded:
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: net.ErrClosed}
	case passed(w.writes):
		return 0, os.ErrDeadlineExceeded
	}
	if w.out = append(w.out, p...); w.follows {
		w.settled.Broadcast()
	}
	return len(p), nil
}

// CloseWrite says that the server sends no more.
func (e *serverEnd) CloseWrite() error {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outEnded = true
	w.settled.Broadcast()
	return nil
}

func (e *serverEnd) Close() error {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return net.ErrClosed
	}
	w.closed, w.in = true, nil
	if w.timer != nil {
		w.timer.Stop()
	}
	w.wake()
	return nil
}

func (e *serverEnd) SetReadDeadline(t time.Time) error {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = t
	if w.reading {
		w.came.Broadcast()
	}
	return nil
}

func (e *serverEnd) SetWriteDeadline(t time.Time) error {
	w := e.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = t
	return nil
}

func (e *serverEnd) SetDeadline(t time.Time) error {
	_ = e.SetWriteDeadline(t)
	return e.SetReadDeadline(t)
}

func (e *serverEnd) LocalAddr() net.Addr  { return loopback{} }
func (e *serverEnd) RemoteAddr() net.Addr { return loopback{} }

// loopback is where all of these connections lead from and to.
type loopback struct{}

func (loopback) Network() string { return "tcp" }
func (loopback) String() string  { return "127.0.0.1:1" }

// A Listener takes connections that are given to it.
type Listener struct {
	conns chan net.Conn
	once  sync.Once
	ended chan struct{}
}

// NewListener makes one.
func NewListener() *Listener {
	return &Listener{conns: make(chan net.Conn), ended: make(chan struct{})}
}

// Give has the server accept a connection. It is false where the listener is closed.
func (l *Listener) Give(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.ended:
		return false
	}
}

// Accept returns the next connection that is given.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.ended) })
	return nil
}

// Addr is that of the loopback.
func (l *Listener) Addr() net.Addr { return loopback{} }
