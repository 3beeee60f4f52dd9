// The package's promises and the layout of its file.

// Package sqlite keeps pages in one SQLite file, shared by any number of
// processes of one host. It is pure Go.
//
// The location is the file's path, as in sqlite:/var/lib/shop/pages.db. The
// file is created if needed, but its folder is not. While it is open, there are
// two more files beside it: the write-ahead log, with -wal after its name, and
// the index of the log, with -shm. So a program that may write to the file must
// also be able to write to its folder. Locks and the index work on one kernel
// only: do not share a file on a network file system between machines.
//
// # What is promised
//
// A call is one transaction, or one consistent read. If the process is killed,
// the call has happened completely or not at all. Writers exclude each other
// but no readers, and a call waits for a lock no longer than its context
// allows.
//
// A purge is on disk before [Store.Bump] returns and survives power loss, and
// so does everything that was written before it. A page is not, unless
// [Options.Sync] is set: power loss may undo the last pages, leases and
// acknowledgements, but never leaves half of one.
//
// A record carries a CRC-32C: a damaged one gives [pages.ErrCorrupt], never
// wrong data. A file with a damaged structure gives errors that say so. A full
// disk gives errors that wrap [syscall.ENOSPC]; existing records stay readable,
// and writes succeed again when there is room.
//
// The file must not be deleted or replaced while it is open. If it is, then
// within a second all calls in all processes that have it open fail with an
// error that says so. While they run they leave a note beside the file, with
// -restart after its name, so that a purge of the new file can say that they do
// not hear of it. Nor must a process that uses a store open and close the file by
// other means, for instance to copy it: systems with only POSIX locks would
// release all locks of the process.
//
// # Reading only
//
// A file, folder or file system that cannot be written to is opened for
// reading, and writes fail with [pages.ErrReadOnly]. While another process
// writes to the file, its log is beside it, and the changes are visible
// immediately. If there is no log, because the last writer has closed the file,
// the file is read as if it never changed; if it does change, the store notices
// within a second. A log without its index, which a copy of the file may have,
// can only be read if the index can be created.
//
// # The size of the file
//
// Pages that [Store.Sweep] frees are reused. When more than a quarter of the
// file is free, the sweep returns the space to the file system, some pages at a
// time (auto_vacuum is incremental). Writers copy the log into the file when it
// reaches 4 MiB. If there is a reader at every moment, the log still grows; at
// 64 MiB writers are paused for at most half a second, so that it can restart.
// A process that is suspended while it reads delays that.
//
// # Layout, version 2
//
//	state             one row: the sequence, the floor, how much is remembered, the last token, the sweeper, the owner
//	records           one row for each record, with its epoch; id is the key's digest
//	routes            how many records and bytes each route has; updated by triggers
//	marks             the last purge of a subject
//	changes           the latest purges in order, one row for each subject
//	leases            the last lease of a key, and the claim to it; id is the key's digest
//	acknowledgements  one row for each instance
//
// [Open] creates and upgrades the layout, one process at a time: no separate
// step is needed, since one host runs one version of the program. PRAGMA
// user_version is the version of the layout, and application_id marks the file
// as ours; a file of another program or of a newer layout is refused. The time
// of a record's last use is updated when it is more than ten minutes old, in
// batches and not by [Store.Get].
package sqlite
