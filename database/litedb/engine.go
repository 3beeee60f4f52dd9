// One opened database.

package litedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

type engine struct {
	config database.Config
	place  place
	tables map[string]database.Table // by their names in lower case
	outbox string                    // the name of our table
	sql    texts
	turn   turn
	own    own
	notify atomic.Pointer[func(context.Context)]
}

// maxPatience is how long SQLite waits for the lock of another process where
// statements may take any time.
const maxPatience = 10 * time.Minute

var schemas = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func open(config database.Config) (*engine, error) {
	place, err := locate(config.URL)
	if err != nil {
		return nil, err
	}
	if !schemas.MatchString(config.Schema) {
		return nil, errors.New("Options.Schema has to be lower-case letters, digits and underscores, and begin with a letter")
	}
	if place.patience = config.Timeout; config.Timeout <= 0 {
		place.patience = maxPatience
	}
	e := &engine{
		config: config, place: place, tables: map[string]database.Table{},
		outbox: config.Schema + "_outbox", sql: textsOf(config.Schema + "_outbox"),
	}
	for _, t := range config.Tables {
		if t.Name == "" {
			return nil, errors.New("a table in Options.Tables has no name")
		}
		if _, ok := e.tables[fold(t.Name)]; ok {
			return nil, errors.New("Options.Tables has table " + t.Name + " twice")
		}
		e.tables[fold(t.Name)] = t
	}
	return e, nil
}

// Connector connects for database/sql.
func (e *engine) Connector() driver.Connector { return connector{e} }

func (e *engine) Idle() int { return 0 }

type connector struct{ engine *engine }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) { return c.engine.connect(ctx) }

func (c connector) Driver() driver.Driver { return unnamed{c} }

// unnamed is the driver of a connector, which opens nothing by name.
type unnamed struct{ connector }

func (unnamed) Open(string) (driver.Conn, error) {
	return nil, errors.New("open the database with database.Open")
}

// Tag is that of the file.
func (e *engine) Tag(context.Context) (string, error) { return dataflow.DatabaseTag(name), nil }

// Shown is the file's path.
func (e *engine) Shown() string { return "sqlite:" + e.place.path }

// OnCommit sets what is called after a commit.
func (e *engine) OnCommit(f func(context.Context)) { e.notify.Store(&f) }

func (e *engine) committed(ctx context.Context) {
	if f := e.notify.Load(); f != nil && !dataflow.IsApart(ctx) {
		(*f)(ctx)
	}
}

// Close closes the engine's own connection. database/sql closes the others.
func (e *engine) Close() error { return e.own.close() }
