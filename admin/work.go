// Jobs and rooms.

package admin

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// listed are so many jobs at most.
const listed = 100

func jobs(ctx context.Context, p *operate.Program, q query) []block {
	if p.Jobs == nil {
		return []block{{Note: "This program runs no jobs: command.Config.Jobs is not set."}}
	}
	kinds, err := p.Jobs.Kinds(ctx)
	counted := map[string]metrics.Kind{}
	for _, k := range p.State().Kinds {
		counted[k.Name] = k
	}
	t := table{Caption: "Kinds of jobs", Empty: "There are no jobs.", Columns: []column{{Label: "Kind"}, {Label: "Due", Number: true}, {Label: "Oldest due", Number: true}, {Label: "Waiting", Number: true},
		{Label: "Running", Number: true}, {Label: "Dead", Number: true}, {Label: "Done here", Number: true}, {Label: "Failed here", Number: true}}}
	for _, k := range kinds {
		here := counted[k.Name]
		age := text("–")
		if k.Due > 0 {
			age = text(took(k.Oldest))
			if k.Oldest > time.Minute {
				age.Tone = warn
			}
		}
		t.Rows = append(t.Rows, []cell{
			code(k.Name).to(link("/jobs", "kind", k.Name)), amount(int64(k.Due)), age, amount(int64(k.Waiting)), amount(k.Running),
			amount(int64(k.Dead)).in(toneOf(bad, uint64(max(0, k.Dead)))), number(here.Done), number(here.Failed),
		})
	}
	return []block{
		answered(block{Title: "Kinds", Table: &t, Note: "Of all instances; what is done and failed was counted by this one since it was started."}, err),
		jobList(ctx, p, q),
		seriesBlock(p),
		{Charts: momentCharts(p,
			momentChart{"Jobs that are due", sayCount, ofKinds(func(k metrics.Kind) float64 { return float64(k.Due) })},
			momentChart{"Dead jobs", sayCount, ofKinds(func(k metrics.Kind) float64 { return float64(k.Dead) })})},
	}
}

// ofKinds is a sum over the kinds of jobs.
func ofKinds(of func(metrics.Kind) float64) func(operate.Moment) float64 {
	return func(m operate.Moment) (sum float64) {
		for _, k := range m.State.Kinds {
			sum += of(k)
		}
		return sum
	}
}

// jobList are the jobs that are looked for.
func jobList(ctx context.Context, p *operate.Program, q query) block {
	b := block{Title: "Jobs"}
	if q.Kind != "" {
		b.Title = "Jobs of " + q.Kind
		b.Links = []tab{{Label: "Jobs of all kinds", Href: link("/jobs", "show", q.Show)}}
	}
	for _, show := range []string{"all", "dead", "running", "waiting", "finished"} {
		b.Tabs = append(b.Tabs, tab{strings.ToUpper(show[:1]) + show[1:], link("/jobs", "show", show, "kind", q.Kind), show == q.Show})
	}
	f := metrics.JobFilter{Kind: q.Kind, State: q.Show, Limit: listed}
	if f.State == "all" {
		f.State = ""
	}
	list, err := p.Jobs.List(ctx, f)
	now := time.Now()
	t := table{Caption: "Jobs, the newest first", Empty: "There are no such jobs.", Columns: []column{{Label: "Job", Number: false}, {Label: "State"}, {Label: "Attempt", Number: true}, {Label: "When"}, {Label: "Where"}, {Label: "Last error"}}}
	for _, j := range list {
		where := text(j.Worker)
		if j.Worker != "" && !j.Begun.IsZero() {
			where.Hint = "since " + ago(j.Begun, now)
		}
		name := cell{Text: "#" + strconv.FormatInt(j.ID, 10) + " " + j.Kind, Href: "/jobs/" + strconv.FormatInt(j.ID, 10), Hint: j.Key}
		t.Rows = append(t.Rows, []cell{name, text(j.State).in(toneOfJob(j.State)), amount(int64(j.Attempt)), whenOf(j, now), where, text(lastLine(j.Errors))})
	}
	b.Table = &t
	if len(list) == listed {
		b.Note = fmt.Sprintf("The newest %d.", listed)
	}
	return answered(b, err)
}

func toneOfJob(state string) tone {
	switch state {
	case "dead":
		return bad
	case "cancelling":
		return warn
	case "running", "finished":
		return good
	}
	return plain
}

// whenOf is when a job is due, or was.
func whenOf(j metrics.Job, now time.Time) cell {
	if j.State == "waiting" {
		return cell{Text: "due " + ago(j.Due, now), Hint: exact(j.Due)}
	}
	return cell{Text: "added " + ago(j.Added, now), Hint: exact(j.Added)}
}

// lastLine is the last line of a text, or the beginning of it.
func lastLine(errs string) string {
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	last := lines[len(lines)-1]
	if short := cut(last, 160); short != last {
		return short + " …"
	}
	return last
}

// seriesBlock are the kinds of the app, with what repeats.
func seriesBlock(p *operate.Program) block {
	t := table{Caption: "What the app declares", Columns: []column{{Label: "Job"}, {Label: "When"}}, Empty: "The app declares no jobs."}
	for _, part := range p.Parts {
		if part.Kind == "job" || part.Kind == "series" || part.Kind == "service" {
			t.Rows = append(t.Rows, []cell{code(part.Name), text(cmp.Or(strings.TrimPrefix(part.Note, "job, "), "when it is added"))})
			if last := &t.Rows[len(t.Rows)-1][1]; last.Text == "job" {
				last.Text = "when it is added"
			}
		}
	}
	return block{Title: "Kinds and series of the app", Table: &t}
}

