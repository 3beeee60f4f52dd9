// Two snapshots, and what happened between them.

package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/operate"
)

// A pair is two snapshots of one process, or one.
type pair struct {
	before, after operate.Snapshot // before is the zero Snapshot for a single one
	single        bool
	restarted     bool // between the two
	over          time.Duration
}

func pairOf(before, after operate.Snapshot) *pair {
	p := &pair{before: before, after: after, over: after.At.Sub(before.At)}
	same := before.About.Process == after.About.Process && before.About.Started.Equal(after.About.Started)
	p.restarted = !before.At.IsZero() && !same && before.About.Host == after.About.Host && after.About.Started.After(before.At)
	if before.At.IsZero() || p.over <= 0 || !same || before.About.Host != after.About.Host {
		p.single, p.before = true, operate.Snapshot{}
		p.over = max(0, after.At.Sub(after.About.Started))
	}
	return p
}

// when is the time that counts are of, in words.
func (p *pair) when() string {
	if p.single {
		return "since the program was started"
	}
	return "in the last " + short(p.over.Seconds())
}

// short is a time with no more digits than it deserves.
func short(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// grown is how much a counter has grown. One that was set back has not.
func grown(before, after uint64) uint64 {
	if after < before {
		return 0
	}
	return after - before
}

// A route is what happened to one pattern between the two snapshots.
type route struct {
	pattern               string
	requests, errors, cut uint64
	made, failed          uint64
	fresh, stale, waited  uint64 // visits by what the cache did
	lastError             string
}

func (p *pair) routes() []route {
	by := map[string]operate.RouteFigures{}
	for _, r := range p.before.Routes {
		by[r.Pattern] = r
	}
	list := make([]route, 0, len(p.after.Routes))
	for _, a := range p.after.Routes {
		b := by[a.Pattern]
		list = append(list, route{
			pattern: a.Pattern, requests: grown(b.Requests, a.Requests), errors: grown(b.Errors, a.Errors), cut: grown(b.Cut, a.Cut),
			made: grown(b.Made, a.Made), failed: grown(b.Failed, a.Failed), lastError: a.Error,
			fresh: grown(b.Cache["hit"], a.Cache["hit"]), stale: grown(b.Cache["stale"], a.Cache["stale"]), waited: grown(b.Cache["made"], a.Cache["made"]),
		})
	}
	return list
}

// all are the routes together.
func (p *pair) all() (sum route) {
	for _, r := range p.routes() {
		sum.requests, sum.errors, sum.cut = sum.requests+r.requests, sum.errors+r.errors, sum.cut+r.cut
		sum.made, sum.failed = sum.made+r.made, sum.failed+r.failed
		sum.fresh, sum.stale, sum.waited = sum.fresh+r.fresh, sum.stale+r.stale, sum.waited+r.waited
	}
	return sum
}

// visits are those of pages that are stored.
func (r route) visits() uint64 { return r.fresh + r.stale + r.waited }

// check is the state of a check, and whether it is known.
func (p *pair) check(name string) (c operate.Check, known bool) {
	for _, c := range p.after.Checks {
		if c.Name == name {
			return c, true
		}
	}
	return operate.Check{}, false
}

// kinds are jobs by kind, as they were before.
func (p *pair) kindsBefore() map[string]operate.KindFigures {
	by := map[string]operate.KindFigures{}
	for _, k := range p.before.Kinds {
		by[k.Name] = k
	}
	return by
}

// because adds a reason to a sentence, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
