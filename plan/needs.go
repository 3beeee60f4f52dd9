// What an app needs, derived from its App value.

package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Kind is what is needed.
type Kind string

// The kinds that follow from an app's own fields. Those that its parts declare
// have the names of [gorgon.Need].
const (
	Process     Kind = "process"     // a program that answers each request
	Guards      Kind = "guards"      // a program that checks each visitor before it answers
	Incremental Kind = "incremental" // pages that the build did not generate, on their first request
	Refresh     Kind = "refresh"     // pages that are regenerated
	Cached      Kind = "cached"      // values that are kept
	Live        Kind = "live"        // streams to the browsers that have a page open
	Rooms       Kind = "rooms"       // state that visitors of all instances share
	Worker      Kind = "worker"      // a service that runs all the time
	Schedule    Kind = "schedule"    // a service that runs at intervals
	Jobs        Kind = "jobs"        // jobs that are run when they are due
	Commits     Kind = "commits"     // a store in which the commits of a database are purges
	File        Kind = "file"        // a database that is a file of one machine

	Memory      = Kind(gorgon.NeedMemory)
	Connections = Kind(gorgon.NeedConnections)
	Background  = Kind(gorgon.NeedBackground)
	Database    = Kind(gorgon.NeedDatabase)
	Disk        = Kind(gorgon.NeedDisk)
	AppFiles    = Kind(gorgon.NeedFiles)
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{Process, Guards, Incremental, Refresh, Cached, Live, Rooms, Worker, Schedule, Jobs, Commits, File, Memory, Connections, Background, Database, Disk, AppFiles}
}

// A Need is one thing that one part of an app needs.
type Need struct {
	Part string `json:"part"` // "page /search", "endpoint POST /cart", "service mailer"
	Kind Kind   `json:"kind"`
	Why  string `json:"why"`

	Every time.Duration `json:"every,omitempty"` // of scheduled work
}

// A Part is a page, cache, handler or service with what it needs.
type Part struct {
	Name  string `json:"name"` // "page /search"
	How   string `json:"how"`  // a page's strategy; "handler" and the like; "service"
	Needs []Need `json:"needs,omitempty"`
}

// Parts lists the parts of an app in the order of its fields.
func Parts(app gorgon.App) []Part {
	var parts []Part
	for _, d := range slices.Concat(app.Definitions(), app.FragmentDefinitions()) {
		parts = append(parts, page(d))
	}
	for _, d := range app.CacheDefinitions() {
		p := Part{Name: "cache " + d.Cache, How: strategy(d)}
		if !d.Local {
			p.need(Cached, "its values are kept for all instances")
		}
		parts = append(parts, p)
	}
	for _, h := range app.Handlers() {
		word := h.Word()
		p := Part{Name: word + " " + h.Pattern, How: word}
		p.need(Process, "it answers each request")
		if word == "room" {
			p.need(Rooms, "its members share state")
		}
		p.declared(h.Needs)
		parts = append(parts, p)
	}
	for _, s := range app.Services() {
		p := Part{Name: "service " + s.Name, How: "service"}
		if s.Every > 0 {
			p.need(Schedule, "it runs every "+brief(s.Every))
			p.Needs[0].Every = s.Every
		} else {
			p.need(Worker, "it runs all the time")
		}
		p.declared(s.Needs)
		parts = append(parts, p)
	}
	for _, t := range app.Tasks() {
		p := Part{Name: "job " + t.Name, How: "job"}
		if t.Next != nil {
			p.How = "job, " + t.Text
		}
		p.need(Jobs, "it runs when it is due")
		p.declared(t.Needs)
		parts = append(parts, p)
	}
	return parts
}

func page(d *gorgon.Definition) Part {
	p := Part{Name: d.Word() + " " + d.Path, How: strategy(d)}
	if d.Fragment != "" {
		p.Name = "fragment " + d.Fragment
	}
	if d.PerRequest() {
		p.need(Process, "LoadRequest loads its state on each request")
	}
	if d.AllowRequestTime {
		p.need(Process, "parts of it are generated on each request")
	}
	if len(d.Guards) > 0 {
		p.need(Guards, "its guards check each visitor")
	}
	if d.Incremental && d.Fragment == "" {
		p.need(Incremental, "paths that the build did not list are generated on their first request")
	}
	switch {
	case d.RevalidateAfter > 0:
		p.need(Refresh, "it is regenerated after "+brief(d.RevalidateAfter))
	case d.ShouldRevalidate != nil:
		p.need(Refresh, "it is regenerated when ShouldRevalidate reports true")
	}
	if d.Live {
		p.need(Live, "browsers that show it are sent what changed")
	}
	p.declared(d.Needs)
	return p
}

func strategy(d *gorgon.Definition) string {
	var text string
	for i, w := range d.Strategy() {
		if i > 0 {
			text += ", "
		}
		text += w
	}
	return text
}

func (p *Part) need(k Kind, why string) {
	p.Needs = append(p.Needs, Need{Part: p.Name, Kind: k, Why: why})
}

var declarations = map[gorgon.Need]string{
	gorgon.NeedMemory:      "it declares state in memory that must not be lost",
	gorgon.NeedConnections: "it declares connections that stay open",
	gorgon.NeedBackground:  "it declares work that continues after the response",
	gorgon.NeedDatabase:    "it declares a database",
	gorgon.NeedDisk:        "it declares files that must last",
	gorgon.NeedFiles:       "it has files that must last, on a disk or in an S3 bucket",
}

func (p *Part) declared(needs []gorgon.Need) {
	for _, n := range needs {
		p.need(Kind(n), declarations[n])
	}
}

// brief formats a duration without its zero parts: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
