// The package's promises and the layout of its keys.

// Package redis keeps pages in a Redis, version 6 or later, or a Valkey,
// shared by any number of instances on any number of machines.
//
// The location is a URL, redis://user:password@host:6379/0, or rediss:// for
// TLS; valkey:// and valkeys:// mean the same. The path is the number of the
// database. A Unix socket is unix://user:password@/run/redis.sock?db=0. These
// parameters are understood:
//
//	prefix         the name all keys begin with, "gorgon" if it is not given
//	db             the number of the database, as the path is
//	addr           host:port of a further node or sentinel; may be repeated
//	master_set     the name of a primary: the addresses are of sentinels
//	client_name    how the connections are called, "gorgon" if it is not given;
//	               with protocol=2 none, and giving one needs +client|setname
//	dial_timeout   for connecting, 5s if it is not given
//	write_timeout  after which a silent connection is given up, 10s likewise
//	skip_verify    1: do not check the server's certificate
//	protocol       2: speak RESP2, for proxies that know no other
//
// A cluster is found out by asking the server. All keys of one prefix are in
// one slot of it, and so on one node, since every step has to be atomic: to
// spread several sites over a cluster, give each a prefix of its own.
//
// # What is promised
//
// A call is one script or one pipeline and one round trip, and so atomic
// where it has to be. (The first use of a script after the server was started
// sends it, which is one more.) Purging costs the same however many pages it
// concerns. A call ends with its context, also while the server hangs; who
// gives up does not know whether the server did what it was asked to.
//
// A purge is as durable as the server is told to be: see its settings
// appendonly and appendfsync, and for replicas min-replicas-to-write. With
// appendfsync everysec a crash may take the purges of the last second, and a
// replica that takes over those it had not received.
//
// The clock is the server's, for leases as for the times of purges.
//
// # Losing things
//
// A server may have evicted anything, or come back empty. The store has a
// random name, made with its state, and each record carries the name of the
// store that it was put into: one of another store is missing. Each script
// is told the name and the highest sequence that its caller knows, and
// compares the size of each part with what was noted when it was written. If
// anything does not fit it does nothing, and the state is mended first:
//
//   - Where the state is gone or the latest purges are, everything counts as
//     purged, and the sequence goes on from the microseconds of the clock,
//     which is higher than any before.
//   - Where the marks are gone, every subject counts as purged at the latest
//     purge of any.
//   - Where the changes are gone, all are told to be forgotten.
//   - Where acknowledgements are gone, somebody lags for as long as they
//     would have lasted.
//
// What cannot be noticed is a server that lost its latest purges and has made
// as many new ones before anybody comes who knew them.
//
// A record that was evicted is missing; sweeping takes it out of the indexes.
//
// # Memory
//
// Pages expire when nobody used them for [Options.Keep], and leases when they
// are over; nothing else does. So the server can be told to evict pages alone:
//
//	maxmemory-policy volatile-lru
//
// is recommended. With noeviction, sweep to a bound below maxmemory: while
// memory is full no page is written, but purges, leases, acknowledgements and
// sweeps go on, since they take little and some free much. With allkeys-lru
// everything above holds, at the price that now and then all counts as purged.
//
// # Rights
//
// A user of these rights is enough; "gorgon" stands for the prefix. Add
// +select for another database than 0, and +cluster for a cluster. Before
// version 6.2 leave out what begins with &.
//
//	~{gorgon}:* &{gorgon}:* -@all +hello +ping +eval +evalsha +time
//	+get +set +del +unlink +exists +rename +pexpire
//	+hget +hset +hdel +hmget +hgetall +hvals +hlen +hexists
//	+zadd +zrem +zcard +zscore +zrange +zrangebylex +zrangebyscore
//	+zrevrange +zremrangebyscore +publish +subscribe
//
// On a replica pages are read and every write is [pages.ErrReadOnly].
//
// # Layout, version 1
//
// Every key begins with the prefix in braces, which are a cluster's mark of
// what to hash, and the version: {gorgon}:v1:…
//
//	state       hash: the store's name, the sequence, the floor, sizes of parts
//	marks       hash: the last purges of subjects, the newer half …
//	marks:old   … and the older half
//	changes     sorted set: the latest purges by sequence
//	heard       hash: the acknowledgements of instances
//	ids         sorted set: the IDs of all records, in their own order
//	used        sorted set: the same, by when they were last used
//	page:ID     hash: one record; ID is the key's
//	lease:ID    string: the last lease of a key, for a minute after it ran out
//	sweep       string: the lease of who sweeps
//	purged      channel: a hint that there was a purge
//
// Times are in microseconds. A record has a CRC-32C over its ID and its data:
// what does not match is [pages.ErrCorrupt]. When a record was last used is
// written when it is more than ten minutes old, in batches and not by Get.
package redis
