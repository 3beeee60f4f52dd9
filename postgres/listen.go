// Listening for notifications, on a connection of its own.

package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"github.com/gorgon-go/gorgon/driver"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	leastBackOff = 100 * time.Millisecond
	mostBackOff  = 5 * time.Second
	listenStep   = 5 * time.Second  // for one exchange with the server
	proveWithin  = 3 * time.Second  // for a notification to arrive
	pingEvery    = 30 * time.Second // for a connection on which nothing arrives
	proveAgain   = time.Minute      // if nothing arrived
)

// errDeaf says that the server accepts LISTEN but notifications do not arrive.
var errDeaf = errors.New("notifications do not arrive")

// listenAlways listens until Close, and reconnects after every break.
func (s *Store) listenAlways() {
	for backOff := leastBackOff; ; {
		heard, err := s.listenOnce(s.life.Open())
		s.hints.SetLive(false)
		switch {
		case heard:
			backOff = leastBackOff
		case deaf(err):
			s.tellDeaf(err)
			backOff = proveAgain
		default:
			backOff = min(2*backOff, mostBackOff)
		}
		if !s.life.Pause(backOff) {
			return
		}
	}
}

// deaf reports that listening does not work here, however often it is tried:
// because of a proxy, a standby, or missing support.
func deaf(err error) bool {
	return errors.Is(err, errDeaf) || code(err) == "25006" || code(err) == "0A000"
}

func (s *Store) tellDeaf(err error) {
	if !s.logged.Swap(true) {
		s.log.Warn("LISTEN does not work here, possibly because of a proxy that pools transactions; asking for purges every 500 ms instead. "+
			"Add poll=500ms to the store's location to skip this attempt", "store", "postgres", "server", s.name, "err", s.explain(context.Background(), "listen", err))
	}
}

// listenOnce listens until the connection breaks, and says whether
// notifications could have arrived.
func (s *Store) listenOnce(ctx context.Context) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), driver.Grace)
		defer cancel()
		_ = conn.Close(ctx) // it is gone in any case
		<-conn.PgConn().CleanupDone()
	}()
	if err := within(ctx, listenStep, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "LISTEN "+s.sql().channel)
		return err
	}); err != nil {
		return false, err
	}
	if err := s.prove(ctx, conn); err != nil {
		// A proxy's connection would otherwise keep listening without a
		// receiver.
		_ = within(ctx, listenStep, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, "UNLISTEN "+s.sql().channel)
			return err
		})
		return false, err
	}
	s.hints.SetLive(true)
	for {
		err := within(ctx, pingEvery, func(ctx context.Context) error {
			_, err := conn.WaitForNotification(ctx)
			return err
		})
		switch {
		case err == nil:
			s.hints.Announce()
		case ctx.Err() != nil || !pgconn.Timeout(err):
			return true, err
		default:
			if err := within(ctx, listenStep, conn.Ping); err != nil {
				return true, err
			}
		}
	}
}

// prove sends a notification through the pool and waits for it.
func (s *Store) prove(ctx context.Context, conn *pgx.Conn) error {
	token := rand.Text()
	if err := within(ctx, listenStep, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, "SELECT pg_notify($1::text, $2::text)", pgx.QueryExecModeExec, s.sql().channel, token)
		return err
	}); err != nil {
		return err
	}
	err := within(ctx, proveWithin, func(ctx context.Context) error {
		for {
			n, err := conn.WaitForNotification(ctx)
			if err != nil || n.Payload == token {
				return err
			}
		}
	})
	if err != nil && ctx.Err() == nil && pgconn.Timeout(err) {
		return errDeaf
	}
	return err
}

// within runs one step with a deadline.
func within(ctx context.Context, limit time.Duration, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return step(ctx)
}
