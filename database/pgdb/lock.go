// One process at a time.

package pgdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Lock calls f while no other process is in a Lock. The lock is that of a
// transaction, so that it holds with proxies, too. Statements within have no
// time limit.
func (e *engine) Lock(ctx context.Context, f func(context.Context) error) error {
	doing := fmt.Sprintf("wait for other processes that migrate the schema %q", e.config.Schema)
	conn, err := pgx.ConnectConfig(ctx, e.own.Config().ConnConfig)
	if err != nil {
		return e.explain(doing, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return e.explain(doing, err)
	}
	// The transaction waits while f works.
	if _, err := tx.Exec(ctx, "select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings where name in "+
		"('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout')"); err != nil {
		return e.explain(doing, err)
	}
	// In the simple protocol, no portal keeps its snapshot, for which an index
	// that f makes concurrently would wait.
	if _, err := tx.Exec(ctx, "select pg_catalog.pg_advisory_xact_lock($1)", pgx.QueryExecModeSimpleProtocol, lockNumber(e.config.Schema)); err != nil {
		return e.explain(doing, err)
	}
	if err := f(context.WithValue(ctx, noLimitKey{}, true)); err != nil {
		return err
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return e.explain("release the lock, which may have been lost", tx.Rollback(release))
}
