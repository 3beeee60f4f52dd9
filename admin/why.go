// Why: what is known of one page or value, and purging it.

package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/operate"
)

func why(ctx context.Context, p *operate.Program, q query) []block {
	ask := block{Form: &form{Action: "/why", Name: "what", Label: "A path of the site, or cache:NAME:KEY", Value: q.What, Example: "/products/7", Button: "Explain"}}
	if q.What == "" {
		return []block{ask, {Note: "Asking changes nothing: no page is made again for it."}}
	}
	report, err := p.Why(ctx, q.What)
	if err != nil {
		return []block{ask, {Note: "This cannot be explained: " + err.Error(), Tone: warn}}
	}
	return append([]block{ask}, explained(report, q.What, p.Writes && p.Purge != nil, time.Now())...)
}

// explained is a report in words.
func explained(r cache.Report, what string, writes bool, now time.Time) []block {
	facts := []fact{
		{Name: "Route", Value: r.Key.Route},
		{Name: "Strategy", Value: strings.Join(r.Strategy, ", ")},
	}
	state := fact{Name: "State", Value: r.Because}
	if r.Phase != "" {
		state.Value = fmt.Sprintf("%s, from the %s: %s", r.Phase, r.Serves, r.Because)
		state.Tone = map[string]tone{"fresh": good, "stale": warn, "expired": warn}[r.Phase]
	}
	facts = append(facts, state, fact{Name: "The next request", Value: r.Next})
	if r.Live != "" {
		facts = append(facts, fact{Name: "Live", Value: r.Live})
	}
	if r.Key.Locale != "" {
		facts = append(facts, fact{Name: "Language", Value: r.Key.Locale})
	}
	if r.Degraded != "" {
		facts = append(facts, fact{Name: "The store", Value: "cannot be used: " + r.Degraded, Tone: bad})
	}
	for _, place := range slices.Sorted(maps.Keys(r.Faults)) {
		facts = append(facts, fact{Name: "The " + place, Value: "could not be asked: " + r.Faults[place], Tone: bad})
	}
	title := r.Key.Path
	if title == "" || strings.HasPrefix(what, "cache:") {
		title = what
	}
	blocks := []block{{Title: title, Facts: facts}}
	for _, c := range r.Copies {
		blocks = append(blocks, copyBlock(c, now))
	}
	if len(r.Purges) > 0 {
		t := table{Caption: "Purges", Columns: []column{{Label: "What was purged"}, {Label: "When"}, {Label: "Number", Number: true}}}
		for _, subject := range slices.Sorted(maps.Keys(r.Purges)) {
			m := r.Purges[subject]
			t.Rows = append(t.Rows, []cell{code(subject), {Text: ago(m.At, now), Hint: exact(m.At)}, number(m.Sequence)})
		}
		blocks = append(blocks, block{Title: "Purges of it", Table: &t})
	}
	if len(r.Fragments) > 0 {
		t := table{Caption: "Fragments", Columns: []column{{Label: "Fragment"}, {Label: "State"}, {Label: "The next request"}}}
		for _, f := range r.Fragments {
			t.Rows = append(t.Rows, []cell{code(partOf(f.Key.Route)), {Text: cmp.Or(f.Phase, "none stored"), Hint: f.Because}, text(f.Next)})
		}
		blocks = append(blocks, block{Title: "Fragments that it shows", Table: &t})
	}
	if writes && !strings.HasPrefix(what, "cache:") {
		blocks = append(blocks, block{Title: "Purge", Note: "A purge makes it out of date, here, in the other instances and in the CDN.", Links: []tab{
			{Label: "Purge this page …", Href: link("/confirm", "act", "purge", "kind", "path", "name", r.Key.Path)},
			{Label: "Purge all pages of its route …", Href: link("/confirm", "act", "purge", "kind", "route", "name", r.Key.Route)},
		}})
	}
	return blocks
}

func copyBlock(c cache.Copy, now time.Time) block {
	when := func(t time.Time) string { return exact(t) + ", " + ago(t, now) }
	facts := []fact{
		{Name: "Made", Value: when(c.MadeAt)},
		{Name: "Status", Value: fmt.Sprint(c.Status)},
		{Name: "Size", Value: size(int64(c.Bytes))},
		{Name: "ETag", Value: c.ETag},
		{Name: "Build", Value: c.Build},
	}
	add := func(name string, t time.Time) {
		if !t.IsZero() {
			facts = append(facts, fact{Name: name, Value: when(t)})
		}
	}
	if !c.ModifiedAt.Equal(c.MadeAt) {
		add("Last changed", c.ModifiedAt)
	}
	add("Fresh until", c.FreshUntil)
	add("May be served stale until", c.StaleUntil)
	if c.Failure != "" {
		facts = append(facts, fact{Name: "The last attempt", Value: c.Failure, Tone: bad})
		add("Tried again", c.RetryAt)
	}
	if len(c.Tags) > 0 {
		facts = append(facts, fact{Name: "Tags", Value: strings.Join(c.Tags, ", ")})
	}
	for _, doubt := range c.Doubts {
		facts = append(facts, fact{Name: "In doubt", Value: doubt, Tone: warn})
	}
	return block{Title: "The copy in the " + c.Place, Facts: facts}
}
