// Rules about answers, and about what keeps visitors known and informed.

package diagnose

import "fmt"

const answersFail = "answers fail"

func ofAnswers() Rules {
	return Rules{
		{Name: answersFail, weight: 65, look: failingAnswers},
		{Name: "answers cut", weight: 35, two: true, look: cutAnswers},
		{Name: "sessions looked up again", weight: 45, two: true, look: lookedUp},
		{Name: "live parts fail", weight: 50, two: true, look: failingLive},
	}
}

func failingAnswers(p *pair) (found []Finding) {
	for _, r := range p.routes() {
		part := float64(r.errors) / float64(max(1, r.requests))
		if p.single && (r.errors < errorsSince || part < errorsPart) || r.errors < manyErrors || part < errorPart {
			continue
		}
		found = append(found, Finding{
			Where: r.pattern,
			Says:  fmt.Sprintf("Of %d requests of %s, %d were answered with an error of the server %s.", r.requests, named(r.pattern), r.errors, p.when()),
			Hint:  "The log has each error with the id of its request; correct what it names (docs/how-to/errors.md).",
		})
	}
	return found
}

// named is a pattern, or what it stands for if there is none.
func named(pattern string) string {
	if pattern == "" {
		return "paths without a route"
	}
	return pattern
}

func cutAnswers(p *pair) (found []Finding) {
	for _, r := range p.routes() {
		if r.cut < manyCut || float64(r.cut) < cutPart*float64(r.requests) {
			continue
		}
		found = append(found, Finding{
			Where: r.pattern,
			Says:  fmt.Sprintf("Of %d answers of %s, %d were not sent to their end %s.", r.requests, named(r.pattern), r.cut, p.when()),
			Hint:  "Visitors leave since it takes too long, a proxy in front gives up before the page has come, or the page fails half-way, which is in the log (docs/metrics.md).",
		})
	}
	return found
}

func lookedUp(p *pair) []Finding {
	n, requests := grown(p.before.State.Lookups, p.after.State.Lookups), p.all().requests
	if n < manyLookups || float64(n) < lookupPart*float64(requests) {
		return nil
	}
	return []Finding{{
		Says: fmt.Sprintf("Sessions and tokens were looked up %d times for %d requests %s, and %d are in memory: they are not remembered.", n, requests, p.when(), p.after.State.Sessions),
		Hint: "An instance remembers a session as long as it hears purges: see that the page store answers and is shared. A client that begins a session at each request does the same (docs/sessions.md).",
	}}
}

func failingLive(p *pair) []Finding {
	failed, made := grown(p.before.State.LiveFails, p.after.State.LiveFails), grown(p.before.State.LiveMade, p.after.State.LiveMade)
	if failed < manyLiveFails || failed*failedPart < made {
		return nil
	}
	return []Finding{{
		Says: fmt.Sprintf("%d makings of live parts failed %s, and %d were made: %d browsers go on showing what they have.", failed, p.when(), made, p.after.State.Followers),
		Hint: "The log has each error; correct the loader that it names (docs/live.md).",
	}}
}
