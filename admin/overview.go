// Overview, health, instances and the log.

package admin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// A sum is what an hour came to.
type sum struct {
	requests, errors, hits, made, failed uint64
	rate                                 float64       // requests in a second, over the last minute
	p50, p99                             time.Duration // of the last minute with requests
}

func sumOf(hour []operate.Minute, now time.Time) (s sum) {
	for _, m := range hour {
		s.requests, s.errors, s.hits, s.made, s.failed = s.requests+m.Requests, s.errors+m.Errors, s.hits+m.Hits, s.made+m.Made, s.failed+m.Failed
		if m.Requests > 0 {
			s.p50, s.p99 = m.P50, m.P99
		}
	}
	if n := len(hour); n > 1 {
		passed := now.Sub(hour[n-1].At).Seconds()
		before := max(0, 60-passed)
		s.rate = (float64(hour[n-1].Requests) + float64(hour[n-2].Requests)*before/60) / 60
	}
	return s
}

func overview(ctx context.Context, p *operate.Program, _ query) []block {
	now, hour, state := time.Now(), p.Recorder.Hour(), p.State()
	s := sumOf(hour, now)
	checks := p.Checks(ctx)
	tiles := []tile{
		standing(checks),
		{Label: "Requests", Value: short(s.rate) + " / s", Hint: count(s.requests) + " in the last hour", Href: "/pages"},
		{Label: "Errors", Value: count(s.errors), Hint: share(s.errors, s.requests) + " of the last hour", Href: link("/pages", "sort", "errors"), Tone: toneOf(bad, s.errors)},
		{Label: "Answered within", Value: took(s.p99), Hint: "99 of 100; half within " + took(s.p50), Href: link("/pages", "sort", "p99")},
		{Label: "From the cache", Value: share(s.hits, s.requests), Hint: count(s.made) + " made in the last hour", Href: "/caches"},
		{Label: "In memory", Value: size(state.MemoryBytes), Hint: several(uint64(max(0, state.MemoryEntries)), "page", "pages"), Href: "/caches"},
	}
	if p.Jobs != nil {
		tiles = append(tiles, jobsTile(state.Kinds))
	}
	if has(p, "fragment", "page") && (state.LiveParts > 0 || state.LiveMade > 0) {
		tiles = append(tiles, tile{Label: "Live parts", Value: count(uint64(max(0, state.LiveParts))), Hint: count(uint64(max(0, state.Followers))) + " followed by browsers", Href: "/fragments"})
	}
	if p.Rooms != nil {
		tiles = append(tiles, tile{Label: "Rooms", Value: count(uint64(max(0, state.Rooms))), Hint: several(uint64(max(0, state.RoomMembers)), "member", "members"), Href: "/rooms"})
	}
	tiles = append(tiles, tile{Label: "Running for", Value: span(now.Sub(p.About.Started)), Hint: cmp.Or(p.About.Version, "build "+p.About.Build), Href: "/instances"})
	return []block{
		{Tiles: tiles},
		attention(p, state, checks, s),
		{Charts: hourCharts(hour)},
	}
}

// standing says whether all is well.
func standing(checks []operate.Check) tile {
	t := tile{Label: "Health", Value: "Ready", Hint: "all checks are good", Href: "/health", Tone: good}
	failing := 0
	for _, c := range checks {
		if c.OK {
			continue
		}
		failing++
		t.Hint = c.Name + " is not good"
		if t.Tone == good {
			t.Value, t.Tone = "Degraded", warn
		}
		if c.Needed {
			t.Value, t.Tone = "Not ready", bad
		}
	}
	if failing > 1 {
		t.Hint = fmt.Sprintf("%d checks are not good", failing)
	}
	return t
}

func jobsTile(kinds []metrics.Kind) tile {
	due, dead, oldest := 0, 0, time.Duration(0)
	for _, k := range kinds {
		due, dead, oldest = due+k.Due, dead+k.Dead, max(oldest, k.Oldest)
	}
	t := tile{Label: "Jobs that are due", Value: count(uint64(due)), Hint: "none waits", Href: "/jobs"}
	if due > 0 {
		t.Hint = "the oldest for " + took(oldest)
	}
	if dead > 0 {
		t.Hint, t.Tone = count(uint64(dead))+" failed for good", warn
	}
	return t
}

