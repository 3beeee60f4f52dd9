// Package oncedb is a ledger of calls in the app's own database: an endpoint
// with it has its effect once, also if a call is sent several times.
//
//	var place = api.Endpoint[Order, Placed]{
//		Path: "POST /orders", Once: oncedb.In(db),
//		Handle: func(ctx context.Context, in Order) (Placed, error) {
//			var p Placed
//			err := db.Tx(ctx, nil, func(tx *sql.Tx) error { … })
//			return p, err
//		},
//	}
//
// What Handle writes by db.Tx or pgdb.Tx with its context, the key of the call and its
// answer are one commit. Other statements with that context fail at once, see
// [database.DB.Scope]. The table is made by the migrate command.
//
// # Handle runs once
//
// Handle is not run again if the database refuses its transaction since another
// one was in its way: it may have sent a message. Nothing of it is left then,
// and the caller receives 503 and may send the call again.
//
// # While Handle runs
//
// A transaction is open: it keeps a connection, what it locked, and with SQLite
// all other writers waiting. Do what takes long, such as a call to another
// program, before or after it.
//
// With SQLite, a call waits for one with the same key that another process is
// answering; a process itself says that it is running. With PostgreSQL, all of
// them do, by an advisory lock.
package oncedb

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/once"
)

// A Ledger records calls in a database. Make it with [In].
type Ledger struct {
	db  *database.DB
	now func() time.Time

	mu      sync.Mutex
	running map[id]chan struct{} // closed when the call has ended
}

type id = [len(once.Call{}.ID)]byte

var _ once.Ledger = (*Ledger)(nil)

// In is the ledger in a database. It contacts nothing.
func In(db *database.DB) *Ledger {
	if db != nil {
		db.Own(tables)
	}
	return &Ledger{db: db, now: time.Now, running: map[id]chan struct{}{}}
}

// Validate says what is missing.
func (l *Ledger) Validate() error {
	if l.db == nil {
		return errors.New("there is no database: give oncedb.In that of the app")
	}
	return nil
}

// maxTries is how often a call is looked up at most, before its work begins.
const maxTries = 10

// Do does the work of a call, unless that was done; see [once.Ledger].
func (l *Ledger) Do(ctx context.Context, call once.Call, work func(context.Context) ([]byte, error)) (answer []byte, replayed bool, err error) {
	came := l.now() // before any wait: what came in time is in time
	engine, err := l.db.Engine()
	if err != nil {
		return nil, false, err
	}
	leave, err := l.enter(ctx, call)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	pause := time.Millisecond
	for try := 1; ; try++ {
		worked := false
		err := l.db.Scope(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
			e := entry{l.db, tx, call}
			if answer, replayed, err = e.claim(ctx, came); err != nil || replayed {
				return err
			}
			worked = true
			if answer, err = work(ctx); err != nil {
				return err
			}
			// It counts, also if its time is over now.
			return e.keep(context.WithoutCancel(ctx), answer, l.now())
		})
		switch {
		case err == nil:
			return answer, replayed, nil
		case !engine.Retry(err):
			return nil, false, err
		case worked:
			return nil, false, refused(err)
		case try == maxTries:
			return nil, false, err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, false, err
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

// refused is the error of work that the database has rolled back, and that may
// be done if it is asked for again.
func refused(err error) error {
	if _, ok := errors.AsType[*gorgon.Error](err); ok {
		return err // the work has said what it means
	}
	return &gorgon.Error{Op: "commit", Kind: gorgon.KindUnavailable, RetryAfter: time.Second, Err: err,
		Message: "Nothing was saved, since others were saving at the same time. Please send it again."}
}

// enter lets one call with an ID in at a time, so that those of this process
// that wait for it need no connection.
func (l *Ledger) enter(ctx context.Context, call once.Call) (leave func(), err error) {
	for {
		l.mu.Lock()
		ended, busy := l.running[call.ID]
		if !busy {
			ended = make(chan struct{})
			l.running[call.ID] = ended
		}
		l.mu.Unlock()
		switch {
		case !busy:
			return func() {
				l.mu.Lock()
				delete(l.running, call.ID)
				l.mu.Unlock()
				close(ended)
			}, nil
		case !call.Wait:
			return nil, once.ErrRunning
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
