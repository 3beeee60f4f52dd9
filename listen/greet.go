// TLS where there is a lane. net/http knows by the type of a connection that it is
// encrypted, and what protocol it speaks only after the handshake. So the handshake is had
// before net/http gets the connection: HTTP/2 and whatever is not HTTP/1.1 gets there as it
// would have without a lane, and HTTP/1.1 as a connection that has one.

package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// A greeter is a listener of connections that have had their handshake.
type greeter struct {
	net.Listener
	server *Server
	http   *http.Server
	lanes  *lanes

	begin   sync.Once
	config  *tls.Config
	greeted chan net.Conn
	failed  chan error
	ended   chan struct{} // no more are taken
	end     sync.Once
	work    sync.WaitGroup // handshakes
}

func (s *Server) greeter(server *http.Server, shared *lanes) *greeter {
	return &greeter{
		Listener: s.listener, server: s, http: server, lanes: shared,
		greeted: make(chan net.Conn), failed: make(chan error), ended: make(chan struct{}),
	}
}

// certified says whether a configuration has a certificate: net/http knows what to say of
// one that has none.
func certified(c *tls.Config) bool {
	return len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil
}

// Accept returns the next connection that has had its handshake. Those that fail are
// logged, and never seen here.
func (g *greeter) Accept() (net.Conn, error) {
	g.begin.Do(func() {
		g.config = g.http.TLSConfig.Clone() // net/http has completed it by now
		go g.accept()
	})
	select {
	case c := <-g.greeted:
		return c, nil
	case err := <-g.failed:
		return nil, err
	case <-g.ended:
		return nil, net.ErrClosed
	}
}

// accept greets connections until the listener is closed. It leaves to net/http what
// becomes of another failure.
func (g *greeter) accept() {
	for {
		c, err := g.Listener.Accept()
		if err == nil {
			g.take(c)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			g.settle()
		}
		select {
		case g.failed <- err:
		case <-g.ended:
			return
		}
	}
}

// settle waits for the handshakes under way, as long as connections may take for their
// first answer.
func (g *greeter) settle() {
	done := make(chan struct{})
	go func() {
		g.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-g.ended:
	case <-time.After(firstAnswer):
	}
}

// take begins a handshake. A connection is counted as one without an answer from here on.
func (g *greeter) take(c net.Conn) {
	below, ok := streamOf(c)
	if ok {
		g.server.young.Add(1)
	}
	g.work.Go(func() {
		if greeted := g.greet(c, below); greeted != nil {
			g.give(greeted)
		}
	})
}

// give has net/http accept a connection.
func (g *greeter) give(c net.Conn) {
	select {
	case g.greeted <- c:
	case <-g.ended:
		g.left(c)
	}
}

// left closes a connection that net/http has not accepted.
func (g *greeter) left(c net.Conn) {
	g.server.settle(c, http.StateClosed)
	_ = c.Close()
}

// Close lets no more connections pass. Handshakes under way end with the life of the
// server's requests.
func (g *greeter) Close() error {
	g.end.Do(func() { close(g.ended) })
	return g.Listener.Close()
}

