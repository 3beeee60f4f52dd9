// Transactions.

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// maxTries is how often a transaction is run at most.
const maxTries = 10

// Tx runs f in a transaction, which commits if f returns nil and is rolled back
// otherwise, also if f panics. If the database refuses the transaction since
// another one was in its way (a serialization failure, a deadlock), f is run
// again in a new one, up to ten times: it should do nothing else than read and
// write through tx. Options are as for [sql.DB.BeginTx]; nil for the default.
//
// If the context is that of a [DB.Scope] of this database, f is run once, in the
// transaction of the scope. If it fails, that transaction is rolled back as a
// whole.
func (db *DB) Tx(ctx context.Context, options *sql.TxOptions, f func(tx *sql.Tx) error) error {
	if s := db.scopeOf(ctx); s != nil {
		return s.join(options, f)
	}
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

// Scope runs f once, in a transaction that [DB.Tx], and pgdb.Tx, join with the
// context of f. It commits if f returns nil and none of those has failed, and is
// rolled back otherwise, also if f panics. It begins under ctx, and ends with f
// alone, also if ctx has ended meanwhile. Within another scope of this database,
// f joins that.
//
// All other statements with the context of f fail: those of [DB.SQL] and pgx
// would not be part of the transaction, would not see what it wrote, and would
// wait for what it has locked until their time is over.
func (db *DB) Scope(ctx context.Context, options *sql.TxOptions, f func(ctx context.Context, tx *sql.Tx) error) error {
	if s := db.scopeOf(ctx); s != nil {
		return s.join(options, func(tx *sql.Tx) error { return f(ctx, tx) })
	}
	s := &scope{}
	if options != nil {
		s.options = *options
	}
	living, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	begun := context.AfterFunc(ctx, end)
	tx, err := db.handle.BeginTx(living, options)
	if !begun() && err == nil {
		err = context.Cause(ctx)
		_ = tx.Rollback()
	}
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			err = cause // and not that of living, which has no deadline
		}
		return err
	}
	s.tx = tx
	defer s.end()
	if err := f(context.WithValue(ctx, scopeKey{db}, s), tx); err != nil {
		return err
	}
	if failed := s.failure(); failed != nil {
		return fmt.Errorf("a transaction within this one has failed, so that all is rolled back: return its error (%w)", failed)
	}
	return tx.Commit()
}

// A scope is the transaction of a context.
type scope struct {
	tx      *sql.Tx
	options sql.TxOptions

	mu     sync.Mutex
	failed error // of one that joined it
	over   bool
}

type scopeKey struct{ db *DB }

// scopeOf is the scope of a context, if it has not ended.
func (db *DB) scopeOf(ctx context.Context) *scope {
	s, ok := ctx.Value(scopeKey{db}).(*scope)
	if !ok || s == nil || s.ended() {
		return nil
	}
	return s
}

// Leave is a context outside of a [DB.Scope] of this database, for what is to be
// read apart from its transaction. With SQLite, whatever writes with it waits
// until the scope has ended.
func (db *DB) Leave(ctx context.Context) context.Context {
	if db.scopeOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, scopeKey{db}, (*scope)(nil))
}

func (s *scope) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

func (s *scope) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

func (s *scope) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *scope) end() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	_ = s.tx.Rollback() // after Commit it does nothing
}

// join runs f in the transaction of the scope.
func (s *scope) join(options *sql.TxOptions, f func(*sql.Tx) error) error {
	if options != nil && options.Isolation != sql.LevelDefault && options.Isolation != s.options.Isolation {
		return fmt.Errorf("a transaction that is %s cannot join one that is %s: give no isolation here", options.Isolation, s.options.Isolation)
	}
	if options != nil && !options.ReadOnly && s.options.ReadOnly {
		return errors.New("a transaction that writes cannot join one that is for reading only")
	}
	err := errors.New("it panicked")
	defer func() {
		if err != nil {
			s.fail(err)
		}
	}()
	err = f(s.tx)
	return err
}

// errOutside is the fault of a statement that has the context of a scope and is
// not in its transaction.
var errOutside = errors.New("a transaction is open in this context, and this statement would not be part of it: use database.DB.Tx with the context, or pgdb.Tx, which join it")

// outside is the fault of a statement outside of transactions with a context.
func (db *DB) outside(ctx context.Context) error {
	if db.scopeOf(ctx) != nil {
		return errOutside
	}
	return nil
}
