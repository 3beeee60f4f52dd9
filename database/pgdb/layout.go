// The outbox and the triggers: made, compared, and changed as a whole.

package pgdb

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
)

// outboxVersion is the comment of an outbox of this version.
const outboxVersion = "gorgon: what commits have changed, version 1"

// outboxSQL are the statements that make the outbox. It has no index: it is
// short, and rows are removed by their place.
func (e *engine) outboxSQL() []string {
	outbox, changes := e.ours("outbox"), e.ours("changes")
	return []string{
		"create schema if not exists " + identifier(e.config.Schema),
		"create table if not exists " + outbox + ` (
	id bigint generated always as identity (cache 50),
	xid xid8 not null default pg_current_xact_id(),
	at timestamptz not null default clock_timestamp(),
	tab text not null,
	keys text[]
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_threshold = 1000000000, autovacuum_vacuum_cost_delay = 0)`,
		"create table if not exists " + changes + " (generation bigint not null)",
		"insert into " + changes + " select 0 where not exists (select from " + changes + ")",
		"comment on table " + outbox + " is " + quote(outboxVersion),
	}
}

// Layout makes the outbox, and the triggers of all tables, as far as they are
// missing or differ.
func (e *engine) Layout(ctx context.Context) (steps []string, err error) {
	err = pgx.BeginFunc(ctx, e.own, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_catalog.pg_advisory_xact_lock($1)", lockNumber(e.config.Schema+" layout")); err != nil {
			return err
		}
		all, outbox, err := e.look(ctx, tx)
		if err != nil {
			return err
		}
		var statements []string
		if !outbox {
			statements = append(statements, e.outboxSQL()...)
			steps = append(steps, e.outboxStep())
		}
		for _, l := range all {
			if l.is {
				continue
			}
			statements = append(statements, e.functionSQL(l), fmt.Sprintf("comment on function %s() is %s", e.ours(l.function), quote(l.comment)))
			statements = append(statements, e.triggerSQL(l)...)
			steps = append(steps, l.step())
		}
		if len(statements) == 0 {
			return nil
		}
		statements = append(statements, e.grants(all)...)
		// A trigger waits for writers, and new writers wait for it.
		if _, err := tx.Exec(ctx, "set local lock_timeout = '5s'"); err != nil {
			return err
		}
		for _, sql := range statements {
			if err := send(ctx, tx, sql); err != nil {
				return err
			}
		}
		return e.change(ctx, tx)
	})
	if err != nil {
		return nil, e.explainLayout(err)
	}
	return steps, nil
}

// Missing says what Layout would do.
func (e *engine) Missing(ctx context.Context) (steps []string, err error) {
	all, outbox, err := e.look(ctx, e.own)
	if err != nil {
		return nil, e.explainLayout(err)
	}
	if !outbox {
		steps = append(steps, e.outboxStep())
	}
	for _, l := range all {
		if !l.is {
			steps = append(steps, l.step())
		}
	}
	return steps, nil
}

func (e *engine) outboxStep() string {
	return fmt.Sprintf("make the outbox in the schema %q", e.config.Schema)
}

func (l laid) step() string {
	if l.key == "" {
		return fmt.Sprintf("make the triggers of table %s, which has no key: each change purges all its readers", l.full())
	}
	return fmt.Sprintf("make the triggers of table %s, with the key %s", l.full(), l.key)
}

func (e *engine) explainLayout(err error) error {
	switch code(err) {
	case "42501": // insufficient_privilege
		return fmt.Errorf("database %s: make the outbox and its triggers: %w: migrate with the role that owns the tables, and grant it create on the database or on the schema %q",
			e.shown, err, e.config.Schema)
	case "55P03": // lock_not_available
		return fmt.Errorf("database %s: make the outbox and its triggers: %w: a transaction uses one of the tables for long: try again when it has ended", e.shown, err)
	}
	return fmt.Errorf("database %s: make the outbox and its triggers: %w", e.shown, e.plain(err))
}

// grants lets the owners of tables look at the outbox.
func (e *engine) grants(all []laid) []string {
	var list []string
	done := map[string]bool{}
	for _, l := range all {
		if done[l.owner] {
			continue
		}
		done[l.owner] = true
		role := identifier(l.owner)
		list = append(list,
			"grant usage on schema "+identifier(e.config.Schema)+" to "+role,
			"grant select, delete on "+e.ours("outbox")+" to "+role,
			"grant select on "+e.ours("changes")+" to "+role)
	}
	return list
}

// Changed puts a change of the whole database into the outbox.
func (e *engine) Changed(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, e.own, func(tx pgx.Tx) error { return e.change(ctx, tx) })
	return e.explain("note a change of the whole database", err)
}

// change puts two rows into the outbox. The second one is seen when all
// processes have seen the first one: until then they may note what a text read
// before the change.
func (e *engine) change(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "insert into "+e.ours("outbox")+" (at, tab) values (clock_timestamp(), '*'), (clock_timestamp() + interval '3 seconds', '*')"); err != nil {
		return err
	}
	var generation int64
	if err := tx.QueryRow(ctx, "update "+e.ours("changes")+" set generation = generation + 1 returning generation").Scan(&generation); err != nil {
		return err
	}
	e.seen(-generation) // which is that of no other moment
	return nil
}

// lockNumber is the number of a lock.
func lockNumber(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("gorgon " + name))
	return int64(h.Sum64())
}