// greet has the handshake, as net/http has it, and returns the connection for net/http; nil
// where it failed. What is not a stream is left to net/http.
func (g *greeter) greet(c net.Conn, below stream) (greeted net.Conn) {
	if below == nil {
		return tls.Server(c, g.config)
	}
	j := &joinedConn{young: true}
	j.cork = &cork{stream: below, of: j, buffers: &g.lanes.buffers}
	encrypted := tls.Server(j.cork, g.config)
	j.stream = encrypted
	defer func() {
		if fault := recover(); fault != nil {
			stack := make([]byte, 64<<10)
			g.http.ErrorLog.Printf("http: panic serving %v: %v\n%s", c.RemoteAddr(), fault, stack[:runtime.Stack(stack, false)])
			greeted = nil
		}
		if greeted == nil {
			g.left(encrypted)
		}
	}()
	if d := g.patience(); d > 0 {
		_ = encrypted.SetDeadline(time.Now().Add(d))
	}
	if err := encrypted.HandshakeContext(context.WithValue(g.lanes.life, http.LocalAddrContextKey, c.LocalAddr())); err != nil {
		reason := err.Error()
		if e, ok := errors.AsType[tls.RecordHeaderError](err); ok && e.Conn != nil && isHTTP(e.RecordHeader) {
			_, _ = io.WriteString(e.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
			_ = e.Conn.Close()
			reason = "client sent an HTTP request to an HTTPS server"
		}
		g.http.ErrorLog.Printf("http: TLS handshake error from %s: %v", c.RemoteAddr(), reason)
		return nil
	}
	_ = encrypted.SetDeadline(time.Time{})
	state := encrypted.ConnectionState()
	switch state.NegotiatedProtocol {
	case "", "http/1.1":
		j.state = &state
		j.lane = newLane(g.lanes, j)
		return &secureConn{j}
	}
	return encrypted
}

// patience is how long a handshake may take; 0 for any time.
func (g *greeter) patience() (least time.Duration) {
	for _, d := range [...]time.Duration{g.http.ReadHeaderTimeout, g.http.ReadTimeout, g.http.WriteTimeout} {
		if d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// isHTTP says whether a client has begun a request in place of a handshake.
func isHTTP(begin [5]byte) bool {
	switch string(begin[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		return true
	}
	return false
}

// A secureConn is a connection over TLS that speaks HTTP/1.1.
type secureConn struct{ *joinedConn }

// ConnectionState is what net/http takes Request.TLS from.
func (c *secureConn) ConnectionState() tls.ConnectionState { return *c.state }

// joinedOf finds the joined connection of one that net/http has, or below it; nil for none.
func joinedOf(c net.Conn) *joinedConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	switch c := c.(type) {
	case *joinedConn:
		return c
	case *secureConn:
		return c.joinedConn
	case *cork:
		return c.of
	}
	return nil
}

// mostHeld is how much is kept back, and how large a buffer for that may become.
const mostHeld = 64 << 10

// A cork is below a connection over TLS, which writes each of its records by itself: it
// sends together those of what is written together.
type cork struct {
	stream
	of      *joinedConn
	buffers *sync.Pool

	mu   sync.Mutex
	held *[]byte // nil where nothing is kept back
}

func (k *cork) Write(p []byte) (int, error) {
	k.mu.Lock()
	if k.held == nil {
		k.mu.Unlock()
		return k.stream.Write(p)
	}
	defer k.mu.Unlock()
	if *k.held = append(*k.held, p...); len(*k.held) < mostHeld {
		return len(p), nil
	}
	_, err := k.stream.Write(*k.held)
	*k.held = (*k.held)[:0]
	return len(p), err
}

// together writes parts to the connection over TLS. Of a failure it says nothing of how much
// was sent.
func (k *cork) together(parts net.Buffers) (sent int64, err error) {
	for _, p := range parts {
		sent += int64(len(p))
	}
	k.mu.Lock()
	k.held = k.buffer()
	k.mu.Unlock()
	if sent <= mostHeld {
		plain := k.buffer()
		for _, p := range parts {
			*plain = append(*plain, p...)
		}
		_, err = k.of.stream.Write(*plain)
		k.give(plain)
	} else {
		for _, p := range parts {
			if _, err = k.of.stream.Write(p); err != nil {
				break
			}
		}
	}
	k.mu.Lock()
	held := k.held
	k.held = nil
	k.mu.Unlock()
	defer k.give(held)
	if len(*held) > 0 && err == nil {
		_, err = k.stream.Write(*held)
	}
	if err != nil {
		return 0, err
	}
	return sent, nil
}

func (k *cork) buffer() *[]byte {
	if b, ok := k.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// give gives a buffer back.
func (k *cork) give(b *[]byte) {
	if cap(*b) <= 2*mostHeld {
		*b = (*b)[:0]
		k.buffers.Put(b)
	}
}
