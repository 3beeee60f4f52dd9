// The package's promises, what they rest on, the layout and what calls cost.

// Package s3 keeps pages as objects of an S3-compatible service, shared by any
// number of machines. It needs nothing else: no database, no lock service.
//
// # Conditional writes
//
// Coordination rests on two conditions of a write: If-None-Match: * creates an
// object only where there is none, and If-Match replaces only the version that
// was read. Before it first coordinates, a store proves with an object of its
// own that the service honours both. Where it ignores them, [Store.Bump],
// [Store.Lease] and every write with a fence fail and say so, since two
// instances could each believe to be alone; [Store.Get] and writes without a
// fence work.
//
// # What is promised
//
// A record is one object, so it is read whole or not at all, in one request.
// It carries a CRC-32C; one that is damaged is [pages.ErrCorrupt].
//
// A purge is one conditional write of one small object, the head, which numbers
// it. Of two at once one wins, and the other reads the head again. A purge that
// has returned is as durable as the service.
//
// A write with a fence reads the record that it replaces, then the head and the
// key's lease, and is refused if they say so. Then it writes, on condition that
// the record is still the one it read. Then it reads head and lease again: if
// neither refuses, no purge and no later lease had come when the record was
// written, so that fence and write are one step for everybody. If one refuses,
// the write is undone, on condition that it is still there, and fails with
// [pages.ErrFenced].
//
// A reader may find such a record until then, or for longer where the writer
// dies in between. It is not taken for fresh, because its epoch is older than
// the purge that it missed. A holder that was paused loses in the same way: the
// later lease shows in the last step, and what its successor has written shows
// in the condition.
//
// To undo is to put back the record that was there before. Where that was less
// than a minute old, or the change was to remove it, the key is left without a
// record, which is a miss.
//
// Removing is exact where the service honours If-Match for deletes, as Amazon's
// does. Elsewhere a record that is written in the instant of a removal may be
// removed with it, by a sweep too. That is a miss, and the page is made again.
//
// Leases run out by the service's clock, as its Date headers tell it: an
// instance whose clock disagrees with them corrects it by what they demand, to
// within two seconds. Tokens follow that clock and the key's last token. No
// promise about who may write rests on a clock. Leases that ran out more than
// an hour ago are forgotten by a sweep; so the service's clock must not go back
// by an hour.
//
// If the head is deleted or damaged, everything older counts as purged, and the
// sequence goes on from a number higher than any before.
//
// # Layout, version 1
//
// All names begin with the prefix of the location, and v1/.
//
//	pages/ab/….page          a record; ab begins the key's ID, … is the key in
//	                         base64url: route, locale, path, so that a listing
//	                         tells keys; split by / every 200 letters
//	pages/ab/ID.long         a record whose key is too long for a name
//	state/head               the sequence, the latest purges, the base's name
//	state/base/NUMBER-NONCE  what was purged up to a number
//	state/leases/ID          the last lease of a key: token, end, nonce
//	state/uses/NONCE         which records were read lately, and when
//	state/sweep              the lease of whoever sweeps
//	state/proof/NONCE        what conditions are proved with
//
// Every object begins with the letters gorgon1, one that tells its kind, and the
// CRC-32C of the rest. Each has a nonce, so that no two versions are alike.
//
// The head holds up to 64 KiB of purges, some thousand. The purge that exceeds
// it writes a new base and leaves the later half in the head. A base holds the
// last purge of each subject and the latest changes, bounded by [Options], some
// 5 MB with the defaults when full. An instance keeps a copy of all that in
// memory, and reads the base only when it starts, or slept through half a head.
//
// Buckets with versioning keep every version of all these objects: give them a
// rule that removes versions that are not current.
//
// # What calls cost, in requests
//
//	Get                       1 GET
//	Put, Delete, no fence     1
//	Put, Delete, fence        4: 2 GET, 1 PUT or DELETE, 1 GET
//	  with a token            6: 1 GET, 2 GET at once, 1 PUT or DELETE, 2 at once
//	Epochs, Changes           1 GET, which carries nothing if nothing changed
//	Bump                      1 PUT; 3 after a purge made elsewhere; 3 at each
//	                          change of the base; 2 more for each race it loses
//	Lease                     1 GET, 1 PUT; held by another: 1 GET
//	Release                   1 GET, 1 PUT
//	Wait                      1 GET each second, likewise
//	List                      1 LIST for 1,000 records, and a few more
//	Sweep                     as List, twice if records go, 1 DELETE for each of
//	                          them, 1 GET and 1 DELETE for each lease to forget
//
// The first call that coordinates costs 6 more, to prove the conditions, the
// first that asks for purges 1 GET of the base, and the first of all 3 more.
//
// Reading a record costs no write: which were read is written once an hour by
// each instance, so that a sweep knows it to about an hour, and when one was
// written to the second.
package s3
