// The package's promises and the layout of its keys.

// Package redis keeps pages in a Redis, version 6 or later, or a Valkey,
// shared by any number of instances on any number of machines.
//
// The location is a URL, redis://user:password@host:6379/0, or rediss:// for
// TLS; valkey:// and valkeys:// mean the same. The path is the number of the
// database. A Unix socket is unix://user:password@/run/redis.sock?db=0. These
// parameters are understood:
//
//	prefix         the beginning of all keys, "gorgon" by default
//	db             the number of the database, like the path
//	addr           host:port of a further node or sentinel; may be repeated
//	master_set     the name of a primary: the addresses are of sentinels
//	client_name    the name of the connections, "gorgon" by default;
//	               none with protocol=2, where setting one needs +client|setname
//	dial_timeout   for connecting, 5s by default
//	write_timeout  after which a silent connection is closed, 10s by default
//	skip_verify    1: do not check the server's certificate
//	protocol       2: use RESP2, for proxies that support no other
//
// The store asks the server whether it is a cluster. All keys of one prefix are
// in one slot, and so on one node, since every step must be atomic: to spread
// several sites over a cluster, give each its own prefix.
//
// # What is promised
//
// A call is one script or one pipeline and one round trip, and atomic if it
// must be. (The first use of a script after a start of the server sends it,
// which takes one more.) A purge costs the same however many pages it affects.
// A call ends with its context, even while the server hangs; the caller then
// does not know whether the server executed it.
//
// A purge is as durable as the server's settings make it: see appendonly and
// appendfsync, and for replicas min-replicas-to-write. With appendfsync
// everysec, a crash may lose the purges of the last second, and a replica that
// takes over lacks those it had not received.
//
// Leases and the times of purges follow the server's clock.
//
// # Losing things
//
// A server may have evicted anything, or come back empty. The store has a
// random name, created with its state, and each record carries the name of the
// store that it was put into: a record of another store counts as missing. Each
// script receives the name, and the number and time of the latest purge that
// its caller knows, and compares the size of each part with the size recorded
// when it was written. If anything does not fit, the script does nothing, and
// the state is repaired first:
//
//   - If the state or the latest purges are gone, everything counts as
//     purged, and the sequence continues from the microseconds of the clock,
//     which is higher than any before. This happens after a restore, or when a
//     replica takes over, even if as many purges were made since.
//   - If the marks are gone, every subject counts as purged at the latest
//     purge of any.
//   - If the changes are gone, all of them count as forgotten.
//   - If acknowledgements are gone, one instance more lags for as long as they
//     would have lasted.
//
// If a server lost its latest purges and no instance is alive that knew of
// them, the loss cannot be noticed.
//
// # Owners
//
// The owner of [Store.Claim] is a part of the state, and each script checks it:
// once another has taken the store over, each call of the former owner fails
// with a [pages.ForeignError].
//
// An evicted record is missing; a sweep removes it from the indexes.
//
// # Memory
//
// Pages expire when they were not used for [Options.Keep], and leases when they
// end; nothing else expires. So the server can be configured to evict only
// pages:
//
//	maxmemory-policy volatile-lru
//
// is recommended. With noeviction, sweep to a bound below maxmemory: while
// memory is full no page is written, but purges, leases, acknowledgements and
// sweeps still work, since they take little memory and some free much. With
// allkeys-lru everything above holds, but now and then everything counts as
// purged.
//
// # Rights
//
// The store needs a user with these rights; "gorgon" stands for the prefix. Add
// +select for another database than 0, and +cluster for a cluster. Before
// version 6.2, omit the part that begins with &.
//
//	~{gorgon}:* &{gorgon}:* -@all +hello +ping +eval +evalsha +time
//	+get +set +del +unlink +exists +rename +pexpire
//	+hget +hset +hdel +hmget +hgetall +hvals +hlen +hexists
//	+zadd +zrem +zcard +zscore +zrange +zrangebylex +zrangebyscore
//	+zrevrange +zremrangebyscore +publish +subscribe
//
// Sessions need these besides:
//
//	+pexpireat +persist +info
//
// (+info only to find out whether the server evicts.)
//
// Rooms need these besides, the last line only to find out whether the server may
// lose rooms:
//
//	+rpush +lrange +lindex +llen +ltrim
//	+info +config|get
//
// On a replica, pages can be read and every write fails with
// [pages.ErrReadOnly].
//
// # Sessions
//
// [OpenSessions] keeps sessions in a Redis, and [SessionsFrom] in the one that a
// variable names. They have keys of their own, so that pages and sessions can
// share a server; but give sessions one of their own that does not evict:
//
//	maxmemory-policy noeviction
//
// A server that evicts signs visitors out, and forgets what of limits is spent;
// the store says so once in the log. A revoked session does not come back by
// that: a session whose user's list was evicted counts as missing.
//
// Sessions are as durable as the server's settings make them. A server without
// appendonly forgets them when it restarts. A crash with appendfsync everysec, or
// a replica that takes over, may lose the last second, and with it a revocation:
// see min-replicas-to-write.
//
// A call is one script and one round trip. A script reaches keys that only the
// server knows, such as the sessions of a user: all keys of a prefix are in one
// slot, so that it works in a cluster. The clock of the server counts limits, and
// the server itself removes what has expired.
//
// # Rooms
//
// [OpenRooms] keeps rooms in a Redis, and [RoomsFrom] in the one that a variable
// names. They have keys of their own, so that all can
// share a server; but a server for rooms must not evict, and must have written what
// it acknowledges:
//
//	maxmemory-policy noeviction
//	appendonly       yes
//	appendfsync      always
//
// With another setting what members were told is done can be lost: with everysec
// the last second when the machine ends, without appendonly all when the server
// ends. The store says so once in the log, and [Rooms.Loses] lists it. A replica
// that takes over lacks what it had not received, whatever is set: see
// min-replicas-to-write. A room that has lost its last entries is at another
// position, which its members' instances notice.
//
// A call is one script, or for Positions one pipeline, and one round trip. All keys
// of a prefix are in one slot, so that rooms and the leases of instances are
// compared in one step, also in a cluster. Times and leases are counted by the
// clock of the server; only their ends are left to its expiry.
//
// An append is atomic: a server that ends in the middle of it has, when it comes
// back, all of it or nothing. The store never repeats one whose answer was lost.
//
// # Layout, version 1
//
// Every key begins with the prefix and the version: {gorgon}:v1:… The braces
// mark the part that a cluster hashes.
//
//	state       hash: the store's name and owner, the sequence, the floor, sizes
//	            of parts
//	marks       hash: the last purges of subjects, the newer half …
//	marks:old   … and the older half
//	changes     sorted set: the latest purges by sequence
//	heard       hash: the acknowledgements of instances
//	ids         sorted set: the IDs of all records, in their own order
//	used        sorted set: the same, by when they were last used
//	page:ID     hash: one record; ID is the key's
//	lease:ID    string: the last lease of a key, for a minute after it expired
//	sweep       string: the lease of the sweeper
//	purged      channel: a hint that there was a purge
//	session:ID  hash: a record of sessions, until an hour after it expires
//	user:USER   sorted set: the records that a user has, by when they are
//	            forgotten
//	limit:KEY   string: when all of a limit has come back, until then
//
//	instance:ID hash: the lease of an instance that may own rooms, until its end
//	rooms       sorted set: the names of all rooms, in their own order
//	room:NAME   hash: where a room is, its owner, and its build
//	roomlog:NAME
//	            list: its last entries, each after the chain at it as 16 digits
//	roomstate:NAME
//	            string: its snapshot
//
// Times are in microseconds. A record has a CRC-32C over its ID and its data: a
// mismatch gives [pages.ErrCorrupt]. The time of a record's last use is updated
// when it is more than ten minutes old, in batches and not by Get.
package redis
