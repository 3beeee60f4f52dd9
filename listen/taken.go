// Connections that handlers take from a server.

package listen

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Hold makes a server that stops wait until release is called, as long as it waits
// for requests. It is for a handler that takes its connection from the server, which
// knows nothing of it from then on: hold the server before.
func Hold(r *http.Request) (release func()) {
	s, ok := r.Context().Value(serverKey{}).(*Server)
	if !ok {
		return func() {}
	}
	s.held.Add(1)
	return func() { s.held.Add(-1) }
}

// released waits until nothing holds the server.
func (s *Server) released(ctx context.Context) error {
	for s.held.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// Taken is a connection that was taken from a server, without what is for the
// answers of a server alone.
func Taken(c net.Conn) net.Conn {
	if _, encrypted := c.(*tls.Conn); encrypted {
		return c
	}
	if j := joinedOf(c); j != nil && j.flush() == nil && (j.lane == nil || j.lane.empty()) {
		return j.stream
	}
	return c
}
