// The package's promises and the layout of its file.

// Package sqlite keeps pages in one SQLite file, shared by any number of
// processes of one host. It is pure Go.
//
// The location is the file's path, as in sqlite:/var/lib/shop/pages.db. The
// file is made if it is not there, its folder is not. Beside it are, while it
// is open, its write-ahead log, named like it with -wal, and the index of that,
// with -shm: what may write to the file has to be able to write to its folder.
// Locks and the index rest on one kernel: a file on a network file system is
// not for several machines.
//
// # What is promised
//
// A call is one transaction, or one consistent read. It survives a killed
// process whole, or not at all. Writers exclude each other and no readers, and
// who waits for a lock does so no longer than its context says.
//
// A purge is on the disk before [Store.Bump] returns and survives power loss,
// and so does everything that was written before it. A page is not, unless
// [Options.Sync] says so: power loss may take back the last pages, leases and
// acknowledgements, and never leaves half of one.
//
// A record carries a CRC-32C: one that is damaged is [pages.ErrCorrupt], never
// wrong data. A file whose structure is damaged gives errors that say so. A
// full disk gives errors that wrap [syscall.ENOSPC]; what is there stays
// readable, and writing goes on when there is room.
//
// The file must not be deleted or replaced while it is open. Within a second
// all calls of those who have it open fail and say so. Nor must a process that
// uses a store open and close the file by other means, such as to copy it:
// systems that know only POSIX locks would drop those of the whole process.
//
// # Reading only
//
// A file, folder or file system that cannot be written to is opened for
// reading, and what would write is [pages.ErrReadOnly]. Where others write to
// the file, from where they can, its log is beside it, and what they do is
// seen at once. Where there is no log, which is so after the last writer has
// closed the file, it is read as if it never changed; should it change all the
// same, that is noticed within a second. A log without its index, which a copy
// of the file may have, can only be read where the index can be made.
//
// # The size of the file
//
// Pages that [Store.Sweep] frees are used again. When more than a quarter of
// the file is free, the sweep gives that back to the file system, some pages
// at a time (auto_vacuum is incremental). Each writer copies the log into the
// file when it has 4 MiB. Where somebody reads at any moment it grows all the
// same; at 64 MiB the writers are stopped for half a second at most, so that
// it can begin anew. A process that is stopped while it reads holds that up.
//
// # Layout, version 1
//
//	state             one row: the sequence, the floor, how much is remembered, the last token, who sweeps
//	records           one row for each record; id is the key's digest
//	routes            how many records and bytes each route has; triggers keep it
//	marks             the last purge of a subject
//	changes           the latest purges in order, one row for each subject
//	leases            the last lease of a key; id is the key's digest
//	acknowledgements  one row for each instance
//
// [Open] makes the layout and brings it up to date, one process at a time:
// there is no step of its own for it, since one host has one version of the
// program. PRAGMA user_version is the layout's version and application_id
// says that the file is ours; a file of another program or of a newer layout
// is not opened. When a record was last used is written when it is more than
// ten minutes old, in batches and not by [Store.Get].
package sqlite