func job(ctx context.Context, p *operate.Program, q query) []block {
	back := block{Links: []tab{{Label: "All jobs", Href: "/jobs"}}}
	if p.Jobs == nil {
		return []block{{Note: "This program runs no jobs."}, back}
	}
	j, found, err := find(ctx, p.Jobs, q.ID)
	if err != nil || !found {
		return []block{answered(block{Note: "There is no such job: it has ended and was removed, or it never was."}, err), back}
	}
	now := time.Now()
	when := func(t time.Time) string { return exact(t) + ", " + ago(t, now) }
	facts := []fact{
		{Name: "Kind", Value: j.Kind, Href: link("/jobs", "kind", j.Kind)},
		{Name: "State", Value: j.State, Tone: toneOfJob(j.State)},
		{Name: "Attempt", Value: strconv.Itoa(j.Attempt)},
		{Name: "Added", Value: when(j.Added)},
		{Name: "Due", Value: when(j.Due)},
	}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{Name: name, Value: value})
		}
	}
	if !j.Begun.IsZero() {
		add("Begun", when(j.Begun))
	}
	add("Runs at", j.Worker)
	add("Series", j.Series)
	add("Key", j.Key)
	if j.Deaths > 0 {
		add("Failed for good", several(uint64(j.Deaths), "time", "times"))
	}
	if !j.Known {
		facts = append(facts, fact{Name: "Its kind", Value: "is not declared by this program: another version of it runs such jobs", Tone: warn})
	}
	blocks := []block{{Title: fmt.Sprintf("Job #%d", j.ID), Facts: facts}}
	if j.Errors != "" {
		blocks = append(blocks, block{Title: "Errors of its attempts", Text: strings.TrimSpace(j.Errors)})
	}
	hidden := true
	for _, more := range []struct{ title, text string }{{"Arguments", j.Args}, {"Report", j.Report}} {
		if more.text != "" {
			hidden = false
			blocks = append(blocks, block{Title: more.title, Text: more.text})
		}
	}
	if hidden {
		blocks = append(blocks, block{Title: "Arguments", Note: "They are not shown: a kind shows them if it says Show."})
	}
	if links := actsOf(j, p.Writes); len(links) > 0 {
		blocks = append(blocks, block{Title: "Change it", Links: links})
	}
	return append(blocks, back)
}

// find finds a job.
func find(ctx context.Context, desk metrics.Desk, id int64) (metrics.Job, bool, error) {
	if id <= 0 {
		return metrics.Job{}, false, nil
	}
	list, err := desk.List(ctx, metrics.JobFilter{ID: id, Limit: 1})
	if err != nil || len(list) == 0 || list[0].ID != id {
		return metrics.Job{}, false, err
	}
	return list[0], true, nil
}

// actsOf are what may be done with a job.
func actsOf(j metrics.Job, writes bool) (links []tab) {
	if !writes {
		return nil
	}
	add := func(label, act string) {
		links = append(links, tab{Label: label, Href: link("/confirm", "act", act, "id", strconv.FormatInt(j.ID, 10))})
	}
	switch j.State {
	case "dead":
		add("Retry …", "retry")
		add("Remove …", "remove")
	case "waiting":
		add("Run now …", "now")
		add("Cancel …", "cancel")
	case "running":
		add("Cancel …", "cancel")
	}
	return links
}

func rooms(ctx context.Context, p *operate.Program, _ query) []block {
	if p.Rooms == nil {
		return []block{{Note: "The app has no rooms."}}
	}
	s := p.State()
	list, err := p.Rooms(ctx)
	t := table{Caption: "Rooms", Columns: []column{{Label: "Room"}, {Label: "This instance"}, {Label: "Members here", Number: true}, {Label: "Operations", Number: true}}, Empty: "This instance has a copy of none now."}
	for _, r := range list[:min(len(list), maxRows)] {
		role := text("follows its owner")
		if r.Owned {
			role = text("is its owner")
		}
		t.Rows = append(t.Rows, []cell{code(r.Name), role, amount(int64(r.Members)), number(r.At)})
	}
	note := "The owner of a room decides what is accepted; the others have a copy."
	if len(list) > maxRows {
		note += fmt.Sprintf(" The first %d of %s are shown.", maxRows, count(uint64(len(list))))
	}
	return []block{
		{Tiles: []tile{
			{Label: "Rooms", Value: amount(s.Rooms).Text, Hint: amount(s.RoomsOwned).Text + " owned by this instance"},
			{Label: "Members", Value: amount(s.RoomMembers).Text, Hint: "connected here"},
			{Label: "Operations", Value: count(s.RoomOps), Hint: "accepted here"},
			{Label: "Refused", Value: count(s.RoomRefused), Hint: "operations"},
			{Label: "Taken over", Value: count(s.RoomsTaken), Hint: "from owners that did not answer", Tone: toneOf(warn, s.RoomsTaken)},
		}},
		answered(block{Title: "Rooms here", Note: note, Table: &t}, err),
		{Charts: momentCharts(p,
			momentChart{"Members", sayCount, func(m operate.Moment) float64 { return float64(m.State.RoomMembers) }},
			momentChart{"Rooms", sayCount, func(m operate.Moment) float64 { return float64(m.State.Rooms) }})},
	}
}
