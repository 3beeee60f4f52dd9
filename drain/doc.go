// Package drain makes purges of the commits of a database.
//
// A transaction that changes watched tables leaves a note in an outbox. Each
// note becomes a purge, and is then removed:
//
//	look at what was committed → number the purge → wait for the other instances → remove
//
// The order is what makes it right. An entry's epoch was read before its loader
// began. If the loader did not see a commit, the commit came later than that,
// and the purge, which is numbered after the commit, is later than the epoch:
// the entry is out of date. A process may be killed between any two steps; the
// note is still there, and another process purges again. It is removed only when
// no instance takes what the purge declared out of date for current.
//
// The process that committed looks at once. Others look every now and then, and
// leave notes that are younger than a moment to the one that committed. An
// instance that has not looked for two seconds, or could not, takes nothing for
// current that depends on the database: [Drainer.Current].
package drain
