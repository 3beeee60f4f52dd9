// Head and body in one write.

package serve

import (
	"context"
	"io"
	"net"
	"net/http"
)

// headroom is the size of net/http's buffer: it sends the head of an answer
// with as much of the body as fits there, and then the rest of a larger body
// in a second write.
const headroom = 4096

// A joinedConn puts those two writes together, which saves a system call and
// a packet for nearly every page. It keeps bytes back only when it is told
// that more follow, and no longer than the request lasts.
//
// Only the goroutine that serves the connection touches what is kept back.
type joinedConn struct {
	*net.TCPConn
	more bool // keep the next write back
	held []byte
	both [2][]byte // lives here so that sending allocates nothing
	send net.Buffers
}

type joinedKey struct{}

// joined makes the connections of a listener joined ones, where they can be.
type joined struct{ net.Listener }

func (l joined) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &joinedConn{TCPConn: tcp}, err
	}
	return c, err
}

// withConn lets requests find their connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if j, ok := c.(*joinedConn); ok {
		return context.WithValue(ctx, joinedKey{}, j)
	}
	return ctx
}

// join says that a body of this size follows, whole and at once.
func join(r *http.Request, size int) {
	if size <= headroom || r.ProtoMajor != 1 {
		return
	}
	if c, ok := r.Context().Value(joinedKey{}).(*joinedConn); ok {
		c.more = true
	}
}

// settle sends what is kept back when a request has ended and nothing
// followed, as when a middleware made the body smaller.
func settle(c net.Conn, state http.ConnState) {
	if j, ok := c.(*joinedConn); ok && state == http.StateIdle {
		_ = j.flush() // the next write fails as well
	}
}

func (c *joinedConn) Write(p []byte) (int, error) {
	if c.more {
		c.more = false
		c.held = append(c.held[:0], p...)
		return len(p), nil
	}
	if len(c.held) == 0 {
		return c.TCPConn.Write(p)
	}
	held := int64(len(c.held))
	c.both = [2][]byte{c.held, p}
	c.send = c.both[:]
	n, err := c.send.WriteTo(c.TCPConn)
	c.held, c.both = c.held[:0], [2][]byte{}
	return int(max(n-held, 0)), err
}

func (c *joinedConn) flush() error {
	c.more = false
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.TCPConn.Write(c.held)
	c.held = c.held[:0]
	return err
}

// ReadFrom is how net/http sends a file.
func (c *joinedConn) ReadFrom(r io.Reader) (int64, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	return c.TCPConn.ReadFrom(r)
}

// CloseWrite is called at the end of the last answer of a connection.
func (c *joinedConn) CloseWrite() error {
	if err := c.flush(); err != nil {
		return err
	}
	return c.TCPConn.CloseWrite()
}
