// The handle for users of pgx.

package pgdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gorgon-go/gorgon/database"
)

// A Handle makes queries with pgx. It has what sqlc's generated code and
// pgx.BeginFunc need. It is safe for concurrent use.
type Handle struct{ db *database.DB }

// Pool is the handle of a database for pgx. It opens the database when it is
// first used: faults of that are those of the first call. Its connections are
// those that [database.DB.SQL] uses, too.
func Pool(db *database.DB) *Handle { return &Handle{db} }

// begin is the engine, for what begins outside of transactions.
func (h *Handle) begin(ctx context.Context) (*engine, error) {
	e, err := h.engine()
	if err == nil {
		err = e.outside(ctx)
	}
	return e, err
}

func (h *Handle) engine() (*engine, error) {
	opened, err := h.db.Engine()
	if err != nil {
		return nil, err
	}
	e, ok := opened.(*engine)
	if !ok {
		return nil, fmt.Errorf("pgdb.Pool: the database's dialect is %s, and pgx needs postgresql", h.db.Dialect().Name())
	}
	return e, nil
}

// Exec executes a statement.
func (h *Handle) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	e, err := h.begin(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return e.exec(ctx, e.app, sql, args)
}

// Query makes a query. The rows have to be closed.
func (h *Handle) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	e, err := h.begin(ctx)
	if err != nil {
		return failed{err}, err
	}
	return e.query(ctx, e.app, sql, args)
}

// QueryRow makes a query for one row.
func (h *Handle) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := h.Query(ctx, sql, args...)
	return row{rows}
}

// Begin begins a transaction.
func (h *Handle) Begin(ctx context.Context) (pgx.Tx, error) { return h.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx begins a transaction with options.
func (h *Handle) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	e, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := e.app.BeginTx(ctx, options)
	if err != nil {
		return nil, e.plain(err)
	}
	return tx{begun, e}, nil
}

// SendBatch sends several statements at once.
func (h *Handle) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	e, err := h.begin(ctx)
	if err != nil {
		return failedBatch{failed{err}}
	}
	return e.app.SendBatch(ctx, b)
}

// CopyFrom inserts many rows by COPY, and returns how many.
func (h *Handle) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	e, err := h.begin(ctx)
	if err != nil {
		return 0, err
	}
	ctx, o := withOutcome(ctx)
	n, err := e.app.CopyFrom(ctx, table, columns, rows)
	return n, e.replace(o, err)
}

// Acquire takes a connection out of the pool. It has to be released.
func (h *Handle) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	e, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := e.app.Acquire(ctx)
	return conn, e.plain(err)
}

// maxTries is how often Tx runs a transaction at most.
const maxTries = 6

// Tx runs f in a transaction, and commits it unless f fails. If the server
// rolled it back because of other transactions, Tx runs f again, up to five
// times, in a new transaction: so f does nothing that a rollback does not undo, such
// as sending a message.
//
// If the context is that of a [database.DB.Scope], f is run once, in the
// transaction of the scope, as by [database.DB.Tx].
func Tx(ctx context.Context, db *database.DB, f func(pgx.Tx) error) error {
	h := Pool(db)
	if e, err := h.engine(); err == nil && e.outside(ctx) != nil {
		return e.join(ctx, db, f)
	}
	for try := 0; ; try++ {
		err := pgx.BeginFunc(ctx, h, f)
		e, wrong := h.engine()
		if err == nil || wrong != nil || !e.Retry(err) || try+1 == maxTries {
			return err
		}
		wait := time.NewTimer(time.Duration(rand.Int64N(int64(10*time.Millisecond) << try)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(err, ctx.Err())
		}
	}
}

// A sender is a pool or a transaction of pgx.
type sender interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (e *engine) exec(ctx context.Context, to sender, sql string, args []any) (pgconn.CommandTag, error) {
	ctx, o := withOutcome(ctx)
	tag, err := to.Exec(ctx, sql, args...)
	return tag, e.replace(o, err)
}

func (e *engine) query(ctx context.Context, to sender, sql string, args []any) (pgx.Rows, error) {
	ctx, o := withOutcome(ctx)
	made, err := to.Query(ctx, sql, args...)
	return rows{made, e, o}, e.replace(o, err)
}

// A tx is a transaction whose errors say what happened.
type tx struct {
	pgx.Tx
	e *engine
}

func (t tx) Begin(ctx context.Context) (pgx.Tx, error) {
	inner, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return tx{inner, t.e}, nil
}

func (t tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.e.exec(ctx, t.Tx, sql, args)
}

func (t tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.e.query(ctx, t.Tx, sql, args)
}

func (t tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := t.Query(ctx, sql, args...)
	return row{rows}
}

// rows are rows whose error says what happened.
type rows struct {
	pgx.Rows
	e *engine
	o *outcome
}

func (r rows) Err() error { return r.e.replace(r.o, r.Rows.Err()) }

// A row is the first of some rows.
type row struct{ rows pgx.Rows }

func (r row) Scan(into ...any) error {
	defer r.rows.Close()
	if !r.rows.Next() {
		r.rows.Close()
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
