// Noting what a loader's queries read.

package pgdb

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/dataflow"
)

// note notes what a statement reads. It returns an error if that cannot be found
// out and the configuration is strict.
func (e *engine) note(ctx context.Context, conn *pgx.Conn, reads *dataflow.Reads, s sort, sql string, args []any) error {
	if s.silent {
		return nil
	}
	sql, args = rewrite(ctx, conn, sql, args)
	p, err := e.planOf(ctx, s, sql)
	if err != nil {
		if name, err := e.databaseName(ctx); err == nil {
			reads.Tag(dataflow.DatabaseTag(name))
		}
		reads.Doubt(fmt.Sprintf("cannot find out what a statement reads: %v: %s", e.plain(err), cut(sql, 200)))
		if e.config.Strict {
			return fmt.Errorf("cannot find out what this statement of a loader reads, so that no commit would make its page out of date: %w. "+
				"Use one select, without temporary tables; or make the statement outside of the loader (this is an error in development and in tests only)", e.plain(err))
		}
		return nil
	}
	reads.Tag(p.database)
	for _, d := range p.doubts {
		reads.Doubt(d)
	}
	if l := linkOf(conn); l.session || l.local {
		reads.Doubt("the connection has changed its search_path or its role, or has temporary tables: what its statements read is not known")
	}
	if p.key != nil {
		if n := p.key.param; n <= len(args) {
			if key, ok := keyText(conn.TypeMap(), p.key.oid, args[n-1]); ok {
				reads.Row(p.key.table, key)
				return nil
			}
		}
	}
	for _, t := range p.tables {
		reads.Table(t)
	}
	return nil
}

// rewrite is a statement as pgx sends it.
func rewrite(ctx context.Context, conn *pgx.Conn, sql string, args []any) (string, []any) {
	var rewriter pgx.QueryRewriter
	for len(args) > 0 {
		switch arg := args[0].(type) {
		case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID, pgx.QueryExecMode:
		case pgx.QueryRewriter:
			rewriter = arg
		default:
			goto all
		}
		args = args[1:]
	}
all:
	if rewriter == nil {
		return sql, args
	}
	text, list, err := rewriter.RewriteQuery(ctx, conn, sql, args)
	if err != nil { // pgx will say so
		return sql, args
	}
	return text, list
}

// A plan is what a text reads.
type plan struct {
	database string   // its tag
	tables   []string // tags
	doubts   []string
	key      *keyRead // nil: not one row
}

// A keyRead is how a text reads one row.
type keyRead struct {
	table string // its tag
	param int
	oid   uint32 // the parameter's type
}

// planOf finds out what a text reads, the first time.
func (e *engine) planOf(ctx context.Context, s sort, sql string) (*plan, error) {
	if p, ok := e.plans.get(sql); ok {
		return p, nil
	}
	if !s.reads {
		return nil, errNotQuery
	}
	select {
	case e.analyses <- struct{}{}:
		defer func() { <-e.analyses }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p, ok := e.plans.get(sql); ok {
		return p, nil
	}
	age := e.plans.age()
	p, err := e.analyse(ctx, sql)
	if err != nil {
		return nil, err
	}
	e.plans.put(sql, p, age)
	return p, nil
}

func nulls(n int) string {
	if n == 0 {
		return ""
	}
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, "null"...)
	}
	return string(append(b, ')'))
}

func numbered(prefix string, n uint64) string { return prefix + strconv.FormatUint(n, 10) }
