// Opening and closing a store.

package postgres

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Log is told once if the server can be used but not as it should be.
	// Default: slog.Default().
	Log *slog.Logger

	// Conns is how many connections there are at most, beside the one that
	// listens. Default: pool_max_conns of the location, or 8.
	Conns int

	// Sync makes a page durable before Put returns. Purges always are.
	// Default: false.
	Sync bool

	// Subjects is how many subjects' last purges are remembered. Beyond it
	// the oldest are forgotten, and a subject that is not known counts as
	// purged when the latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int

	// Poll is how often to ask for purges instead of listening for them.
	// Default: poll of the location; or listen, and where that does not work
	// ask every 500 ms.
	Poll time.Duration
}

// A Store keeps pages in a schema of a database. Make it with [Open].
type Store struct {
	name     string // for messages
	schema   string
	opts     Options
	log      *slog.Logger
	sql      queries
	pool     *pgxpool.Pool
	conns    *conns
	mode     atomic.Int32 // a pgx.QueryExecMode
	hearing  hearing
	touching touching

	open context.Context // ends when Close begins
	shut context.CancelFunc
	life context.Context // ends when Close waits for calls no longer
	end  context.CancelFunc

	mu         sync.Mutex
	closed     bool
	calls      sync.WaitGroup
	background sync.WaitGroup
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Lister       = (*Store)(nil)
	_ pages.Watcher      = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
	_ pages.Migrator     = (*Store)(nil)
)

// closeGrace is how long Close waits for calls, and then for connections.
const closeGrace = time.Second

// Open opens the store at a location, see the package's documentation. It does
// not ask the server: until that can be reached, and its layout was made by
// [Store.Migrate], the methods fail.
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
		name: p.name, schema: p.schema, opts: opts, log: opts.Log, sql: newQueries(p.schema),
		conns: newConns(p.pool.ConnConfig),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.mode.Store(int32(p.pool.ConnConfig.DefaultQueryExecMode))
	s.hearing.news = make(chan struct{})
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.open, s.shut = context.WithCancel(s.life)
	// A connection that died while it was idle is found out by the call that
	// uses it, which is made again, and not by a round trip before each call.
	p.pool.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if s.pool, err = pgxpool.NewWithConfig(s.life, p.pool); err != nil {
		s.end()
		return nil, fmt.Errorf("open postgres: %s", redact(err.Error(), location))
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
				return nil, err // not s: it would be a Store that is not nil
			}
			return s, nil
		},
	}
}

// Close ends every Wait and waits a second for the other calls that have
// begun. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.shut()
	late := time.AfterFunc(closeGrace, s.end)
	s.calls.Wait()
	late.Stop()
	s.end()
	// A server that hangs does not answer a farewell either.
	hangs := time.AfterFunc(closeGrace, s.conns.cut)
	s.background.Wait()
	s.pool.Close()
	s.conns.wait()
	hangs.Stop()
	return nil
}

// begin is the start of every call: it holds off Close until end is called,
// for a while. The context it returns ends with the store too.
func (s *Store) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, pages.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.calls.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.calls.Done()
	}, nil
}

// keep runs work beside the calls until Close. Where the store is closed it
// does nothing.
func (s *Store) keep(work func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.background.Go(work)
	}
}

// pause waits, and says whether the store is still open.
func (s *Store) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.open.Done():
		return false
	}
}

func (s *Store) queryMode() pgx.QueryExecMode { return pgx.QueryExecMode(s.mode.Load()) }

// Schema is the schema that the store is in.
func (s *Store) Schema() string { return s.schema }
