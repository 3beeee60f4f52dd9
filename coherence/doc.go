// Package coherence keeps what instances hold in memory true to the purges
// that any of them makes.
//
// Instances of one app share a store, and each answers from a memory of its
// own without a trip to the store. A purge declares subjects out of date: once
// it has returned, no instance that can reach the store may use what it held
// before as if it were current. This package is the protocol that makes both
// possible at once. It knows subjects, numbers and times; what is held, and
// how it is made, is the business of its callers.
//
// # Ledger
//
// The store numbers purges: 1, 2, 3, … An [Instance] keeps a copy of them, its
// ledger, which is complete from its floor up to its horizon. Every [Copy]
// that is held carries its epoch, the number as it was before it was made. It
// is out of date exactly if one of its subjects was purged after its epoch.
// [Instance.Judge] says so from the ledger alone. A copy from before the floor
// has to be asked about: [Instance.Check] does that, in batches.
//
// # Horizon
//
// An instance that asked the store which purges there were may rely on the
// answer for pages.Trust, two seconds, and no longer. It asks in the
// background while it is used, and at once where the two seconds are over:
// [Instance.CatchUp]. Where a store tells its sequence without a round trip
// (a pages.Sequencer), that is compared in place of the time.
//
// What cannot be known is said, not guessed: the [Horizon] that CatchUp returns
// tells whether the store could be asked, and up to which number purges were
// made that could not be read.
//
// # Acknowledgement
//
// [Instance.Purge] returns once no instance relies on what it knew before: at
// once with a Sequencer, when each instance has acknowledged the purge with a
// pages.Acknowledger, and after two seconds otherwise.
//
// # Circuit breakers
//
// [Store] makes every call to the store, under a deadline and behind one of
// four circuit breakers: a disk that is full can still be read. While a
// breaker is open no caller waits for the store; a probe in the background
// closes it. A purge that the store did not record holds for this instance
// only, by its time.
//
// # Leases
//
// A lease lets one of several instances do a piece of work. It saves work and
// decides nothing: where the store fails, every instance has it. One that
// could not be returned, or whose grant was lost on its way, is returned when
// the store answers again.
package coherence
