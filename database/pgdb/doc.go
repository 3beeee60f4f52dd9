// Package pgdb is PostgreSQL as an app's own database.
//
//	var db = database.Open(pgdb.Dialect, database.Options{
//		Migrations: migrations,
//		Tables:     []database.Table{{Name: "products"}},
//	})
//
// PostgreSQL 13 and later. DATABASE_URL is a URL such as
// postgres://user:password@host:5432/database, with the parameters that pgx
// knows. Both [database.DB.SQL] and [Pool] use one pool of connections. A
// process has up to two more for the outbox, and one that listens, if
// [database.Options.Announce] is set.
//
// # Rights
//
// The role that migrates owns the schema of the outbox, and the functions of the
// triggers run with its rights: programs that write need no right to the outbox.
// The role that the app serves with looks at the outbox and removes what was
// purged: if it is another role, grant it usage on the schema, and select and
// delete on its tables. The migrate command grants that to the owners of
// the tables in [database.Options.Tables].
//
// # What a query reads
//
// The first time a loader makes a query, its text is prepared and planned, with
// EXPLAIN, in a transaction that is rolled back. It is not executed. The locks
// that this takes are on the tables that the text reads, through views and
// through functions in SQL. A function in another language, a function in SQL
// that PostgreSQL does not look into, a materialized view, a foreign table and a
// sequence make a doubt. Functions that declare themselves immutable, and those
// of extensions, are believed to read no table. Not seen are what functions of
// operators, casts and aggregates read.
//
// A query that is one select from one table, and whose where clause begins with
// "key = $1", reads one row:
//
//	select name, price from products where id = $1
//
// # What is not seen
//
// Statements that do not go through pgx's or database/sql's methods, such as
// those of pgconn.PgConn. A statement whose connection has changed its
// search_path or its role, or has temporary tables, makes a doubt.
//
// # Proxies
//
// Proxies that give each transaction another connection, such as PgBouncer, are
// noticed: statements are then described and not prepared. Statements that an
// app prepares by itself, and Announce, do not work with them.
package pgdb
