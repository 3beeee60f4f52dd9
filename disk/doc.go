// The package's promises and the layout of its directory.

// Package disk keeps pages as files in a directory of one machine, shared by
// any number of its processes.
//
// # What is promised
//
// A record is whole at any instant, even if its writer is killed: it is written
// to a temporary file and renamed. A record that is damaged, or has the file
// name of another, gives [pages.ErrCorrupt], never wrong data.
//
// A purge is on disk before [Store.Bump] returns, and survives power loss. A
// page is not, unless [Options.Sync] is set: it can be made again. Leases need
// not survive power loss, because their holders do not. A process that opens a
// store that no other process has open removes the leases that are left.
//
// If the folder is removed or replaced while the store is open, or files in it
// are restored from a backup, the store notices within a second. It then
// continues with the new files, and everything counts as purged. A folder that
// belongs to another owner is refused. For this reason a purge counts as heard a
// second after the folder was opened, and not before.
//
// Fences and leases work between processes. They use flock, so all processes
// must run on one kernel: do not share a directory of a network file system
// between machines.
//
// A full disk gives errors that wrap ENOSPC, and a directory that cannot be
// written to gives [pages.ErrReadOnly]; existing records stay readable. If the
// record of purges itself is lost or damaged, everything older counts as purged
// and the sequence continues from a number higher than any before.
//
// # Layout, version 1
//
//	v1/epochs         4 KiB, mapped by each process: the sequence
//	v1/owner          the owner of the store, quoted
//	v1/purges         the log of purges, each record with its CRC-32C
//	v1/pages/ab/abcd… one record each; the name is the key's ID
//	v1/leases/ab      the last leases of the keys whose IDs begin with ab
//	v1/once/ab        those that outlive restarts
//	v1/locks/ab       held while such a record or lease is written
//	v1/locks/fence    held during a purge
//	v1/locks/sweep    held during a sweep
//	v1/locks/alive    shared by every process that has the store open
//	v1/tmp/…          files being written; each belongs to the holder of its lock
//
// Everything under v1 may be deleted while no process uses the store. The time
// of a file says, to within an hour, when its record was last used; it says
// nothing about freshness.
package disk
