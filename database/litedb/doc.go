// Package litedb is SQLite as an app's own database.
//
//	var db = database.Open(litedb.Dialect, database.Options{
//		Tables: []database.Table{{Name: "products"}},
//	})
//
// The variable DATABASE_URL names a file: "sqlite:data/shop.db", "file:shop.db"
// or "/var/lib/shop/shop.db". The file is created when it is first used; its
// folder must exist. All programs that use it run on one machine: SQLite's log
// does not work over a network file system.
//
// # Settings
//
// Each connection has a write-ahead log, foreign keys, recursive triggers and
// transactions that take the write lock when they begin. A transaction with
// [database/sql.TxOptions].ReadOnly takes no lock, and cannot write. After a power
// failure the last transactions may be lost, never the file; with
// "sqlite:data/shop.db?sync=full" a commit waits for the disk.
//
// SQLite has one writer at a time. The writers of a process take turns, in the
// order in which they came, and those of several processes wait for each other.
// A wait ends with its context or with [database.Options].Timeout, and so does a
// statement. A query that has returned its first row ends at its next one.
//
// # What is read
//
// SQLite is asked, when it compiles a statement, which tables the statement
// reads: those of views, sub-selects and expressions too. It compiles it again
// when the schema has changed. So what a query reads is known from SQLite itself,
// and not from an analysis of the text. Only that a query reads a single row is
// taken from its text: "select … from products where id = ?", with any further
// "and …". Everything else reads the table.
//
// # What is changed
//
// Triggers write the changed keys into a table, the outbox, within the user's
// transaction: once for each key, and after 100 keys of a table once for the
// table. The process that looks takes them: it gives them a number, purges, and
// then removes those of that number. A key that a transaction changes while they
// are taken is written once more.
//
// # The driver
//
// The driver is modernc.org/sqlite. Its own connection, for backups and other
// things that only it can do, is within ours:
//
//	conn.Raw(func(c any) error {
//		raw := c.(interface{ Unwrap() driver.Conn }).Unwrap()
//		…
//	})
//
// Do not set an authorizer, a commit hook or a rollback hook on it: what is read
// and committed becomes known through these.
package litedb
