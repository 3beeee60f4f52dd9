// Package jobs is work for later: the jobs of an app, and the contract for
// storing them until they are done.
//
//	var receipt = jobs.Job[Order]{Name: "receipt", Run: sendReceipt, Key: func(o Order) string { return o.ID }}
//
//	err := db.Tx(ctx, nil, func(tx *sql.Tx) error {
//		if err := insert(ctx, tx, order); err != nil {
//			return err
//		}
//		_, err := receipt.Add(ctx, queue.In(tx), order)
//		return err
//	})
//
// The queue is that of package jobdb, in the app's own database, so that an order
// and its receipt are one commit. Package work runs jobs.
//
// # What is promised
//
// A job whose Add has returned and whose transaction is committed is run at least
// once; one that is rolled back never runs. It may run again if the process or
// the machine fails: Run does its work so that doing it twice is harmless. At a
// time one process runs a job, and an instance that is alive never loses one to
// another, however long it takes.
//
// # Leases
//
// Each job has one time, when it is due. Taking a job moves that to the end of a
// lease and gives it a new token; the process that runs it renews the lease, and
// finishes it with the token. A process that died renews nothing, so its jobs are
// due again when the lease is over: by default 30 seconds after it was last alive.
// A finish with an old token changes nothing.
//
// # Time
//
// All times are the store's: what is due, retried or scheduled does not depend on
// the clocks of instances. They are stored to the millisecond.
//
// Stores are tested by package jobstest.
package jobs
