// The package's promises and the layout of its directory.

// Package diskblobs keeps blobs as files in a directory of one machine, shared
// by any number of its processes.
//
// # What is promised
//
// A blob is whole at any instant, even if its writer is killed: it is written
// to a temporary file, synced, and renamed. It survives power loss once Put or
// Complete has returned, and so do the bytes that Receive says an upload has. A
// blob with a damaged header gives [blobs.ErrCorrupt]; its bytes are not read
// again to compare their digest, which Info has.
//
// An upload in pieces is synced each 16 MiB, and at the end of each Receive. If
// the process is killed, what came after that is sent again.
//
// All processes must run on one kernel, since locks between them use flock: do
// not share a directory of a network file system between machines.
//
// # Layout, version 1
//
//	v1/keys/photos@/cat.png=  the blob "photos/cat.png": a header of 1 KiB with
//	                          its key, type, size and digest, then its bytes
//	v1/uploads/ID.json        what the ticket of an upload says
//	v1/uploads/ID.data        the bytes of an upload that has not been completed
//	v1/uploads/ID.state       how many of them count, and their digest so far
//	v1/uploads/ID.lock        held while the upload changes
//	v1/tmp/NONCE/…            files being written by one process
//	v1/tmp/NONCE.lock         held by this process while the store is open
//
// In the names of files, bytes other than a to z, 0 to 9, dot, dash and
// underscore are written as %xx, so that file systems that ignore case keep keys
// apart. A segment of more than 60 bytes continues in a folder of the first 60,
// which ends with "~".
package diskblobs
