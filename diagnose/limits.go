// The limits of the rules, each with its reason. A healthy server under load is
// below all of them.

package diagnose

import "time"

// Of the store and the database.
const (
	// Within a zone a round trip takes less than 1 ms, between zones of a region 1
	// to 2 ms, and to another region 20 ms at least. The shortest of several counts,
	// so a busy machine is not above it either.
	longTrip = 20 * time.Millisecond

	// Trips are measured every ten seconds. What is older says nothing of now.
	tripAge = 40 * time.Second

	// A change is purged within 0.5 s, and within 10 s by a program without
	// visitors. Twice that and more, and no instance purges.
	oldChange = 20 * time.Second

	// One outage, and a second one, happen. A third within ten minutes is a habit.
	// Health is looked at every ten seconds, faults are counted at once.
	manyOutages   = 3
	outagesWithin = 10 * time.Minute
)

// Of pages.
const (
	// A server that is large enough refuses nothing. A few are the edge of a burst.
	manyRefused = 5

	// As many wait as may run, at both looks: the queue does not drain.
	manyWaiting = 5 // at least

	// One page that fails is a fault of its data. A fifth of a route's makings is a
	// fault of the loader or of what it asks.
	manyFailed  = 3
	failedPart  = 5  // one of so many
	failedSince = 10 // without a second look, and half of all

	// A purge makes a page once again, and most visits find it fresh. Where less
	// than half do, and purges come every half second, purges keep pages from being
	// reused.
	stormPurges = 2.0 // subjects a second
	stormVisits = 30  // too few say nothing
	stormFresh  = 0.5 // part of the visits that found a fresh page

	// A bounded memory is always full, and some pages leave it. Where one leaves for
	// every two visits, most leave before they are visited again.
	fullMemory  = 0.9
	manyEvicted = 100
	evictedPart = 0.5 // of visits
)

// Of answers.
const (
	// A healthy route has none. A few are accidents.
	manyErrors  = 5
	errorPart   = 0.02
	errorsSince = 20 // without a second look, and a fifth of all
	errorsPart  = 0.2

	// Visitors leave before a page has come, some crawlers always. Half of all are
	// not visitors who leave.
	manyCut = 20
	cutPart = 0.5
)

// Of work and sessions.
const (
	// A job that fails is repeated, and most succeed then. One that failed three
	// times or more, and in the time of the look more often than jobs of its kind
	// were done, does not.
	jobFailures = 3
	failedJobs  = 5 // without a second look, and twice as often as they were done

	// Jobs begin within a second. Where a schedule ticks, it does so each minute: two
	// are missed.
	oldJob = 2 * time.Minute

	// An instance that is stopped gives up its rooms, and one that is killed has
	// each taken once. More than each room once, in seconds: they take turns.
	manyTaken = 3

	// A session is looked up once, and then remembered. Half of all requests are not
	// first ones.
	manyLookups = 100
	lookupPart  = 0.5

	// As with pages.
	manyLiveFails = 3
)
