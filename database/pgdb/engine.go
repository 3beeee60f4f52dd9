// An opened database.

package pgdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// Dialect is PostgreSQL, for [database.Open].
var Dialect database.Dialect = dialect{}

type dialect struct{}

func (dialect) Name() string { return "postgresql" }
func (dialect) Pools() bool  { return true }

func (dialect) Open(config database.Config) (database.Engine, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	e := &engine{config: config, log: config.Log, sorts: newCache[sort](), plans: newCache[*plan](), analyses: make(chan struct{}, 1)}
	var err error
	if e.tables, err = tablesOf(config.Tables); err != nil {
		return nil, err
	}
	if err := checkSchema(config.Schema); err != nil {
		return nil, err
	}
	app, err := parse(config.URL, config.Conns)
	if err != nil {
		return nil, err
	}
	e.shown = shown(app.ConnConfig)
	own := app.Copy()
	own.MaxConns, own.MinConns, own.MinIdleConns = ownConns, 0, 0
	own.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // which works with proxies, too
	app.ConnConfig.Tracer = tracer{e}
	if !chosen(config.URL) {
		app.BeforeConnect = e.choose
	}
	// What pgx would do with a context of its own ends with the engine.
	life, end := context.WithCancel(context.Background())
	e.life, e.end = life, end
	if e.own, err = pgxpool.NewWithConfig(life, own); err == nil {
		e.app, err = pgxpool.NewWithConfig(life, app)
	}
	if err != nil {
		end()
		return nil, errors.New("the database's pool of connections cannot be made: check the parameters that begin with pool_ in its URL")
	}
	return e, nil
}

// An engine is one opened database.
type engine struct {
	config database.Config
	log    *slog.Logger
	tables []table
	shown  string

	app *pgxpool.Pool // of the app
	own *pgxpool.Pool // of the outbox and of analyses

	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup // listening

	committed atomic.Pointer[func(context.Context)]

	gone     atomic.Int64 // rows that were removed from the outbox since it was vacuumed
	mode     atomic.Int32 // how statements are sent; 0: not known
	pooled   atomic.Bool  // a proxy gives transactions other connections
	name     atomic.Pointer[string]
	sorts    *cache[sort]
	plans    *cache[*plan]
	analyses chan struct{} // one at a time, so that the outbox always has a connection

	known      sync.Mutex
	generation int64           // of the layout and schema, as last seen
	laid       []laid          // nil: not known
	volatile   map[string]bool // the app's functions that may write; nil: not known
}

func (e *engine) Connector() driver.Connector {
	return connector{e, stdlib.GetPoolConnector(e.app)}
}

// Idle leaves most of the pool to users of pgx.
func (e *engine) Idle() int { return int(e.app.Config().MaxConns / 4) }

func (e *engine) Shown() string { return e.shown }

func (e *engine) Tag(ctx context.Context) (string, error) {
	name, err := e.databaseName(ctx)
	if err != nil {
		return "", e.explain("ask for the database's name", err)
	}
	return dataflow.DatabaseTag(name), nil
}

func (e *engine) databaseName(ctx context.Context) (string, error) {
	if name := e.name.Load(); name != nil {
		return *name, nil
	}
	var name string
	if err := e.own.QueryRow(ctx, "select pg_catalog.current_database()").Scan(&name); err != nil {
		return "", err
	}
	e.name.Store(&name)
	return name, nil
}

// OnCommit sets what is called after commits, and begins to listen for
// announcements.
func (e *engine) OnCommit(f func(context.Context)) {
	if e.committed.Swap(&f) == nil && e.config.Announce {
		e.work.Go(e.listen)
	}
}

// tell says that a transaction has committed.
func (e *engine) tell(ctx context.Context) {
	if f := e.committed.Load(); f != nil && !dataflow.IsApart(ctx) {
		(*f)(ctx)
	}
}

// outside is the fault of what begins outside of transactions.
func (e *engine) outside(ctx context.Context) error {
	if e.config.Outside == nil {
		return nil
	}
	return e.config.Outside(ctx)
}

func (e *engine) Retry(err error) bool {
	c := code(err)
	return c == "40001" || c == "40P01" // serialization_failure, deadlock_detected
}

// closeTimeout is how long Close waits for connections that are in use.
const closeTimeout = 5 * time.Second

func (e *engine) Close() error {
	e.end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.work.Wait()
		e.app.Close()
		e.own.Close()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(closeTimeout):
		return errors.New("close the database: connections are still in use: close rows and transactions first")
	}
}
