// Ending a statement on the server when its context ends.

package pgdb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// cancelTimeout is how long a server has to cancel a statement before its
// connection is closed.
const cancelTimeout = 2 * time.Second

// A canceler sends the server a request to cancel a statement, so that its
// connection can go on. It differs from that of pgx in that the request is
// always seen to its end: PgBouncer 1.18 ends if one is given up.
type canceler struct {
	conn *pgconn.PgConn
	sent chan error
}

func newCanceler(c *pgconn.PgConn) ctxwatch.Handler { return &canceler{conn: c} }

func (c *canceler) HandleCancel(context.Context) {
	_ = c.conn.Conn().SetDeadline(time.Now().Add(cancelTimeout))
	c.sent = make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
		defer cancel()
		c.sent <- c.conn.CancelRequest(ctx)
	}()
}

// HandleUnwatchAfterCancel waits until the request has reached the server, since
// it would cancel the next statement otherwise. If it may still be under way the
// connection is left to its deadline.
func (c *canceler) HandleUnwatchAfterCancel() {
	if err := <-c.sent; err == nil {
		_ = c.conn.Conn().SetDeadline(time.Time{})
	}
}
