// Opening when it is first used.

package database

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"os"
	"sync"
)

// Variable is the variable of the environment that says where the database is.
const Variable = "DATABASE_URL"

// ErrNoURL is the fault of a database that is used and not configured.
var ErrNoURL = errors.New(Variable + " is not set: it says where the app's database is")

// ErrClosed is the fault of a database that is used after it was closed.
var ErrClosed = errors.New("the database is closed")

// An opening is the one time that a database is opened.
type opening struct {
	mu     sync.Mutex
	engine Engine
	closed bool

	log     *slog.Logger
	strict  bool
	observe func(context.Context, Statement)
	commit  func(context.Context) // what OnCommit is given
}

// Engine opens the database, unless it is open.
func (db *DB) Engine() (Engine, error) {
	o := &db.opening
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return nil, ErrClosed
	case o.engine != nil:
		return o.engine, nil
	}
	options := db.options
	if options.URL = cmp.Or(options.URL, os.Getenv(Variable)); options.URL == "" {
		return nil, ErrNoURL
	}
	log := o.log
	if log == nil {
		log = slog.Default()
	}
	engine, err := db.dialect.Open(Config{Options: options, Log: log, Strict: o.strict, Observe: o.observe, Outside: db.outside})
	if err != nil {
		return nil, err
	}
	if db.dialect.Pools() {
		db.handle.SetMaxIdleConns(cmp.Or(engine.Idle(), -1))
	}
	if o.engine = engine; o.commit != nil {
		engine.OnCommit(o.commit)
	}
	return engine, nil
}

// A connector is the driver.Connector of a database that may not be open yet.
type connector struct{ db *DB }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	engine, err := c.db.Engine()
	if err != nil {
		return nil, err
	}
	return engine.Connector().Connect(ctx)
}

func (c connector) Driver() driver.Driver { return unnamed{c} }

// unnamed is the driver of a connector, which opens nothing by name.
type unnamed struct{ connector }

func (unnamed) Open(string) (driver.Conn, error) {
	return nil, errors.New("open the database with database.Open")
}
