// Making the layout, and upgrading it.

package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/pages"
)

// migrations are the steps, one file each. A step that was released is never
// changed: what has to change is a step of its own.
//
//go:embed migrations/*.sql
var migrations embed.FS

// layoutVersion is the number of the last step.
const layoutVersion = 3

// steps are the names of the steps, in order.
func steps() [layoutVersion]string { return [...]string{"1_tables", "2_functions", "3_epochs"} }

// leastServer is the oldest server that has everything we use.
const leastServer = 13

// Migrate brings the layout up to date, in one transaction that others wait
// for. It returns the names of the steps it took: none if there was nothing to
// do. A layout that is newer than this program gives [pages.ErrLayout].
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	inner, end, err := s.life.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	took, err := s.migrate(inner)
	if err != nil && lost(err) {
		s.pool.Reset()
		took, err = s.migrate(inner)
	}
	if err != nil {
		return nil, s.explain(ctx, "migrate", err)
	}
	return took, nil
}

func (s *Store) migrate(ctx context.Context) (took []string, err error) {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // no effect after Commit
	if _, err := tx.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", s.sql().migrating)); err != nil {
		return nil, err
	}
	version, err := s.prepare(ctx, tx)
	if err != nil {
		return nil, err
	}
	if version > layoutVersion {
		return nil, fmt.Errorf("%w: the schema %q has version %d, and this program knows %d: upgrade the program",
			pages.ErrLayout, s.schema, version, layoutVersion)
	}
	all := steps()
	for _, step := range all[version:] {
		text, err := migrations.ReadFile("migrations/" + step + ".sql")
		if err != nil {
			return nil, err
		}
		// A step is many statements, which can only be sent together this way.
		if err := tx.Conn().PgConn().Exec(ctx, s.sql().names.Replace(string(text))).Close(); err != nil {
			return nil, fmt.Errorf("step %s: %w", step, err)
		}
		took = append(took, step)
	}
	if len(took) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf("UPDATE %s.layout SET version = %d", s.sql().schema, layoutVersion)); err != nil {
			return nil, err
		}
	}
	return took, tx.Commit(ctx)
}

// prepare creates the schema if there is none, and reads the version of its
// layout. Statements without arguments are never prepared.
func (s *Store) prepare(ctx context.Context, tx pgx.Tx) (version int, err error) {
	var server int
	var schema, table bool
	err = tx.QueryRow(ctx, fmt.Sprintf("SELECT current_setting('server_version_num')::integer / 10000, to_regnamespace(%s) IS NOT NULL, to_regclass(%s) IS NOT NULL",
		literal(s.sql().schema), literal(s.sql().schema+".layout"))).Scan(&server, &schema, &table)
	switch {
	case err != nil:
		return 0, err
	case server < leastServer:
		return 0, fmt.Errorf("the server is PostgreSQL %d, and %d is needed: upgrade the server", server, leastServer)
	case table:
		return version, tx.QueryRow(ctx, s.sql().version).Scan(&version)
	case !schema:
		_, err = tx.Exec(ctx, "CREATE SCHEMA "+s.sql().schema)
	}
	return 0, err
}

// layout reads the version of the layout: 0 if there is none.
func (s *Store) layout(ctx context.Context) (version int, err error) {
	err = s.pool.QueryRow(ctx, s.sql().version).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) || err != nil && unknown(err) {
		return 0, nil
	}
	return version, err
}
