// The package's promises, what they depend on, the layout, and what calls cost.

// Package s3 keeps pages as objects of an S3-compatible service, shared by any
// number of machines. It needs nothing else: no database, no lock service.
//
// # Conditional writes
//
// Coordination depends on two conditions of a write: If-None-Match: * creates
// an object only if there is none, and If-Match replaces only the version that
// was read. Before it first coordinates, a store proves with an object of its
// own that the service honours both. If the service ignores them, [Store.Bump],
// [Store.Lease] and every write with a fence fail and say so, since two
// instances could each believe to be alone; [Store.Get] and writes without a
// fence work.
//
// # What is promised
//
// A record is one object, so it is read whole or not at all, in one request. It
// carries a CRC-32C; a damaged one gives [pages.ErrCorrupt].
//
// A purge is one conditional write of one small object, the head, which numbers
// it. Of two concurrent purges one wins, and the other reads the head again. A
// purge that has returned is as durable as the service.
//
// A write with a fence reads the record that it replaces, and is refused if
// that has a later epoch. Then it writes, on condition that the record is still
// the one it read. If the fence has a token, the write reads the key's lease
// before it writes, and again afterwards: if the lease is unchanged, no later
// one had been granted when the record was written, so that fence and write are
// one step for all observers. If not, the write is undone, on condition that it
// is still there, and fails with [pages.ErrFenced]. A reader may find such a
// record until then, or for longer if the writer dies in between.
//
// Undoing restores the previous record. If that was less than a minute old, or
// the change was its removal, the key is left without a record, which is a
// miss.
//
// Removals are exact if the service honours If-Match for deletes, as Amazon's
// does. Otherwise a record that is written at the instant of a removal may be
// removed with it, by a sweep too. That is a miss, and the page is made again.
//
// Leases expire by the service's clock, as its Date headers show it: an
// instance whose clock disagrees with them corrects it accordingly, to within
// two seconds. Tokens follow that clock and the key's last token. No promise
// about who may write depends on a clock. A sweep forgets leases that expired
// more than an hour ago; so the service's clock must not go back by an hour.
//
// If the head is deleted or damaged, everything older counts as purged, and the
// sequence continues from a number higher than any before. The same happens if
// the bucket is restored from a backup: an instance notices that the head has
// fewer purges than it knows, or another purge of a number that it knows.
//
// The owner of [Store.Claim] is stored in the head. An instance notices within
// a second that another has taken the store over, and then each of its calls
// fails with a [pages.ForeignError].
//
// # Layout, version 1
//
// All names begin with the prefix of the location, and v1/.
//
//	pages/ab/….page          a record; ab begins the key's ID, … is the key in
//	                         base64url: route, locale, path, so that a listing
//	                         shows keys; split by / every 200 letters
//	pages/ab/ID.long         a record whose key is too long for a name
//	state/head               the sequence, the latest purges, the base's name,
//	                         the owner
//	state/base/NUMBER-NONCE  what was purged up to a number
//	state/leases/ID          the last lease of a key: token, end, nonce, claim
//	state/uses/NONCE         which records were read recently, and when
//	state/sweep              the lease of the sweeper
//	state/proof/NONCE        an object for proving conditions
//
// Every object begins with the letters gorgon1, a letter for its kind, and the
// CRC-32C of the rest. Each has a nonce, so that no two versions are equal.
//
// The head holds up to 64 KiB of purges, about a thousand. The purge that
// exceeds it writes a new base and leaves the later half in the head. A base
// holds the last purge of each subject and the latest changes, bounded by
// [Options], about 5 MB with the defaults when full. An instance keeps a copy
// of all that in memory, and reads the base only when it starts or has missed
// half a head.
//
// Buckets with versioning keep every version of all these objects: give them a
// rule that removes versions that are not current.
//
// # What calls cost, in requests
//
//	Get                       1 GET
//	Put, Delete, no fence     1
//	Put, Delete, fence        2: 1 GET, 1 PUT or DELETE
//	  with a token            4: 2 GET, 1 PUT or DELETE, 1 GET
//	Epochs, Changes           1 GET, without a body if nothing changed
//	Bump                      1 PUT; 3 after a purge made elsewhere; 3 at each
//	                          change of the base; 2 more for each race it loses
//	Lease                     1 GET, 1 PUT; held by another: 1 GET
//	Release                   1 GET, 1 PUT
//	Claim                     1 GET, and 1 PUT the first time
//	Wait                      1 GET each second, the same
//	List                      1 LIST for 1,000 records, and a few more
//	Sweep                     as List, twice if it removes records, 1 DELETE for each of
//	                          them, 1 GET and 1 DELETE for each lease to forget
//
// The first call that coordinates costs 6 more, to prove the conditions; the
// first that reads purges costs 1 GET of the base; and the very first call
// costs 3 more.
//
// Reading a record costs no write: each instance writes once an hour which
// records were read, so that a sweep knows the last use of a record to about an
// hour, and its last write to the second.
package s3
