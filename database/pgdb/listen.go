// Announcements of other processes.

package pgdb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// retryAfter is how long listening waits after its connection was lost.
const retryAfter = time.Second

// listen listens for announcements until the engine is closed.
func (e *engine) listen() {
	for e.life.Err() == nil {
		err := e.listenOnce(e.life)
		if errors.Is(err, errPooled) {
			e.log.Warn("announcements of other programs' commits do not pass the proxy between this program and the server; "+
				"they are noticed at the next Poll", "database", e.shown)
			return
		}
		select {
		case <-e.life.Done():
		case <-time.After(retryAfter):
		}
	}
}

var errPooled = errors.New("there is a proxy")

func (e *engine) listenOnce(ctx context.Context) error {
	pooled, err := e.probe(ctx)
	if err != nil {
		return err
	}
	if pooled {
		return errPooled
	}
	config := e.own.Config().ConnConfig
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler { // there is no statement to cancel
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "listen "+identifier(e.config.Schema)); err != nil {
		return err
	}
	e.tell(ctx) // what was announced before
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		e.tell(ctx)
	}
}
