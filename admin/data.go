// Files, sessions and the database.

package admin

import (
	"cmp"
	"context"
	"time"

	"github.com/gorgon-go/gorgon/operate"
)

func files(ctx context.Context, p *operate.Program, _ query) []block {
	var buckets []block
	if has(p, "bucket") {
		t := table{Caption: "Paths of buckets", Columns: []column{{Label: "Path"}, {Label: "Requests", Number: true}, {Label: "Errors", Number: true}, {Label: "Sent", Number: true}}}
		for _, r := range sorted(rowsOf(p, "bucket"), "requests") {
			t.Rows = append(t.Rows, []cell{code(r.name), number(r.Requests), number(r.Errors).in(toneOf(bad, r.Errors)), text(size(r.Bytes))})
		}
		buckets = []block{{Title: "Paths of the app's buckets", Table: &t}}
	}
	if p.Folders == nil {
		return append([]block{{Note: "This program stores no files, or its store cannot list them."}}, buckets...)
	}
	list, err := p.Folders(ctx)
	t := table{Caption: "Files by bucket", Columns: []column{{Label: "Bucket"}, {Label: "Files", Number: true}, {Label: "Size", Number: true}}, Empty: "Nothing is stored yet."}
	more := false
	for _, f := range list {
		mark := ""
		if f.More {
			more, mark = true, "at least "
		}
		t.Rows = append(t.Rows, []cell{code(f.Name), text(mark + count(uint64(max(0, f.Files)))), text(mark + size(f.Bytes))})
	}
	b := block{Title: "Files by bucket", Table: &t}
	if more {
		b.Note = "There are more files than are counted here: only the first ones are looked at."
	}
	return append([]block{answered(b, err)}, buckets...)
}

func sessions(_ context.Context, p *operate.Program, _ query) []block {
	s := p.State()
	return []block{
		{Tiles: []tile{
			{Label: "In memory", Value: amount(s.Sessions).Text, Hint: "sessions and API tokens, approximately"},
			{Label: "Looked up", Value: count(s.Lookups), Hint: "in their store, since the start"},
			{Label: "Ended", Value: count(s.Revoked), Hint: "by this instance, since the start"},
		}},
		{Charts: momentCharts(p, momentChart{"Sessions in memory", sayCount, func(m operate.Moment) float64 { return float64(m.State.Sessions) }})},
	}
}

func data(ctx context.Context, p *operate.Program, _ query) []block {
	s := p.State()
	database := tile{Label: "Database", Value: "none", Hint: "the app has none"}
	for _, c := range p.Checks(ctx) {
		if c.Name == "database" {
			database.Value, database.Hint, database.Tone = "answers", cmp.Or(p.About.Database, "its location is not known"), good
			if !c.OK {
				database.Value, database.Tone = "does not answer", bad
				database.Hint = cmp.Or(c.Reason, database.Hint)
			}
		}
	}
	changes := tile{Label: "Commits that wait", Value: amount(s.Changes).Text, Hint: "to be removed from the outbox"}
	if s.Unlooked {
		changes.Hint, changes.Tone = "the outbox could not be looked at", warn
	}
	oldest := tile{Label: "The oldest of them", Value: took(s.Oldest)}
	if s.Oldest > 30*time.Second {
		oldest.Tone = warn
	}
	return []block{
		{Tiles: []tile{database, changes, oldest}, Note: "A commit that concerns pages is in the outbox until its purge is made."},
		{Charts: momentCharts(p,
			momentChart{"Commits that wait", sayCount, func(m operate.Moment) float64 { return float64(m.State.Changes) }},
			momentChart{"The oldest of them", sayTime, func(m operate.Moment) float64 { return m.State.Oldest.Seconds() }})},
	}
}
