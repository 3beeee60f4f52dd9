// Code that sqlc generates takes the handles of an app's database.

package pgdb_test

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/gorgon-go/gorgon/database/pgdb"
)

// A pgxDBTX is what sqlc generates for "sql_package: pgx/v5", with the methods
// that its :batch and :copyfrom queries add.
type pgxDBTX interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	Query(context.Context, string, ...any) (pgx.Rows, error)
	QueryRow(context.Context, string, ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}

// A sqlDBTX is what sqlc generates for database/sql, which is its default.
type sqlDBTX interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

var (
	_ pgxDBTX = (*pgdb.Handle)(nil) // of Pool
	_ pgxDBTX = pgx.Tx(nil)         // of Tx, Handle.Begin
	_ sqlDBTX = (*sql.DB)(nil)      // of database.DB.SQL
	_ sqlDBTX = (*sql.Tx)(nil)      // of database.DB.Tx
)
