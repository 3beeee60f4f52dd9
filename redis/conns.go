// The connections of a store, so that none outlives it.

package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"

	"github.com/redis/rueidis"
)

// conns are the open network connections. Cutting them ends every wait for the
// server.
type conns struct {
	life context.Context

	mu   sync.Mutex
	open map[*conn]bool
	cuts bool
}

type conn struct {
	net.Conn
	of *conns
}

// newConns makes a client dial through the result, as long as life lasts.
func newConns(life context.Context, option *rueidis.ClientOption) *conns {
	c := &conns{life: life, open: make(map[*conn]bool)}
	network := "tcp"
	if option.DialCtxFn != nil { // which ParseURL sets for a socket
		network = "unix"
	}
	option.DialCtxFn = func(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
		return c.connect(ctx, network, addr, dialer, config)
	}
	return c
}

func (c *conns) connect(ctx context.Context, network, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialer.Timeout)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	plain, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	dialed := &conn{plain, c}
	if err := c.add(dialed); err != nil {
		return nil, err
	}
	if config == nil {
		return dialed, nil
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	secure := tls.Client(dialed, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = dialed.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer to TLS: is this the server's port for it?")
		}
		return nil, &net.OpError{Op: "dial", Net: network, Addr: plain.RemoteAddr(), Err: err}
	}
	return secure, nil
}

func (c *conns) add(dialed *conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cuts {
		_ = dialed.Conn.Close()
		return net.ErrClosed
	}
	c.open[dialed] = true
	return nil
}

func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// cut closes all connections, and refuses new ones.
func (c *conns) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts = true
	for open := range c.open {
		_ = open.Conn.Close()
	}
	clear(c.open)
}
