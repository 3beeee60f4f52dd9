// Transactions of database/sql that pgx joins.

package pgdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
)

// isolations are those of database/sql that PostgreSQL has.
var isolations = map[sql.IsolationLevel]pgx.TxIsoLevel{
	sql.LevelDefault: "", sql.LevelReadUncommitted: pgx.ReadUncommitted, sql.LevelReadCommitted: pgx.ReadCommitted,
	sql.LevelRepeatableRead: pgx.RepeatableRead, sql.LevelSnapshot: pgx.RepeatableRead, sql.LevelSerializable: pgx.Serializable,
}

// BeginTx begins a transaction, and keeps it for [Tx].
func (c *sqlConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := c.outside(ctx); err != nil {
		return nil, err
	}
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, driver.ErrBadConn
	}
	isolation, ok := isolations[sql.IsolationLevel(options.Isolation)]
	if !ok {
		return nil, fmt.Errorf("PostgreSQL has no isolation %s", sql.IsolationLevel(options.Isolation))
	}
	wanted := pgx.TxOptions{IsoLevel: isolation}
	if options.ReadOnly {
		wanted.AccessMode = pgx.ReadOnly
	}
	begun, err := conn.BeginTx(ctx, wanted)
	if err != nil {
		return nil, err
	}
	c.tx = begun
	return sqlTx{ctx, begun}, nil
}

// A sqlTx is a transaction for database/sql.
type sqlTx struct {
	ctx context.Context
	tx  pgx.Tx
}

func (t sqlTx) Commit() error   { return t.tx.Commit(t.ctx) }
func (t sqlTx) Rollback() error { return t.tx.Rollback(t.ctx) }

// A loan takes the transaction of pgx that a transaction of database/sql is: a
// statement with it in its context is not sent.
type loan struct{ tx pgx.Tx }

type loanKey struct{}

// join runs f in the transaction that the scope of a context has, see
// [database.DB.Scope].
func (e *engine) join(ctx context.Context, db *database.DB, f func(pgx.Tx) error) error {
	return db.Tx(ctx, nil, func(within *sql.Tx) error {
		l := &loan{}
		if _, err := within.ExecContext(context.WithValue(ctx, loanKey{}, l), "select"); err != nil {
			return err
		}
		if l.tx == nil {
			return errors.New("pgdb.Tx: the transaction of the context is not one of this package")
		}
		j := &joined{tx: tx{l.tx, e}}
		if err := f(j); err != nil {
			return err
		}
		return j.ended
	})
}

// A joined is a transaction that the function which joins it does not end.
type joined struct {
	tx
	ended error // it was asked for
}

var (
	errCommits = errors.New("the transaction commits with the one that it has joined: return nil")
	errRolls   = errors.New("the transaction is rolled back with the one that it has joined: return an error")
)

func (j *joined) Commit(context.Context) error { return errCommits }

func (j *joined) Rollback(context.Context) error {
	j.ended = errRolls
	return errRolls
}