// attention lists what an operator should look at.
func attention(p *operate.Program, state metrics.State, checks []operate.Check, s sum) block {
	var facts []fact
	add := func(t tone, href, name, format string, args ...any) {
		facts = append(facts, fact{Name: name, Value: fmt.Sprintf(format, args...), Tone: t, Href: href})
	}
	for _, c := range checks {
		if !c.OK {
			t := warn
			if c.Needed {
				t = bad
			}
			add(t, "/health", c.Name, "%s", cmp.Or(c.Reason, "is not good"))
		}
	}
	if s.errors > 0 {
		add(bad, link("/pages", "sort", "errors"), "answers", "%s in the last hour had a status of 500 or above", several(s.errors, "answer", "answers"))
	}
	if s.failed > 0 {
		add(warn, link("/pages", "sort", "failed"), "pages", "%s failed in the last hour", several(s.failed, "making", "makings"))
	}
	for _, k := range state.Kinds {
		if k.Dead > 0 {
			add(warn, link("/jobs", "show", "dead", "kind", k.Name), "jobs", "%s of %s failed for good", several(uint64(k.Dead), "job", "jobs"), k.Name)
		}
		if k.Oldest > time.Minute {
			add(warn, link("/jobs", "kind", k.Name), "jobs", "a job of %s has been due for %s", k.Name, span(k.Oldest))
		}
	}
	if state.Oldest > 30*time.Second {
		add(warn, "/database", "outbox", "a commit has waited for %s to become a purge", span(state.Oldest))
	}
	if state.Refused > 0 {
		add(warn, "/caches", "loaders", "%s since the start: too many waited", several(state.Refused, "making was refused", "makings were refused"))
	}
	b := block{Title: "What needs a look", Facts: facts}
	if len(facts) == 0 {
		b.Note, b.Tone = "Nothing now.", good
	}
	return b
}

// hourCharts are those of requests.
func hourCharts(hour []operate.Minute) []chart {
	n := len(hour)
	values := func(of func(operate.Minute) float64) []float64 {
		list := make([]float64, 0, n)
		for _, m := range hour {
			list = append(list, of(m))
		}
		return list
	}
	return []chart{
		chartOf("Requests", sayCount,
			plot{"answered", "first", values(func(m operate.Minute) float64 { return float64(m.Requests) })},
			plot{"errors", "bad", values(func(m operate.Minute) float64 { return float64(m.Errors) })}),
		chartOf("Time to answer", sayTime,
			plot{"99 of 100", "first", values(func(m operate.Minute) float64 { return m.P99.Seconds() })},
			plot{"half", "second", values(func(m operate.Minute) float64 { return m.P50.Seconds() })}),
		chartOf("From the cache", sayCount,
			plot{"hits", "first", values(func(m operate.Minute) float64 { return float64(m.Hits) })},
			plot{"made", "second", values(func(m operate.Minute) float64 { return float64(m.Made) })}),
		chartOf("Time to make a page", sayTime,
			plot{"99 of 100", "first", values(func(m operate.Minute) float64 { return m.Making99.Seconds() })}),
	}
}

// has says whether the app declares something of a kind.
func has(p *operate.Program, kinds ...string) bool {
	for _, part := range p.Parts {
		for _, k := range kinds {
			if part.Kind == k {
				return true
			}
		}
	}
	return false
}

