// The package's promises and the layout of its schema.

// Package postgres keeps pages in a PostgreSQL database, version 13 or later,
// shared by any number of instances on any number of machines.
//
// The location is a URL, postgres://user:password@host:5432/database?…, with
// every parameter that pgx understands and two of ours: schema names where the
// tables are, "gorgon" if it is not given, and poll is [Options.Poll]. It has
// to lead to the primary. On a standby, or where default_transaction_read_only
// is on, pages are read and every write is [pages.ErrReadOnly].
//
// # What is promised
//
// A call is one statement and one round trip, and so atomic. (The first use of
// a statement on a connection prepares it, which is one more.) [Store.Migrate]
// makes the layout and nothing else does; until it has run, and where it was
// run by a newer program, calls fail with [pages.ErrLayout]. Each call asks
// again, so that a running instance goes on as soon as somebody has migrated.
//
// A purge is durable before [Store.Bump] returns, also where the server is
// told not to wait for its disk, and so are leases and acknowledgements. A
// page is not, unless [Options.Sync] says so: it can be made again. A standby
// that takes over without having received the last purges has lost them; let
// the server replicate synchronously where that matters.
//
// Writers hold a transaction's advisory lock shared from the check of their
// fence to their commit, and purges hold it alone. So a write sees every purge
// that was made before it, and a purge's number is greater than the epoch of
// any write before it. Acknowledging holds it shared too: a purge is either in
// the sequence that [Store.Acknowledge] returns or finds the acknowledgement.
// All of this rests on the isolation level "read committed", PostgreSQL's
// default; under another one the calls say so and do nothing.
//
// The clock is the server's. Times of purges do not go back when it does.
//
// # Servers that come and go
//
// A call whose connection turns out to be dead is made again on a new one. If
// the server had made it before it went away, a purge has two numbers and a
// lease has to run out first; no call does harm when it is made twice. A server
// that does not answer costs a call the time that its context allows, and the
// connection, whose place in the pool is free again after 15 seconds at most.
//
// [Store.Wait] listens on a connection of its own, outside the pool. What it
// hears is a hint: it looks at the table after every break, and every few
// seconds.
//
// Behind a proxy that pools transactions, such as PgBouncer, neither prepared
// statements nor LISTEN may work. Both are found out, and said once: statements
// are then described instead of prepared, and purges are asked for every 500
// ms. To spare the finding out, add default_query_exec_mode=cache_describe and
// poll=500ms to the location.
//
// # Layout, version 2
//
//	layout            one row: the version
//	records           one row for each record; id is the key's digest
//	state             one row: the sequence, the floor, how much is remembered
//	marks             the last purge of a subject; id is its SHA-256
//	changes           the latest purges in order, one row for each subject
//	leases            the last lease of a key; id is the key's digest
//	tokens            a sequence, of which every lease takes a number
//	acknowledgements  one row for each instance; id is its name's SHA-256
//
// Names of pages are bytes and not text, since a path may hold what text in
// PostgreSQL may not: encode(path, 'escape') reads them. Data is stored as it
// is, without compressing it again, with a CRC-32C over id and data, because
// a server may have been set up without checksums of its own: what does not
// match is [pages.ErrCorrupt]. Beside the tables there is a function for each
// step that has to be atomic. The channel of notifications is derived from
// the schema's name.
//
// When a record was last used is written when it is more than ten minutes
// old, in batches and not by Get.
package postgres
