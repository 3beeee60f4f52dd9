// Package live tells what is open in browsers that it has changed.
//
// A piece is a part of a page as it is sent: a fragment in one language, or all
// that a navigation replaces. A [Hub] belongs to one instance. It holds each
// piece that is followed once, however many browsers do, has it made again when a
// purge concerns it, and wakes those whose version is another one.
//
//	purge becomes known -> pieces by subject -> one making each -> followers
//
// These laws hold, and each has a planted bug in the tests:
//
//   - What is sent is never older than the purge that caused it: a piece is made
//     after the purge is known here, by a maker that answers with nothing older.
//   - Nothing is lost between a page and its stream: a follower says which version
//     it has, and gets the present one if that is another.
//   - Nothing is lost while a piece is made: one that was purged meanwhile is made
//     again.
//   - A version is sent once. A making that changes nothing sends nothing.
//   - A follower that is slow gets the newest version, not all of them, and holds
//     up none of the others.
//   - Makings are bounded, and those of one purge of very many pieces are spread.
//   - What is not followed costs nothing.
package live
