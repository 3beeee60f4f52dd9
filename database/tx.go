// Transactions.

package database

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

// maxTries is how often a transaction is run at most.
const maxTries = 10

// Tx runs f in a transaction, which commits if f returns nil and is rolled back
// otherwise, also if f panics. If the database refuses the transaction since
// another one was in its way (a serialization failure, a deadlock), f is run
// again in a new one, up to ten times: it should do nothing else than read and
// write through tx. Options are as for [sql.DB.BeginTx]; nil for the default.
func (db *DB) Tx(ctx context.Context, options *sql.TxOptions, f func(tx *sql.Tx) error) error {
	engine, err := db.Engine()
	if err != nil {
		return err
	}
	wait := time.Millisecond
	for try := 1; ; try++ {
		err := db.once(ctx, options, f)
		if err == nil || try == maxTries || !engine.Retry(err) {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		wait = min(2*wait, 100*time.Millisecond)
	}
}

// once runs f in one transaction.
func (db *DB) once(ctx context.Context, options *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := db.handle.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
