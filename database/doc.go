// Package database is an app's own database: a handle for its queries, its
// migrations, and purges that follow from commits.
//
//	var db = database.Open(pgdb.Dialect, database.Options{
//		Migrations: migrations, // an embed.FS with 00001_products.sql, …
//		Tables:     []database.Table{{Name: "products"}},
//	})
//
// The dialect is chosen once, in the source: package litedb is SQLite, for one
// machine and for good; package pgdb is PostgreSQL, from the first day. The
// variable DATABASE_URL says where the database is. Open contacts nothing: the
// app connects when it serves, migrates or builds.
//
// # Queries
//
// [DB.SQL] is a *sql.DB as any other; with PostgreSQL, pgdb.Pool is pgx's. There
// is no query language of our own; sqlc generates code for either handle.
// Queries take the context that the app's functions are given: it is how they
// become known.
//
// # A commit is a purge
//
// The tables in [Options.Tables] have triggers, made by the migrate command.
// They note what a statement changes in an outbox, within its transaction. A
// query with the context of a loader notes what it reads. So a page, fragment or
// stored endpoint is out of date as soon as a transaction has committed that
// changed what it shows, on every instance that shares the store, whatever program
// made the change. Nothing has to be purged by hand.
//
// What a commit changed is purged after it, by the process that committed, or
// within half a second by any other. The response of a request that committed
// waits for that, and the visitor's next request sees it.
//
// # What is not noticed
//
// A page says so (the why command, and plan), and keeps its interval, if it
// reads a table that is not in Tables, or one through a function whose reads
// are not known, a materialized view, or another database. Changes are not
// noticed if they are made without triggers: by a restored backup, logical
// replication or DISABLE TRIGGER, directly in a partition, by ALTER TABLE outside
// of a migration, or, in SQLite, by REPLACE of a program other than the app.
package database
