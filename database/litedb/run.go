// One run of a statement: its turn, its time, and what is reported about it.

package litedb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon/database"
)

// A run is one of a statement. It has ended once.
type run struct {
	stmt   *stmt
	outer  context.Context // the caller's
	ctx    context.Context // with the time that statements have
	cancel context.CancelFunc
	began  time.Time
	asked  int // what the use had before
}

// start begins a run: it waits for the turn to write where that is needed.
func (s *stmt) start(ctx context.Context) (*run, error) {
	c := s.conn
	switch {
	case c.tx == nil:
	case c.tx.lost:
		return nil, ErrLost
	case c.tx.readOnly && s.use.writes:
		return nil, ErrReadOnly
	}
	if !c.inTransaction() {
		if err := c.engine.outside(ctx); err != nil {
			return nil, err
		}
	}
	r := &run{stmt: s, outer: ctx, began: time.Now()}
	r.ctx, r.cancel = c.engine.limit(ctx)
	if s.use.writes || s.script {
		if err := c.take(r.ctx); err != nil {
			return nil, r.end(err)
		}
	}
	r.asked = s.use.asked
	c.seeing = s.use // SQLite compiles a statement again when the schema has changed
	return r, nil
}

// end ends a run and returns its error in our words.
func (r *run) end(err error) error {
	s, c := r.stmt, r.stmt.conn
	c.seeing = nil
	if s.use.asked != r.asked {
		s.stale = true // what it read before may be among its sources
	}
	err = r.explain(err)
	r.cancel()
	turns := s.use.turns
	if err != nil {
		s.failed, turns = true, ""
	}
	c.settle(r.outer, turns)
	c.engine.report(r.outer, database.Statement{Text: s.text, Took: time.Since(r.began), Err: err})
	return err
}

func (r *run) explain(err error) error { return r.stmt.conn.engine.timedOut(r.outer, err) }

// limit is a context with the time that a statement may take.
func (e *engine) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.config.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, e.config.Timeout)
}

// outside is the fault of what begins outside of transactions.
func (e *engine) outside(ctx context.Context) error {
	if e.config.Outside == nil {
		return nil
	}
	return e.config.Outside(ctx)
}

// timedOut names the option, if it was that which ended a statement and not the
// caller's context.
func (e *engine) timedOut(outer context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && outer.Err() == nil && e.config.Timeout > 0 {
		return fmt.Errorf("the statement took longer than %v (Options.Timeout): %w", e.config.Timeout, err)
	}
	return err
}

// shownText is how much of a statement's text is logged, in bytes.
const shownText = 500

// report reports a statement that has ended.
func (e *engine) report(ctx context.Context, s database.Statement) {
	if e.config.Slow >= 0 && s.Took >= e.config.Slow {
		shown := s.Text
		if len(shown) > shownText {
			shown = strings.ToValidUTF8(shown[:shownText], string(utf8.RuneError)) + "…"
		}
		e.config.Log.WarnContext(ctx, "slow statement", "took", s.Took, "text", shown)
	}
	if e.config.Observe != nil {
		e.config.Observe(ctx, s)
	}
}
