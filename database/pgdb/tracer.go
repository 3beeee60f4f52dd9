// Every statement of the app, from its beginning to its end.

package pgdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// A tracer is called by pgx for the statements of the app's connections.
type tracer struct{ e *engine }

var (
	_ pgx.QueryTracer    = tracer{}
	_ pgx.BatchTracer    = tracer{}
	_ pgx.CopyFromTracer = tracer{}
	_ pgx.PrepareTracer  = tracer{}
)

// A call is a statement that runs, or several that were sent together.
type call struct {
	caller context.Context
	cancel context.CancelFunc
	began  time.Time
	texts  []string
	sorts  []sort
	rows   int64 // of a batch
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// A link is what is known of one connection.
type link struct {
	names   map[string]string // texts of statements that the app has prepared
	session bool              // names may mean something else than on other connections
	local   bool              // the same, until the transaction ends
	wrote   bool              // since the transaction began
}

const linkKey = "gorgon"

func linkOf(conn *pgx.Conn) *link {
	data := conn.PgConn().CustomData()
	l, ok := data[linkKey].(*link)
	if !ok {
		l = &link{names: map[string]string{}}
		data[linkKey] = l
	}
	return l
}

// errOverdue ends statements that take longer than Options.Timeout.
var errOverdue = errors.New("the statement took too long")

type noLimitKey struct{}

// begin begins a call.
func (t tracer) begin(ctx context.Context, c *call) context.Context {
	c.caller, c.began, c.cancel = ctx, time.Now(), func() {}
	if limit := t.e.config.Timeout; limit > 0 && ctx.Value(noLimitKey{}) == nil {
		ctx, c.cancel = context.WithTimeoutCause(ctx, limit, errOverdue)
	}
	return context.WithValue(ctx, callKey{}, c)
}

func (t tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	l := linkOf(conn)
	c := &call{}
	sql := data.SQL
	if named, ok := l.names[sql]; ok {
		sql = named
	}
	c.add(t.e, sql)
	if reads := dataflow.ReadsOf(ctx); reads != nil {
		if err := t.e.note(ctx, conn, reads, c.sorts[0], sql, data.Args); err != nil {
			return t.refuse(ctx, err)
		}
	}
	return t.begin(ctx, c)
}

// add adds a statement to a call.
func (c *call) add(e *engine, sql string) {
	s, ok := e.sorts.get(sql)
	if !ok {
		s = sortOf(sql)
		e.sorts.put(sql, s, e.sorts.age())
	}
	c.texts, c.sorts = append(c.texts, sql), append(c.sorts, s)
}

// refuse is a context with which pgx sends nothing and returns an error.
func (t tracer) refuse(ctx context.Context, err error) context.Context {
	if o, ok := ctx.Value(outcomeKey{}).(*outcome); ok {
		o.err = err
	}
	return refusal{ctx, err}
}

// A refusal context is done, for a reason of ours.
type refusal struct {
	context.Context
	err error
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (refusal) Done() <-chan struct{} { return closed }
func (r refusal) Err() error          { return r.err }

func (t tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	if c := callOf(ctx); c != nil {
		t.finish(ctx, conn, c, data.CommandTag.RowsAffected(), data.Err)
		t.settle(conn, c, data.CommandTag, data.Err)
	}
}

// finish logs a call, and says why it failed.
func (t tracer) finish(ctx context.Context, conn *pgx.Conn, c *call, rows int64, err error) {
	took := time.Since(c.began)
	if err != nil && errors.Is(context.Cause(ctx), errOverdue) {
		err = fmt.Errorf("the statement took longer than %v (Options.Timeout): %w", t.e.config.Timeout, err)
		if o, ok := ctx.Value(outcomeKey{}).(*outcome); ok {
			o.err = err
		}
	}
	c.cancel()
	if slow := t.e.config.Slow; slow > 0 && took >= slow {
		t.e.log.WarnContext(c.caller, "a statement was slow", "statement", cut(strings.Join(c.texts, ";\n"), 500), "took", took, "rows", rows, "failed", err != nil)
	}
	if observe := t.e.config.Observe; observe != nil {
		for _, text := range c.texts {
			observe(c.caller, database.Statement{Text: text, Took: took, Err: err})
		}
	}
}

// cut cuts a text to at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// settle says so if a call has committed something.
func (t tracer) settle(conn *pgx.Conn, c *call, tag pgconn.CommandTag, err error) {
	l := linkOf(conn)
	end, many := false, false
	for _, s := range c.sorts {
		l.session = l.session || s.session && !s.local
		l.local = l.local || s.session && s.local
		l.wrote = l.wrote || s.writes || !s.silent && t.e.callsWriter(c.caller, s)
		end, many = end || s.end, many || s.many
	}
	idle := conn.IsClosed() || conn.PgConn().TxStatus() == 'I'
	if !idle && !end {
		return
	}
	wrote := l.wrote
	if idle {
		l.local = false
	}
	if idle || tag.String() == "COMMIT" { // with "and chain", the next one has begun
		l.wrote = false
	}
	_, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case !wrote, tag.String() == "ROLLBACK" && !many:
	case err != nil && answered && !many && len(c.sorts) == 1: // the server has rolled it back
	default:
		t.e.tell(c.caller)
	}
}

func (t tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	l := linkOf(conn)
	c := &call{}
	reads := dataflow.ReadsOf(ctx)
	for i, q := range data.Batch.QueuedQueries {
		sql, args := q.SQL, q.Arguments
		if named, ok := l.names[sql]; ok {
			sql = named
		}
		c.add(t.e, sql)
		if reads == nil {
			continue
		}
		if err := t.e.note(ctx, conn, reads, c.sorts[i], sql, args); err != nil {
			return t.refuse(ctx, err)
		}
	}
	return t.begin(ctx, c)
}

func (t tracer) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	if c := callOf(ctx); c != nil {
		c.rows += data.CommandTag.RowsAffected()
	}
}

func (t tracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	if c := callOf(ctx); c != nil {
		t.finish(ctx, conn, c, c.rows, data.Err)
		t.settle(conn, c, pgconn.CommandTag{}, data.Err)
	}
}

func (t tracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	return t.begin(ctx, &call{
		texts: []string{"copy " + data.TableName.Sanitize() + " from stdin"},
		sorts: []sort{{writes: true}},
	})
}

func (t tracer) TraceCopyFromEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromEndData) {
	if c := callOf(ctx); c != nil {
		t.finish(ctx, conn, c, data.CommandTag.RowsAffected(), data.Err)
		t.settle(conn, c, data.CommandTag, data.Err)
	}
}

// TracePrepareStart remembers the text of a statement that the app prepares.
func (t tracer) TracePrepareStart(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	if data.Name != "" && data.Name != data.SQL && callOf(ctx) == nil {
		linkOf(conn).names[data.Name] = data.SQL
	}
	return ctx
}

func (t tracer) TracePrepareEnd(context.Context, *pgx.Conn, pgx.TracePrepareEndData) {}
