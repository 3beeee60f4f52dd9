// Opening a database.

package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
)

// Options of a database. The zero value has no migrations and no tables.
type Options struct {
	// Migrations are the files of the database's schema: 00001_products.sql,
	// 00002_prices.sql, … See [Migrate]. Default: none.
	Migrations fs.FS

	// Tables are those whose commits are purges. Default: none.
	Tables []Table

	// URL is where the database is. Default: the variable DATABASE_URL, which is
	// read when the database is first used.
	URL string

	// Conns is how many connections a process has at most, besides the one of
	// the outbox. Default: 8; with PostgreSQL, pool_max_conns of the URL.
	Conns int

	// Timeout is how long a statement may take. Default: 30 s; below 0: no
	// limit.
	Timeout time.Duration

	// LockTimeout is how long a migration waits for a lock of a table at a time,
	// with PostgreSQL: all that use the table wait with it. It is tried five
	// times. Default: 5 s.
	LockTimeout time.Duration

	// Slow is how long a statement takes at least to be logged. Default: 500 ms;
	// below 0: never.
	Slow time.Duration

	// Poll is how often the outbox is looked at for the commits of other
	// programs, while the site is used. Default: 500 ms.
	Poll time.Duration

	// Announce lets every commit announce itself to all processes, so that those
	// of other programs are noticed at once. PostgreSQL makes transactions that
	// announce themselves commit one after the other: use it where writes are
	// few. It has no effect with SQLite. Default: other programs' commits are
	// noticed at the next Poll.
	Announce bool

	// Schema is the PostgreSQL schema of the outbox and of the record of
	// migrations; with SQLite, it begins their names. Two apps that share a
	// database have one each. Default: "gorgon_data".
	Schema string
}

// A Table is one whose commits are purges.
type Table struct {
	// Name is the table's name, in PostgreSQL with its schema where that is
	// not "public": "products", "shop.products".
	Name string

	// Key is the column by which pages read single rows: a page that reads row
	// 7 alone is not out of date when row 8 changes. Its type is an integer,
	// text or uuid. Default: the primary key, if that is one such column;
	// otherwise each change purges every reader of the table.
	Key string

	// Ignore are columns that no page shows, such as a counter: an update that
	// changes nothing else purges nothing. Default: none.
	Ignore []string
}

// The names of dialects.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgresql"
)

// A Dialect is a kind of database: pgdb.Dialect or litedb.Dialect.
type Dialect interface {
	// Name is [SQLite] or [PostgreSQL].
	Name() string

	// Pools says whether the connector of an Engine pools its connections
	// itself, so that database/sql keeps but a few ([Engine.Idle]).
	Pools() bool

	// Open prepares the use of a database. It reads the URL and contacts
	// nothing.
	Open(config Config) (Engine, error)
}

// Config is what a [Dialect] opens a database with: the app's [Options], all of
// them set, and what the process adds.
type Config struct {
	Options

	Log *slog.Logger

	// Strict makes a query fail that a loader makes and whose reads cannot be
	// found out: in development and tests. Default: the page keeps the doubt.
	Strict bool

	// Observe is called for each statement, when it ends, with its text.
	// Default: nothing.
	Observe func(ctx context.Context, s Statement)

	// Outside is called with the context of each statement that is in no
	// transaction, and of each transaction that begins, before anything is
	// waited for. Its error is theirs. Default: nothing.
	Outside func(ctx context.Context) error
}

// A Statement is one that has ended.
type Statement struct {
	Text string
	Took time.Duration
	Err  error
}

// An Engine is one opened database. It is safe for concurrent use.
type Engine interface {
	dataflow.Outbox

	// Connector connects for database/sql. The queries of its connections are
	// noted in [dataflow.ReadsOf] their context, and their commits are told to
	// what OnCommit has set.
	Connector() driver.Connector

	// Idle is how many connections out of the Engine's own pool database/sql may
	// keep for a moment, since taking each query's connection out of the pool
	// costs busy writers dearly. 0 where there is no pool.
	Idle() int

	// Tag is the tag of the whole database, see [dataflow.DatabaseTag]. It may
	// have to ask the server for the database's name.
	Tag(ctx context.Context) (string, error)

	// Layout makes what is needed for Tables and has nothing yet: outbox and
	// triggers, and says in words what it did; nothing if it was all there. It
	// may be called by several processes at once. A table that does not exist,
	// or whose Key or Ignore does not fit, is an error with its name.
	Layout(ctx context.Context) (steps []string, err error)

	// Missing says what Layout would do now; nothing if all is there.
	Missing(ctx context.Context) ([]string, error)

	// Changed puts a change of the whole database into the outbox: after a
	// migration, all that was read before is out of date.
	Changed(ctx context.Context) error

	// Lock calls f while no other process is in a Lock of the same database and
	// Schema. It waits for its turn as long as ctx allows.
	Lock(ctx context.Context, f func(ctx context.Context) error) error

	// Retry says whether a transaction that failed like this may succeed if it
	// is run again.
	Retry(err error) bool

	// Shown is the URL without its secrets.
	Shown() string

	// Close closes all connections.
	Close() error
}

// A DB is an app's database. Make it with [Open].
type DB struct {
	dialect Dialect
	options Options
	handle  *sql.DB
	opening opening
	owns    owns
	fits    atomic.Bool                   // Check has been nil
	drainer atomic.Pointer[drain.Drainer] // nil unless the app serves
}

// Open returns a database of a dialect. It contacts nothing and reads nothing:
// the database is opened when it is first used. Faults, such as a URL that is
// missing, are those of the first query.
func Open(dialect Dialect, options Options) *DB {
	db := &DB{dialect: dialect, options: options.withDefaults()}
	db.handle = sql.OpenDB(connector{db})
	if dialect.Pools() {
		db.handle.SetMaxIdleConns(-1) // until it is opened
		db.handle.SetConnMaxIdleTime(time.Second)
		db.handle.SetConnMaxLifetime(time.Minute) // so that the pool can replace those in use
	} else {
		set(&db.options.Conns, 8)
		db.handle.SetMaxIdleConns(db.options.Conns) // the default of 2 opens a connection for nearly every query
	}
	db.handle.SetMaxOpenConns(db.options.Conns)
	return db
}

func (o Options) withDefaults() Options {
	set(&o.Timeout, 30*time.Second)
	set(&o.LockTimeout, 5*time.Second)
	set(&o.Slow, 500*time.Millisecond)
	set(&o.Poll, 500*time.Millisecond)
	set(&o.Schema, "gorgon_data")
	return o
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// SQL is the handle for database/sql. It is closed with the database.
func (db *DB) SQL() *sql.DB { return db.handle }

// Dialect is the database's dialect.
func (db *DB) Dialect() Dialect { return db.dialect }

// Options are the database's options, all of them set.
func (db *DB) Options() Options { return db.options }
