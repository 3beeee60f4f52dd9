// Opening and closing a store.

package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gorgon-go/gorgon/driver"
	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Log receives a message, once, if the server can be used but not fully.
	// Default: slog.Default().
	Log *slog.Logger

	// Conns is the maximum number of connections, not counting the one that
	// listens. Default: pool_max_conns of the location, or 8.
	Conns int

	// Sync makes a page durable before Put returns. Purges always are. Default:
	// false.
	Sync bool

	// Subjects is how many subjects' last purges are remembered. Beyond it the
	// oldest are forgotten, and a forgotten subject counts as purged when the
	// latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int

	// Poll is the interval at which to ask for purges instead of listening for
	// notifications. Default: poll of the location; otherwise listen, and if
	// that does not work, ask every 500 ms.
	Poll time.Duration
}

// A Store keeps pages in a schema of a database. Make it with [Open].
type Store struct {
	name     string // for messages
	schema   string
	opts     Options
	log      *slog.Logger
	queries  atomic.Pointer[queries]
	seen     seen
	pool     *pgxpool.Pool
	conns    *conns
	mode     atomic.Int32 // a pgx.QueryExecMode
	hints    driver.Hints
	logged   atomic.Bool // that notifications do not arrive
	life     *driver.Life
	touching touching
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
	_ pages.Migrator     = (*Store)(nil)
)

// Open opens the store at a location; see the package documentation. It does
// not contact the server: until the server can be reached, and [Store.Migrate]
// has made its layout, the methods fail.
func Open(ctx context.Context, location string, opts Options) (*Store, error) {
	p, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	if opts.Conns > 0 {
		p.pool.MaxConns = int32(min(opts.Conns, 1<<16))
	}
	opts.Subjects = cmp.Or(opts.Subjects, 100_000)
	opts.Changes = cmp.Or(opts.Changes, 10_000)
	opts.Poll = cmp.Or(opts.Poll, p.poll)
	s := &Store{
		name: p.name, schema: p.schema, opts: opts, log: opts.Log,
		conns: newConns(p.pool.ConnConfig),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	q := newQueries(p.schema, "")
	s.queries.Store(&q)
	s.mode.Store(int32(p.pool.ConnConfig.DefaultQueryExecMode))
	s.life = driver.NewLife(ctx)
	// A connection that died while idle is detected by the call that uses it,
	// which is then repeated, and not by a round trip before each call.
	p.pool.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if s.pool, err = pgxpool.NewWithConfig(s.life.Calls(), p.pool); err != nil {
		s.life.Close(func() {}, func() {})
		return nil, errors.New("open postgres: the location cannot be used: check its parameters that begin with pool_")
	}
	return s, nil
}

// Driver opens stores by URL, for command lines:
// "postgres://shop@db.example/shop?schema=pages".
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: schemes(),
		Remote:  true,

		Migrations: migrations,
		Open: func(ctx context.Context, location string) (pages.Store, error) {
			s, err := Open(ctx, location, Options{})
			if err != nil {
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

// Close ends every Wait and waits a second for the other calls in progress. A
// second Close has no effect.
func (s *Store) Close() error {
	s.life.Close(func() {
		s.pool.Close()
		s.conns.wait()
	}, s.conns.cut)
	return nil
}

func (s *Store) sql() *queries { return s.queries.Load() }

func (s *Store) queryMode() pgx.QueryExecMode { return pgx.QueryExecMode(s.mode.Load()) }

// Schema returns the name of the store's schema.
func (s *Store) Schema() string { return s.schema }