func health(ctx context.Context, p *operate.Program, _ query) []block {
	now, checks := time.Now(), p.Checks(ctx)
	t := table{Caption: "Checks", Columns: []column{{Label: "Check"}, {Label: "State"}, {Label: "Without it"}, {Label: "Reason"}}, Empty: "There are no checks."}
	for _, c := range checks {
		state, without := text("good").in(good), "the instance goes on"
		if c.Needed {
			without = "the instance is not ready"
		}
		if !c.OK {
			state = text("not good").in(warn)
			if c.Needed {
				state = text("not good").in(bad)
			}
		}
		t.Rows = append(t.Rows, []cell{text(c.Name), state, text(without), text(c.Reason)})
	}
	changes := table{Caption: "The last changes", Columns: []column{{Label: "When"}, {Label: "Check"}, {Label: "Became"}, {Label: "Reason"}},
		Empty: "Nothing has changed since the program was started."}
	for _, c := range p.History.Changes() {
		became := text("good").in(good)
		if !c.OK {
			became = text("not good").in(bad)
		}
		changes.Rows = append(changes.Rows, []cell{{Text: ago(c.At, now), Hint: exact(c.At)}, text(c.Name), became, text(c.Reason)})
	}
	return []block{
		{Tiles: []tile{standing(checks)}},
		{Title: "Checks", Table: &t, Note: "The address /readyz answers by those without which the instance is not ready."},
		{Title: "The last changes", Table: &changes, Note: "Looked at every ten seconds; the last 50 changes are remembered."},
	}
}

func instances(ctx context.Context, p *operate.Program, _ query) []block {
	now, a := time.Now(), p.About
	me := block{Title: "This instance", Facts: []fact{
		{Name: "App", Value: a.App},
		{Name: "Role", Value: a.Role},
		{Name: "Version", Value: cmp.Or(a.Version, "not known")},
		{Name: "Build of the pages", Value: a.Build},
		{Name: "Made with", Value: a.Go},
		{Name: "Host", Value: cmp.Or(a.Host, "not known")},
		{Name: "Process", Value: fmt.Sprint(a.Process)},
		{Name: "Started", Value: exact(a.Started) + ", " + ago(a.Started, now)},
		{Name: "Store of pages", Value: cmp.Or(a.Store, "none")},
		{Name: "Database", Value: cmp.Or(a.Database, "none")},
		{Name: "These pages", Value: map[bool]string{true: "may change something", false: "only show"}[p.Writes]},
	}}
	if p.Instances == nil {
		return []block{me, {Title: "Others", Note: "There is no store that instances share: open the pages of each of them."}}
	}
	t := table{Caption: "All instances", Columns: []column{{Label: "Instance"}, {Label: "Role"}, {Label: "Build"}, {Label: "These pages"}, {Label: "Started"}, {Label: "Seen"}}, Empty: "There are none."}
	list, err := p.Instances(ctx)
	for _, i := range list {
		name := text(i.Name)
		if i.Self {
			name.Hint = "this one"
		}
		t.Rows = append(t.Rows, []cell{name, text(i.Role), code(i.Build), code(i.Address), text(ago(i.Started, now)), text(ago(i.Seen, now))})
	}
	return []block{me, answered(block{Title: "All instances", Table: &t}, err)}
}

// answered is a block, or what says why it could not be filled.
func answered(b block, err error) block {
	if err != nil {
		b.Note, b.Tone, b.Table = "This could not be asked: "+err.Error(), bad, nil
	}
	return b
}

func log(_ context.Context, p *operate.Program, q query) []block {
	levels := map[string]slog.Level{"all": slog.LevelDebug, "info": slog.LevelInfo, "warnings": slog.LevelWarn, "errors": slog.LevelError}
	lines := p.Lines.Last(500, levels[q.Show])
	b := block{Tabs: tabsOf("/log", q.Show, "all", "info", "warnings", "errors")}
	if len(lines) == 0 {
		b.Note = "There are no such lines."
	}
	for i, l := range lines {
		t := plain
		switch {
		case l.Level >= slog.LevelError:
			t = bad
		case l.Level >= slog.LevelWarn:
			t = warn
		}
		b.Lines = append(b.Lines, line{
			Key: fmt.Sprintf("%d-%d", l.At.UnixNano(), len(lines)-i), At: l.At.UTC().Format("15:04:05"), Exact: exact(l.At),
			Level: strings.ToLower(l.Level.String()), Tone: t, Text: l.Text, With: l.With,
		})
	}
	return []block{b}
}

// tabsOf are ways to show a page.
func tabsOf(path, on string, names ...string) (tabs []tab) {
	for i, name := range names {
		href := link(path, "show", name)
		if i == 0 {
			href = path
		}
		tabs = append(tabs, tab{strings.ToUpper(name[:1]) + name[1:], href, on == name})
	}
	return tabs
}
