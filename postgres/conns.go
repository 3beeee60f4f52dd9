// The connections of a store, so that none outlives it.

package postgres

import (
	"context"
	"net"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// conns are the open network connections, including those that pgx is still
// closing. Cutting them ends every wait for the server.
type conns struct {
	dial pgconn.DialFunc

	mu   sync.Mutex
	open map[*conn]bool
	cuts bool
	none sync.Cond // closed when nothing is open
}

type conn struct {
	net.Conn
	of *conns
}

// newConns makes a configuration dial through the result.
func newConns(config *pgx.ConnConfig) *conns {
	c := &conns{dial: config.DialFunc, open: make(map[*conn]bool)}
	c.none.L = &c.mu
	config.DialFunc = c.connect
	return c
}

func (c *conns) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	plain, err := c.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	dialed := &conn{plain, c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cuts {
		_ = plain.Close()
		return nil, net.ErrClosed
	}
	c.open[dialed] = true
	return dialed, nil
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	delete(c.of.open, c)
	if len(c.of.open) == 0 {
		c.of.none.Broadcast()
	}
	return err
}

// cut closes all connections, and refuses new ones.
func (c *conns) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts = true
	for open := range c.open {
		_ = open.Conn.Close()
	}
}

// wait returns when none is open.
func (c *conns) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.open) > 0 {
		c.none.Wait()
	}
}
