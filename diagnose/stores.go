// Rules about the page store, the database and health.

package diagnose

import (
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/operate"
)

func ofStores() Rules {
	return Rules{
		{Name: "store away", weight: 100, look: storeAway},
		{Name: "database away", weight: 95, look: databaseAway},
		{Name: "check fails", weight: 90, look: checkFails},
		{Name: "comes and goes", weight: 85, look: comesAndGoes},
		{Name: "outbox grows", weight: 80, look: outboxGrows},
		{Name: "store far away", weight: 60, look: far("store")},
		{Name: "database far away", weight: 60, look: far("database")},
	}
}

func storeAway(p *pair) []Finding {
	c, known := p.check("store")
	if !p.after.State.Degraded && (!known || c.OK) {
		return nil
	}
	return []Finding{{
		Where: p.after.About.Store,
		Says:  "The page store cannot be used" + because(c.Reason) + ". Pages are served from memory and made again where they are not there, and purges of other instances are not heard.",
		Hint:  "Start it, or correct --store (GORGON_STORE); 'gorgon doctor' in the project's folder asks it directly. Where pages must not be served without it: --require-store (docs/stores.md).",
	}}
}

const servedAsStale = "served as stale"

func databaseAway(p *pair) []Finding {
	c, known := p.check("database")
	if !p.after.State.Unlooked && (!known || c.OK) {
		return nil
	}
	says := "The database cannot be used" + because(c.Reason) + "."
	if !strings.Contains(c.Reason, servedAsStale) { // a reason may say it
		says += " Pages that were read from it are " + servedAsStale + "."
	}
	return []Finding{{
		Where: p.after.About.Database, Says: says,
		Hint: "Start it, or correct DATABASE_URL; 'migrate --pending' says whether the app fits it (docs/how-to/migrations.md).",
	}}
}

// checkFails is about checks that have no rule of their own.
func checkFails(p *pair) (found []Finding) {
	for _, c := range p.after.Checks {
		if c.OK || c.Name == "store" || c.Name == "database" || c.Name == "started" && !p.after.State.Started {
			continue
		}
		says := "The check " + c.Name + " fails" + because(c.Reason) + "."
		if c.Needed {
			says += " The instance is not ready, and gets no visitors."
		}
		found = append(found, Finding{Where: c.Name, Says: says, Hint: "Correct what it names: /readyz says the same until it is good (docs/deploy.md)."})
	}
	return found
}

func comesAndGoes(p *pair) (found []Finding) {
	outages := map[string]int{}
	var names []string
	for _, c := range p.after.Changes {
		if p.after.At.Sub(c.At) > outagesWithin || c.OK {
			continue
		}
		if outages[c.Name]++; outages[c.Name] == 1 {
			names = append(names, c.Name)
		}
	}
	if faults := int(grown(p.before.State.StoreFaults, p.after.State.StoreFaults)); !p.single && faults > outages["store"] {
		if outages["store"] == 0 {
			names = append(names, "store")
		}
		outages["store"] = faults
	}
	for _, name := range names {
		if n := outages[name]; n >= manyOutages {
			found = append(found, Finding{
				Where: name,
				Says:  fmt.Sprintf("The check %s failed %d times in the last %s, and was good between.", name, n, short(outagesWithin.Seconds())),
				Hint:  "Look at its own log at the times that the page on health shows: it is started again and again, has too little memory or connections, or the network loses it (docs/stores.md).",
			})
		}
	}
	return found
}

func outboxGrows(p *pair) []Finding {
	s := p.after.State
	if s.Changes == 0 || s.Oldest < oldChange.Seconds() {
		return nil
	}
	says := cli.Plural(int(s.Changes), "committed change")
	if s.Changes == 1 {
		says += " waits"
	} else {
		says += " wait"
	}
	says += fmt.Sprintf(" in the outbox to be purged everywhere, the oldest for %s", short(s.Oldest))
	if more := s.Changes - p.before.State.Changes; !p.single && more > 0 {
		says += fmt.Sprintf("; %d more than %s ago", more, short(p.over.Seconds()))
	}
	return []Finding{{
		Where: p.after.About.Database,
		Says:  says + ". Other instances show what was there before.",
		Hint:  "A change leaves the outbox once the page store has recorded its purge: see that the store answers, and that the instance may delete from the outbox's table (docs/how-to/purges.md).",
	}}
}

func far(what string) func(*pair) []Finding {
	name, where := "page store", func(a operate.About) string { return a.Store }
	waits := "each visit that does not find its page in memory waits for that, and each making"
	hint := "Run the program near its store: in the same region and private network. What is in memory does not wait: --memory holds more (docs/stores.md)."
	if what == "database" {
		name, where = "database", func(a operate.About) string { return a.Database }
		waits = "each query of a loader, an endpoint or a job waits for that"
		hint = "Run the program near its database: in the same region and private network. Otherwise let loaders ask once in place of many times, and keep what they read: Incremental, RevalidateAfter, or a gorgon.Cache (docs/how-to/database.md)."
	}
	return func(p *pair) []Finding {
		for _, t := range p.after.Trips {
			if t.What == what && t.Took >= longTrip.Seconds() && p.after.At.Sub(t.At) < tripAge {
				return []Finding{{
					Where: where(p.after.About),
					Says:  fmt.Sprintf("The %s takes %s to answer a small question, and 1 ms is usual; %s.", name, short(t.Took), waits),
					Hint:  hint,
				}}
			}
		}
		return nil
	}
}
