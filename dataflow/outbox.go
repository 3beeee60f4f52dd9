// What transactions have changed.

package dataflow

import (
	"context"
	"time"
)

// A Change is what one statement changed, as the outbox of a database has it.
type Change struct {
	ID    int64         // unlike that of any other change
	Place string        // what the outbox finds it by, besides ID; "" for nothing
	Age   time.Duration // since the statement, by the database's clock
	Tags  []string      // of what it changed
}

// An Outbox lists what committed transactions have changed. Each change is in
// it from the commit on, since it was written by the transaction itself, until
// it is removed. Any number of processes look and remove.
type Outbox interface {
	// Look lists every change that was committed before the call and was not
	// removed, those of transactions that began long ago too, in no order.
	Look(ctx context.Context) ([]Change, error)

	// Remove removes changes. It is not an error if others have removed some of them.
	Remove(ctx context.Context, changes []Change) error

	// OnCommit sets what is called after each transaction of this process that
	// has committed and may have changed something, with the context that it
	// committed with, and for announcements of other processes, with a context
	// of the outbox's own. Commits with a context of Apart are left out. It must
	// not block. It is called before the
	// first transaction.
	OnCommit(func(ctx context.Context))
}
