// Rules about the making of pages.

package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gorgon-go/gorgon/cli"
)

const (
	starved     = "starved route"
	loaderFails = "loader fails"
)

func ofPages() Rules {
	return Rules{
		{Name: starved, weight: 75, look: starvedRoutes},
		{Name: loaderFails, weight: 70, look: failingLoaders},
		{Name: "purge storm", weight: 55, two: true, look: purgeStorm},
		{Name: "memory too small", weight: 40, two: true, look: smallMemory},
	}
}

func starvedRoutes(p *pair) (found []Finding) {
	for _, g := range p.after.Gates {
		waiting, refused, dropped := g.Waiting, uint64(0), uint64(0)
		if !p.single {
			waiting, refused, dropped = 0, g.Refused, g.Dropped
			for _, b := range p.before.Gates {
				if b.Route == g.Route {
					waiting, refused, dropped = min(g.Waiting, b.Waiting), grown(b.Refused, g.Refused), grown(b.Dropped, g.Dropped)
				}
			}
		}
		if refused < manyRefused && waiting < max(manyWaiting, g.Width) {
			continue
		}
		says := fmt.Sprintf("Pages of %s wait for their loader: %d of %d places are taken, %d wait", g.Route, min(g.Running, g.Width), g.Width, g.Waiting)
		if refused > 0 {
			says += fmt.Sprintf(", and %s refused %s", were(refused, "request"), p.when())
		}
		if dropped > 0 {
			says += fmt.Sprintf("; %d left while they waited", dropped)
		}
		found = append(found, Finding{
			Where: g.Route, Says: says + ".",
			Hint: "Make the loader faster, or let more run at once with --loaders if what it asks can bear that; with RevalidateAfter fewer visits wait for it (docs/overload.md).",
		})
	}
	return found
}

// were is so many things, and the verb.
func were(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing + " was"
	}
	return cli.Plural(int(n), thing) + " were"
}

func failingLoaders(p *pair) (found []Finding) {
	for _, r := range p.routes() {
		if p.single && (r.failed < failedSince || r.failed*2 < r.made) || r.failed < manyFailed || r.failed*failedPart < r.made {
			continue
		}
		says := fmt.Sprintf("The loader or the view of %s failed in %d of %d makings %s: visitors get the last good page where there is one, and otherwise an error.", r.pattern, r.failed, r.made, p.when())
		if r.lastError != "" {
			says += " The last error: " + r.lastError
		}
		found = append(found, Finding{
			Where: r.pattern, Says: says,
			Hint: "The log has each error; correct what it names. ErrorFor says how long the last good page may be served in its place (docs/how-to/errors.md).",
		})
	}
	return found
}

func purgeStorm(p *pair) []Finding {
	purges := grown(p.before.State.Purged, p.after.State.Purged)
	rate := float64(purges) / p.over.Seconds()
	all := p.all()
	if rate < stormPurges || all.visits() < stormVisits || float64(all.fresh) >= stormFresh*float64(all.visits()) {
		return nil
	}
	most := slices.MaxFunc(p.routes(), func(a, b route) int { return cmp.Compare(a.made, b.made) })
	return []Finding{{
		Where: most.pattern,
		Says: fmt.Sprintf("%.0f subjects a second are purged, and of %s of pages %s only %d found one that was fresh; %s was made %d times.",
			rate, cli.Plural(int(all.visits()), "visit"), p.when(), all.fresh, most.pattern, most.made),
		Hint: "Purge what has changed and not more: a tag for each row in place of one for all, and once after many changes. Columns that change all the time and that pages do not show belong into Ignore of database.Table (docs/freshness.md).",
	}}
}

func smallMemory(p *pair) []Finding {
	s, visits := p.after.State, p.all().visits()
	evicted := grown(p.before.State.Evicted, s.Evicted)
	if s.MemoryBound <= 0 || float64(s.MemoryBytes) < fullMemory*float64(s.MemoryBound) ||
		evicted < manyEvicted || float64(evicted) < evictedPart*float64(visits) {
		return nil
	}
	return []Finding{{
		Says: fmt.Sprintf("Memory has %s in %s, which is its bound, and %d pages left it %s for %s of pages: most leave before they are visited again.",
			cli.Plural(int(s.MemoryEntries), "page"), cli.Size(s.MemoryBound), evicted, p.when(), cli.Plural(int(visits), "visit")),
		Hint: "Give it more with --memory, in MiB. A crawler that visits each page once does the same, and then it may stay as it is (docs/stores.md).",
	}}
}
