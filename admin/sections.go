// The pages there are.

package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/operate"
)

// once is the pace of pages that are not live.
const once time.Duration = 0

// A section is one page.
type section struct {
	path, group  string // without a group it is in no list
	label        string // in the list
	title, lead  string
	pace         time.Duration // once, often or seldom
	sorts, shows []string      // what the query may say; the first one is the default
	blocks       func(ctx context.Context, p *operate.Program, q query) []block
}

// The groups of pages.
const (
	groupNow   = "Now"
	groupPages = "Pages"
	groupWork  = "Work"
	groupData  = "Data"
)

func sections() []section {
	routeSorts := []string{"requests", "errors", "p50", "p99", "bytes", "made", "making", "failed", "route"}
	return []section{
		{path: "/", group: groupNow, label: "Overview", title: "Overview", pace: often, blocks: overview,
			lead: "How the program does, and what needs a look."},
		{path: "/health", group: groupNow, label: "Health", title: "Health", pace: often, blocks: health,
			lead: "What the program rests on, and when that changed."},
		{path: "/instances", group: groupNow, label: "Instances", title: "Instances", pace: seldom, blocks: instances,
			lead: "Which programs run, in which version, and where."},
		{path: "/log", group: groupNow, label: "Log", title: "Log", pace: often, blocks: log, shows: []string{"all", "info", "warnings", "errors"},
			lead: "The last lines of this instance's log, the newest first."},

		{path: "/pages", group: groupPages, label: "Pages & routes", title: "Pages & routes", pace: often, blocks: routePage, sorts: routeSorts,
			lead: "What is asked for, how long it takes, and what is made for it."},
		{path: "/why", group: groupPages, label: "Why", title: "Why", pace: once, blocks: why,
			lead: "Where a page or a value is stored, how fresh it is, and what the next request does."},
		{path: "/fragments", group: groupPages, label: "Fragments & live parts", title: "Fragments & live parts", pace: often, blocks: fragments, sorts: []string{"made", "making", "failed", "route"},
			lead: "Parts of pages with a state of their own, and those that open browsers follow."},
		{path: "/endpoints", group: groupPages, label: "Endpoints & handlers", title: "Endpoints & handlers", pace: often, blocks: endpoints, sorts: []string{"requests", "errors", "p50", "p99", "bytes", "route"},
			lead: "What answers besides pages."},
		{path: "/caches", group: groupPages, label: "Caches & memory", title: "Caches & memory", pace: often, blocks: caches,
			lead: "What is in memory, what is being made, and what the store says."},

		{path: "/jobs", group: groupWork, label: "Jobs", title: "Jobs", pace: seldom, blocks: jobs, shows: []string{"all", "dead", "running", "waiting", "finished"},
			lead: "What waits to be done, what runs where, and what failed for good."},
		{path: "/jobs/{id}", title: "A job", pace: seldom, blocks: job,
			lead: "What is known of one job."},
		{path: "/rooms", group: groupWork, label: "Rooms", title: "Rooms", pace: seldom, blocks: rooms,
			lead: "Shared state that this instance has a copy of, and who is in it."},

		{path: "/files", group: groupData, label: "Files", title: "Files", pace: seldom, blocks: files,
			lead: "What visitors have uploaded and the app has stored, by bucket."},
		{path: "/sessions", group: groupData, label: "Sessions", title: "Sessions", pace: often, blocks: sessions,
			lead: "Numbers only: who the visitors are is not shown."},
		{path: "/database", group: groupData, label: "Database & outbox", title: "Database & outbox", pace: often, blocks: data,
			lead: "Whether the app's database answers, and which commits wait to become purges."},
	}
}

// A query is what a page is asked for. It is checked, so that there are few.
type query struct {
	At   string `json:"at"` // the pattern of the section
	Sort string `json:"sort,omitempty"`
	Show string `json:"show,omitempty"`
	Kind string `json:"kind,omitempty"` // of jobs
	ID   int64  `json:"id,omitempty"`   // of a job
	What string `json:"what,omitempty"` // to explain
}

// limit of a text in a query.
const maxText = 2000

func queryOf(of *section, in gorgon.Input, r *http.Request) query {
	v := r.URL.Query()
	q := query{At: of.path, Sort: chosen(v.Get("sort"), of.sorts), Show: chosen(v.Get("show"), of.shows)}
	switch of.path {
	case "/jobs":
		q.Kind = cut(v.Get("kind"), 100)
	case "/jobs/{id}":
		q.ID, _ = strconv.ParseInt(in.PathValue("id"), 10, 64)
	case "/why":
		q.What = cut(strings.TrimSpace(v.Get("what")), maxText)
	}
	return q
}

// chosen is one of several, or the first.
func chosen(what string, of []string) string {
	if slices.Contains(of, what) {
		return what
	}
	if len(of) == 0 {
		return ""
	}
	return of[0]
}

func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// link is a path with a query, without what is empty.
func link(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// A frame is what is around each page.
type frame struct {
	App, Where string
	Groups     []group
}

// A group is a list of pages.
type group struct {
	Name  string
	Links []tab
}

func (s *site) frame(at string) frame {
	a := s.p.About
	f := frame{App: a.App, Where: strings.Join(slices.DeleteFunc([]string{a.Host, a.Role, a.Version}, func(w string) bool { return w == "" }), " · ")}
	for _, of := range s.sections {
		if of.group == "" {
			continue
		}
		if n := len(f.Groups); n == 0 || f.Groups[n-1].Name != of.group {
			f.Groups = append(f.Groups, group{Name: of.group})
		}
		on := of.path == at || of.path != "/" && strings.HasPrefix(at, of.path+"/")
		g := &f.Groups[len(f.Groups)-1]
		g.Links = append(g.Links, tab{of.label, of.path, on})
	}
	return f
}

// fileURL is where a file of the pages is.
func fileURL(ctx context.Context, name string) (string, error) { return gorgon.Asset(ctx, name) }

// sortOf is how a column is sorted, for screen readers.
func sortOf(c column) string {
	if c.Number {
		return "descending"
	}
	return "ascending"
}
