// Package jobdb stores jobs in the app's own database, of either dialect: an
// order and the job that sends its receipt are one commit.
//
//	var db = database.Open(pgdb.Dialect, database.Options{Migrations: migrations})
//	var queue = jobdb.In(db)
//
//	err := db.Tx(ctx, nil, func(tx *sql.Tx) error {
//		if _, err := tx.ExecContext(ctx, "INSERT INTO orders …"); err != nil {
//			return err
//		}
//		_, err := receipt.Add(ctx, queue.In(tx), order)
//		return err
//	})
//
// Its table is made by the migrate command, beside the outbox: jobs in the schema
// gorgon_data with PostgreSQL, gorgon_data_jobs with SQLite (see
// database.Options.Schema). Until then every call fails with [jobs.ErrLayout].
//
// # Time
//
// All times are those of the database server or, with SQLite, of the machine. No
// job depends on the clocks of other instances.
//
// # Costs
//
// A job is a row. It is inserted, updated when it is taken, and deleted when it is
// done; jobs that are taken or done at about the same time share a transaction.
// Adding one notifies no other process: that would make all transactions of
// PostgreSQL that add jobs commit one after the other. A worker of the same
// process learns of it at once, the others look every now and then.
package jobdb

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/jobs"
)

// A Queue stores jobs in a database. Make it with [In].
type Queue struct {
	calls    apart.Calls
	texts    texts
	finishes atomic.Uint64
	onAdd    atomic.Pointer[func()]
}

var _ jobs.Store = (*Queue)(nil)

// In returns the queue in a database. It is called when the program starts, before
// the database is migrated or checked, and contacts nothing. Closing the queue
// leaves the database open.
func In(db *database.DB) *Queue {
	db.Own(tables)
	q := &Queue{calls: apart.Calls{
		DB: db, Of: "jobs", Tables: "table jobs", Closed: jobs.ErrClosed, Layout: jobs.ErrLayout,
		Decides: func(err error) bool { return errors.Is(err, jobs.ErrNotFound) },
	}}
	q.texts = textsOf(db, q.calls.Postgres())
	return q
}

// A Tx is a transaction of the database, as a *sql.Tx is.
type Tx = apart.Tx

// In adds jobs in a transaction: they are there when it commits, and never were if
// it is rolled back.
func (q *Queue) In(tx Tx) jobs.Adder { return within{q, tx} }

// within is the queue in a transaction.
type within struct {
	q  *Queue
	tx Tx
}

// Add adds jobs.
func (w within) Add(ctx context.Context, list ...jobs.New) (added []jobs.Added, err error) {
	if err := w.q.calls.Ready(ctx, checkAll(list)); err != nil {
		return nil, err
	}
	added, err = w.q.add(dataflow.Apart(ctx), w.tx, list)
	w.q.tell(ctx)
	return added, w.q.calls.Explain(ctx, "add", err)
}

// Add adds jobs. In a [database.DB.Scope] it does so in that transaction.
func (q *Queue) Add(ctx context.Context, list ...jobs.New) (added []jobs.Added, err error) {
	err = q.call(ctx, "add", nil, checkAll(list), func(ctx context.Context, tx Tx) (err error) {
		added, err = q.add(ctx, tx, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	q.tell(ctx)
	return added, nil
}

// OnAdd sets what is called after this process has added jobs, perhaps in a
// transaction that is not committed yet.
func (q *Queue) OnAdd(f func()) { q.onAdd.Store(&f) }

func (q *Queue) tell(ctx context.Context) {
	jobs.NoteAdded(ctx)
	if f := q.onAdd.Load(); f != nil {
		(*f)()
	}
}

// Close ends the use of the queue.
func (q *Queue) Close() error { return q.calls.Close() }
