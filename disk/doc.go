// The package's promises and the layout of its directory.

// Package disk keeps pages as files in a directory of one machine, shared by
// any number of its processes.
//
// # What is promised
//
// A record is whole at any instant, also when its writer is killed: it is
// written beside its place and renamed into it. A record that is damaged, or
// lies under another's name, is [pages.ErrCorrupt], never wrong data.
//
// A purge is on the disk before [Store.Bump] returns and survives power loss.
// A page is not, unless [Options.Sync] says so: it can be made again. Leases
// need not survive power loss, because their holders do not; and whoever opens
// a store that no other process has open forgets those that are left.
//
// Fences and leases hold between processes. They rest on flock, so all of
// them must run on one kernel: a directory of a network file system is not
// for several machines.
//
// A full disk gives errors that wrap ENOSPC, and a directory that cannot be
// written to [pages.ErrReadOnly]; what is there stays readable. Where the
// record of purges itself is lost or damaged, everything older counts as
// purged and the sequence goes on from a number higher than any before.
//
// # Layout, version 1
//
//	v1/epochs         4 KiB, mapped by each process: the sequence
//	v1/purges         the log of purges, each record with its CRC-32C
//	v1/pages/ab/abcd… one record each; the name is the key's ID
//	v1/leases/ab      the last leases of the keys whose IDs begin with ab
//	v1/locks/ab       held by whoever writes such a record or lease
//	v1/locks/fence    shared by writers at their last step, held alone to purge
//	v1/locks/sweep    held by whoever sweeps
//	v1/locks/alive    shared by every process that has the store open
//	v1/tmp/…          what is being written; belongs to the holder of the lock
//
// Everything under v1 may be deleted while no process uses the store. File
// times say when a record was last used, to within an hour, and nothing about
// how fresh it is.
package disk
