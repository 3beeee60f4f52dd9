// Pages, fragments, endpoints and caches: what is asked for and made.

package admin

import (
	"cmp"
	"context"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// A row is what is known of a pattern.
type row struct {
	operate.Route

	kind, name, note string
	p50, p99, making time.Duration
}

// rowsOf are the parts of some kinds, with what was counted of them, and with the
// empty kind what is not one of the parts.
func rowsOf(p *operate.Program, kinds ...string) []row {
	counted := map[string]operate.Route{}
	for _, r := range p.Recorder.Routes() {
		counted[partOf(r.Pattern)] = r
	}
	var rows []row
	known := map[string]bool{}
	for _, part := range p.Parts {
		key := part.Name
		if part.Kind == "fragment" || part.Kind == "cache" {
			key = part.Kind + " " + part.Name
		}
		known[key] = true
		if slices.Contains(kinds, part.Kind) {
			rows = append(rows, rowOf(part.Kind, part.Name, part.Note, counted[key]))
		}
	}
	if slices.Contains(kinds, "") {
		for key, r := range counted {
			if !known[key] {
				rows = append(rows, rowOf("", others(key), "", r))
			}
		}
	}
	return rows
}

func rowOf(kind, name, note string, r operate.Route) row {
	return row{r, kind, name, note, r.Took.At(0.5), r.Took.At(0.99), r.Making.At(0.99)}
}

// partOf is what a pattern stands for.
func partOf(pattern string) string {
	if name, _, ok := viewctx.SplitFragmentPath(pattern); ok {
		return "fragment " + name
	}
	if rest, ok := strings.CutPrefix(pattern, wire.Cache); ok {
		name, _, _ := strings.Cut(rest, "/")
		return "cache " + name
	}
	return pattern
}

// others are what is counted besides parts, in words.
func others(pattern string) string {
	switch pattern {
	case "":
		return "nothing found, or answered by middleware"
	case "file":
		return "files and assets"
	case wire.Root:
		return "paths of the framework"
	}
	return pattern
}

// sorted are rows by a column, the largest first; names from a to z.
func sorted(rows []row, by string) []row {
	of := map[string]func(r row) float64{
		"requests": func(r row) float64 { return float64(r.Requests) },
		"errors":   func(r row) float64 { return float64(r.Errors) },
		"p50":      func(r row) float64 { return r.p50.Seconds() },
		"p99":      func(r row) float64 { return r.p99.Seconds() },
		"bytes":    func(r row) float64 { return float64(r.Bytes) },
		"made":     func(r row) float64 { return float64(r.Made) },
		"making":   func(r row) float64 { return r.making.Seconds() },
		"failed":   func(r row) float64 { return float64(r.Failed) },
	}[by]
	slices.SortFunc(rows, func(a, b row) int {
		if of != nil {
			if c := cmp.Compare(of(b), of(a)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.name, b.name)
	})
	return rows
}

// heads are columns that sort a page when they are followed.
func heads(path, on string, pairs ...string) (list []column) {
	for i := 0; i < len(pairs); i += 2 {
		by := pairs[i+1]
		c := column{Label: pairs[i], Number: by != "route" && by != ""}
		if by != "" {
			c.Href, c.Sorted = link(path, "sort", by), by == on
		}
		list = append(list, c)
	}
	return list
}

// maxRows are shown of a table.
const maxRows = 200

func routePage(_ context.Context, p *operate.Program, q query) []block {
	now := time.Now()
	t := table{Caption: "Since the program was started", Empty: "The app has no pages, and nothing was asked for.",
		Columns: heads("/pages", q.Sort, "Route", "route", "Requests", "requests", "Errors", "errors", "Half within", "p50", "99 of 100 within", "p99", "Sent", "bytes", "Made", "made", "Made within", "making", "Failed", "failed")}
	rows := sorted(rowsOf(p, "page", "redirect", "resource", "read", ""), q.Sort)
	var failing []row
	for _, r := range rows[:min(len(rows), maxRows)] {
		name := code(r.name)
		if r.kind == "" {
			name = text(r.name)
		}
		name.Hint = r.note
		hits := ""
		if r.Cache["hit"] > 0 {
			hits = share(r.Cache["hit"], r.Requests) + " from the cache"
		}
		t.Rows = append(t.Rows, []cell{name, {Text: count(r.Requests), Hint: hits}, number(r.Errors).in(toneOf(bad, r.Errors)),
			text(took(r.p50)), text(took(r.p99)), text(size(r.Bytes)), number(r.Made), text(took(r.making)), number(r.Failed).in(toneOf(warn, r.Failed))})
	}
	for _, r := range rows {
		if r.Error != "" {
			failing = append(failing, r)
		}
	}
	slow := table{Caption: "Slowest makings", Columns: []column{{Label: "Route"}, {Label: "Took", Number: true}, {Label: "Result"}, {Label: "When"}},
		Empty: "Nothing was made in the last hour."}
	for _, s := range p.Recorder.Slowest() {
		slow.Rows = append(slow.Rows, []cell{code(partOf(s.Route)), text(took(s.Took)), text(s.Outcome), {Text: ago(s.At, now), Hint: exact(s.At)}})
	}
	blocks := []block{{Title: "Routes", Table: &t, Note: "Times are at most a fifth above what was measured. Follow a heading to sort by it."}}
	if len(rows) > maxRows {
		blocks[0].Note += " " + several(uint64(len(rows)-maxRows), "more route is", "more routes are") + " in snapshot.json."
	}
	if len(failing) > 0 {
		blocks = append(blocks, lastErrors(failing))
	}
	return append(blocks, block{Title: "Slowest makings of the last hour", Table: &slow, Note: "At most five of each minute: what loaders and views took for one page."})
}

// lastErrors are those of makings.
func lastErrors(rows []row) block {
	t := table{Caption: "Last errors", Columns: []column{{Label: "Route"}, {Label: "Failed", Number: true}, {Label: "Last error"}}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []cell{code(r.name), number(r.Failed), text(r.Error)})
	}
	return block{Title: "Last errors", Table: &t, Note: "The log has all of each."}
}

func fragments(_ context.Context, p *operate.Program, q query) []block {
	s := p.State()
	t := table{Caption: "Fragments", Empty: "The app has no fragments.",
		Columns: heads("/fragments", q.Sort, "Fragment", "route", "Strategy", "", "Made", "made", "Made within", "making", "Failed", "failed")}
	writes := p.Writes && p.Purge != nil
	if writes {
		t.Columns = append(t.Columns, column{Label: "Change it"})
	}
	rows := sorted(rowsOf(p, "fragment"), q.Sort)
	var failing []row
	for _, r := range rows {
		row := []cell{code(r.name), text(r.note), number(r.Made), text(took(r.making)), number(r.Failed).in(toneOf(warn, r.Failed))}
		if writes {
			row = append(row, text("Purge …").to(link("/confirm", "act", actPurge, "kind", "fragment", "name", r.name)))
		}
		t.Rows = append(t.Rows, row)
		if r.Error != "" {
			failing = append(failing, r)
		}
	}
	blocks := []block{
		{Title: "Live parts", Note: "Parts that browsers have open now, and what was sent to them since the program was started.", Tiles: []tile{
			{Label: "Live parts", Value: count(uint64(max(0, s.LiveParts)))},
			{Label: "Followers", Value: count(uint64(max(0, s.Followers))), Hint: "a browser counts once for each part"},
			{Label: "Made", Value: count(s.LiveMade)},
			{Label: "Failed", Value: count(s.LiveFails), Tone: toneOf(warn, s.LiveFails)},
			{Label: "Changes sent", Value: count(s.LiveSent)},
		}},
		{Charts: momentCharts(p, momentChart{"Followers", sayCount, func(m operate.Moment) float64 { return float64(m.State.Followers) }})},
		{Title: "Fragments", Table: &t},
	}
	if len(failing) > 0 {
		blocks = append(blocks, lastErrors(failing))
	}
	return blocks
}

func endpoints(_ context.Context, p *operate.Program, q query) []block {
	var kinds []string
	for _, part := range p.Parts {
		switch part.Kind {
		case "page", "redirect", "resource", "fragment", "cache", "job", "series", "service", "jobs", "rooms":
		default:
			kinds = append(kinds, part.Kind)
		}
	}
	t := table{Caption: "Since the program was started", Empty: "The app has no endpoints and no handlers.",
		Columns: heads("/endpoints", q.Sort, "Route", "route", "Requests", "requests", "Errors", "errors", "Half within", "p50", "99 of 100 within", "p99", "Sent", "bytes")}
	for _, r := range sorted(rowsOf(p, kinds...), q.Sort) {
		name := code(r.name)
		name.Hint = r.kind
		t.Rows = append(t.Rows, []cell{name, number(r.Requests), number(r.Errors).in(toneOf(bad, r.Errors)), text(took(r.p50)), text(took(r.p99)), text(size(r.Bytes))})
	}
	return []block{{Title: "Endpoints & handlers", Table: &t}}
}

// A momentChart is one of the state in each minute.
type momentChart struct {
	title string
	say   func(float64) string
	of    func(operate.Moment) float64
}

func momentCharts(p *operate.Program, of ...momentChart) (charts []chart) {
	hour := p.History.Hour(time.Now())
	for _, c := range of {
		var values []float64
		for _, m := range hour {
			values = append(values, c.of(m))
		}
		charts = append(charts, chartOf(c.title, c.say, plot{"", "first", values}))
	}
	return charts
}

func caches(_ context.Context, p *operate.Program, _ query) []block {
	s := p.State()
	heap, threads := process()
	t := table{Caption: "Caches", Columns: []column{{Label: "Cache"}, {Label: "Strategy"}, {Label: "Loaded", Number: true}, {Label: "Loaded within", Number: true}, {Label: "Failed", Number: true}},
		Empty: "The app declares no caches of its own."}
	for _, r := range sorted(rowsOf(p, "cache"), "made") {
		t.Rows = append(t.Rows, []cell{code(r.name), text(r.note), number(r.Made), text(took(r.making)), number(r.Failed).in(toneOf(warn, r.Failed))})
	}
	store := tile{Label: "Store", Value: "in use", Hint: cmp.Or(p.About.Store, "none"), Tone: good}
	if s.Degraded {
		store.Value, store.Tone = "cannot be used", bad
	} else if p.About.Store == "" || p.About.Store == "none" {
		store.Value, store.Tone = "none", plain
	}
	blocks := []block{
		{Title: "In memory", Tiles: []tile{
			{Label: "Pages and values", Value: size(s.MemoryBytes), Hint: several(uint64(max(0, s.MemoryEntries)), "entry", "entries")},
			{Label: "The whole process", Value: size(heap), Hint: "in use by Go"},
			{Label: "Goroutines", Value: count(threads)},
		}},
		{Title: "Being made", Note: "Makings of pages, since the program was started.", Tiles: []tile{
			{Label: "Running now", Value: count(uint64(max(0, s.Running)))},
			{Label: "Waiting now", Value: count(uint64(max(0, s.Waiting))), Hint: "for others to end"},
			{Label: "Refused", Value: count(s.Refused), Hint: "too many waited", Tone: toneOf(warn, s.Refused)},
			{Label: "Dropped", Value: count(s.Dropped), Hint: "no request waited any more"},
		}},
		{Title: "The store of pages", Tiles: []tile{
			store,
			{Label: "Became unusable", Value: count(s.StoreFaults), Tone: toneOf(warn, s.StoreFaults)},
			{Label: "Refused writes", Value: count(s.StoreRefused), Hint: "the page had been purged meanwhile"},
		}},
		{Charts: momentCharts(p,
			momentChart{"Memory of pages", saySize, func(m operate.Moment) float64 { return float64(m.State.MemoryBytes) }},
			momentChart{"Makings that run", sayCount, func(m operate.Moment) float64 { return float64(m.State.Running) }})},
		{Title: "Caches of the app", Table: &t},
	}
	if p.Writes && p.Purge != nil {
		blocks = append(blocks, block{Title: "Purge", Note: "What is purged is out of date, and made again when it is asked for. Single pages and routes are purged where they are explained: see Why.",
			Form: &form{Action: "/confirm", Name: "name", Label: "A tag", Example: "product-7", Button: "Purge it …",
				Hidden: []fact{{Name: "act", Value: actPurge}, {Name: "kind", Value: "tag"}}},
			Links: []tab{{Label: "Purge everything …", Href: link("/confirm", "act", "purge", "kind", "all")}}})
	}
	return blocks
}

// process is how much memory the program uses, and how many goroutines it has.
func process() (heap int64, goroutines uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()), samples[1].Value.Uint64()
}
