// Proxies that give each transaction another connection.

package pgdb

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// choose chooses how the statements of a new connection are sent. The process
// that serves a connection has another number than the one that was reported
// when it was made, if there is a proxy in between; then nothing may be prepared.
func (e *engine) choose(ctx context.Context, config *pgx.ConnConfig) error {
	mode := e.mode.Load()
	if mode == 0 {
		pooled, err := e.probe(ctx)
		if err != nil {
			return err
		}
		mode = int32(pgx.QueryExecModeCacheStatement)
		if pooled {
			mode = int32(pgx.QueryExecModeCacheDescribe)
		}
		if e.mode.CompareAndSwap(0, mode) && pooled {
			e.log.Warn("statements are not prepared, since there is a proxy between this program and the server. "+
				"Add default_query_exec_mode=cache_statement to the database's URL if prepared statements work with it", "database", e.shown)
		}
	}
	config.DefaultQueryExecMode = pgx.QueryExecMode(mode)
	return nil
}

// probe says whether there is a proxy.
func (e *engine) probe(ctx context.Context) (pooled bool, err error) {
	conn, err := e.own.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	var pid uint32
	if err := conn.QueryRow(ctx, "select pg_catalog.pg_backend_pid()").Scan(&pid); err != nil {
		return false, err
	}
	pooled = pid != conn.Conn().PgConn().PID()
	e.pooled.Store(pooled)
	return pooled, nil
}
