// The package's promises and the layout of its schema.

// Package postgres keeps pages in a PostgreSQL database, version 13 or later,
// shared by any number of instances on any number of machines.
//
// The location is a URL, postgres://user:password@host:5432/database?…, with
// every parameter that pgx understands and two of ours: schema is the schema of
// the tables ("gorgon" by default), and poll is [Options.Poll]. It must lead to
// the primary. On a standby, or if default_transaction_read_only is on, pages
// can be read and every write fails with [pages.ErrReadOnly].
//
// # What is promised
//
// A call is one statement and one round trip, and so atomic. (The first use of
// a statement on a connection prepares it, which takes one more.) Only
// [Store.Migrate] makes the layout. Until it has run, or if a newer program ran
// it, calls fail with [pages.ErrLayout]. Each call checks again, so that a
// running instance continues as soon as the layout is migrated.
//
// A purge is durable before [Store.Bump] returns, even if the server is
// configured not to wait for its disk, and so are leases and acknowledgements.
// A page is not, unless [Options.Sync] is set: it can be made again.
//
// A write checks the record's epoch in the statement that replaces it. A write
// that checks a lease holds the key's advisory lock in shared mode until its
// commit; granting a lease holds the lock exclusively. Purges hold another lock
// exclusively, and acknowledgements hold it in shared mode: a purge is either
// in the sequence that [Store.Acknowledge] returns, or sees the
// acknowledgement. All of this depends on the isolation level "read committed",
// PostgreSQL's default; under another one the calls do nothing and say so.
//
// All times are by the server's clock. The times of purges do not go back when
// it does.
//
// # A store that went back
//
// A standby that takes over without having received the last purges has lost
// them, and so has a database that is restored from a backup. Each call that
// depends on purges sends the server, in the same statement, the number and
// time of the latest purge that its instance knows. If the server has fewer
// purges, or another purge of that number, everything counts as purged, the
// sequence continues from the microseconds of the server's clock, and leases
// are forgotten. So the first call of an instance that knew of a lost purge
// notices the loss, even if as many purges were made since. If no such instance
// is alive, the loss cannot be noticed; use synchronous replication if that
// matters.
//
// # Owners
//
// The owner of [Store.Claim] is stored next to the version of the layout, and
// every statement checks both: once another has taken the store over, each call
// of the former owner fails with a [pages.ForeignError].
//
// # Servers that come and go
//
// A call whose connection turns out to be dead is repeated on a new one. If the
// server had executed it before it went away, a purge has two numbers, and a
// lease is granted again to its claim; no call does harm when it is executed
// twice. A server that does not answer costs a call the time that its context
// allows, and its connection, whose slot in the pool is free again after 15
// seconds at most.
//
// [Store.Wait] listens on a connection of its own, outside the pool.
// Notifications are hints: it also reads the table after every break, and every
// few seconds.
//
// Behind a proxy that pools transactions, such as PgBouncer, neither prepared
// statements nor LISTEN may work. The store detects both, and logs each once:
// it then describes statements instead of preparing them, and asks for purges
// every 500 ms. To skip the detection, add
// default_query_exec_mode=cache_describe and poll=500ms to the location.
//
// # Layout, version 3
//
//	layout            one row: the version, the owner
//	records           one row for each record; id is the key's digest
//	state             one row: the sequence, the floor, how much is remembered
//	marks             the last purge of a subject; id is its SHA-256
//	changes           the latest purges in order, one row for each subject
//	leases            the last lease of a key; id is the key's digest
//	tokens            a sequence that gives every lease a number
//	acknowledgements  one row for each instance; id is its name's SHA-256
//
// Names of pages are bytes and not text, since a path may contain characters
// that text in PostgreSQL may not: encode(path, 'escape') makes them readable.
// Data is stored as it is, without further compression, with a CRC-32C over id
// and data, because a server may have been set up without checksums of its own:
// a mismatch gives [pages.ErrCorrupt]. In addition to the tables there is a
// function for each step that must be atomic. The name of the notification
// channel is derived from the schema's name.
//
// The time of a record's last use is updated when it is more than ten minutes
// old, in batches and not by Get.
package postgres
