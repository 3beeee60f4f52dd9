// Connections for database/sql, whose errors say what happened.

package pgdb

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

type connector struct {
	e *engine
	driver.Connector
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, c.e.plain(err)
	}
	plain, ok := made.(*stdlib.Conn)
	if !ok {
		return made, nil
	}
	return &sqlConn{Conn: plain, e: c.e}, nil
}

// A sqlConn is a connection of pgx.
type sqlConn struct {
	*stdlib.Conn
	e  *engine
	tx pgx.Tx // the last one that was begun
}

// outside is the fault of a statement that begins outside of transactions.
func (c *sqlConn) outside(ctx context.Context) error {
	if c.Conn.Conn().PgConn().TxStatus() != 'I' {
		return nil
	}
	return c.e.outside(ctx)
}

func (c *sqlConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if l, ok := ctx.Value(loanKey{}).(*loan); ok {
		l.tx = c.tx
		return driver.ResultNoRows, nil
	}
	if err := c.outside(ctx); err != nil {
		return nil, err
	}
	ctx, o := withOutcome(ctx)
	result, err := c.Conn.ExecContext(ctx, query, args)
	return result, c.e.replace(o, err)
}

func (c *sqlConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.outside(ctx); err != nil {
		return nil, err
	}
	ctx, o := withOutcome(ctx)
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.e.replace(o, err)
	}
	plain, ok := rows.(*stdlib.Rows)
	if !ok {
		return rows, nil
	}
	return &sqlRows{plain, c.e, o}, nil
}

func (c *sqlConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	made, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.e.plain(err)
	}
	plain, ok := made.(*stdlib.Stmt)
	if !ok {
		return made, nil
	}
	return &sqlStmt{plain, c, query}, nil
}

// A sqlStmt is a prepared statement.
type sqlStmt struct {
	*stdlib.Stmt
	conn  *sqlConn
	query string
}

func (s *sqlStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s *sqlStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

// sqlRows are the rows of a query.
type sqlRows struct {
	*stdlib.Rows
	e *engine
	o *outcome
}

func (r *sqlRows) Next(into []driver.Value) error {
	return r.e.replace(r.o, r.Rows.Next(into))
}
