// How a request is answered, as a table.

package cache

import "github.com/gorgon-go/gorgon/coherence"

// A situation is all that decides how a request is answered with an item.
// Each field has one bit set.
type situation struct {
	came      came    // how the item came about
	late      whether // what brought it began before a purge that the request knows of
	phase     phase   // of the item, by its times alone
	verdict   verdict // of the purges
	reach     reach   // how the item lies to the request's horizon
	tombstone whether // the item says that the page does not exist
	lasts     whether // it may be served although making the page again failed
}

func (p phase) String() string {
	return map[phase]string{fresh: "fresh", stale: "stale", over: "expired"}[p]
}

type (
	came    uint8
	whether uint8
	phase   uint8
	verdict uint8
	reach   uint8
)

const (
	cached came = 1 << iota // the request found it in memory
	found                   // a flight found it
	made                    // a flight made it
	failed                  // a flight failed, and it is what there is to answer with
	gone                    // a flight found that there is no such page any more
)

const (
	no whether = 1 << iota
	yes
)

const (
	fresh phase = 1 << iota
	stale
	over // it may not be served
)

const (
	good verdict = 1 << iota
	purged
	purgedExpire
)

const (
	within     reach = 1 << iota // all that could concern it is known
	unread                       // purges that cannot be read, or made, may concern it
	underToken                   // it is older than what the request's token names
)

// A decision is what becomes of the request.
type decision uint8

const (
	serveFresh   decision = iota + 1 // with the item
	serveMade                        // with the item, which was made for it
	serveStale                       // with the item, of which it may be known that it is out of date
	revalidate                       // with the item, and make it again in the background
	serveMissing                     // with the tombstone: there is no such page
	wait                             // it waits while the page is made
	lookAgain                        // a purge overtook what it waited for: it begins from the start
	fail                             // with the error
)

// A rule decides situations. A field that is zero, or has several bits, stands
// for every one of them.
type rule struct {
	situation
	page    decision // if the item is a page
	missing decision // if it is a tombstone
}

// decisions are tried in order; the first that fits decides.
var decisions = []rule{
	// What is in memory may be served while it lasts, and what was purged
	// while it is made again.
	{situation{came: cached, verdict: purgedExpire}, wait, wait},
	{situation{came: cached, phase: over}, wait, wait},
	{situation{came: cached, verdict: purged, reach: underToken}, wait, wait},
	{situation{came: cached, verdict: purged}, revalidate, wait},
	{situation{came: cached, phase: stale}, revalidate, wait},
	{situation{came: cached, reach: unread}, revalidate, wait},
	{situation{came: cached}, serveFresh, serveMissing},

	// A flight that began before a purge does not answer a request after it.
	{situation{came: found | made, late: yes, verdict: purgedExpire}, lookAgain, lookAgain},
	{situation{came: found | made, late: yes, verdict: purged, reach: underToken}, lookAgain, lookAgain},
	{situation{came: found | made, late: yes, verdict: purged}, serveStale, lookAgain},

	// A flight that began later does, even if its result was purged meanwhile:
	// the next flight is for that.
	{situation{came: found | made, verdict: purged | purgedExpire}, serveStale, serveMissing},
	{situation{came: found | made, reach: unread}, serveStale, serveMissing},
	{situation{came: found, phase: stale | over}, serveStale, serveMissing},
	{situation{came: found}, serveFresh, serveMissing},
	{situation{came: made}, serveMade, serveMissing},

	// Where a flight failed, the last good page stands in for as long as it
	// lasts.
	{situation{came: failed | gone, late: yes}, lookAgain, lookAgain},
	{situation{came: gone}, fail, fail},
	{situation{came: failed, lasts: no}, fail, fail},
	{situation{came: failed, verdict: purged | purgedExpire, reach: underToken}, fail, fail},
	{situation{came: failed}, serveStale, fail},
}

// decide finds the rule for a situation.
func decide(s situation) decision {
	for _, r := range decisions {
		if r.fits(s) {
			if s.tombstone == yes {
				return r.missing
			}
			return r.page
		}
	}
	return fail
}

func (r rule) fits(s situation) bool {
	return has(r.came, s.came) && has(r.late, s.late) && has(r.phase, s.phase) && has(r.verdict, s.verdict) &&
		has(r.reach, s.reach) && has(r.lasts, s.lasts)
}

func has[B ~uint8](mask, bit B) bool { return mask == 0 || mask&bit != 0 }

// is is a fact as a field of a situation.
func is(fact bool) whether {
	if fact {
		return yes
	}
	return no
}

// situated is the situation of an item before a request with a horizon.
func situated(i *item, how came, late bool, v coherence.Verdict, asked *coherence.Horizon, at phase, lasts bool) situation {
	s := situation{came: how, late: is(late), phase: at, verdict: verdict(1) << v, reach: within, tombstone: is(i.missing()), lasts: is(lasts)}
	switch {
	case i.entry.Epoch < asked.Token:
		s.reach = underToken
	case i.entry.Epoch < asked.Unread, i.copy.Fed && asked.Unfed:
		s.reach = unread
	}
	return s
}
