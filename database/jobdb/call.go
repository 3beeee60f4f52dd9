// One call: its transaction, and its times.

package jobdb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
)

// call makes a call in a transaction, which is run again if others were in its
// way.
func (q *Queue) call(ctx context.Context, doing string, options *sql.TxOptions, check error, f func(ctx context.Context, tx Tx) error) error {
	if err := q.calls.Ready(ctx, check); err != nil {
		return err
	}
	inner := dataflow.Apart(ctx)
	err := q.calls.DB.Tx(inner, options, func(tx *sql.Tx) error { return f(inner, tx) })
	return q.calls.Explain(ctx, doing, err)
}

// millis is a time as the columns have it.
func millis(t time.Time) int64 { return t.UnixMilli() }

// moment is the time of a column; zero for 0.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
