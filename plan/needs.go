// What an app needs, told from its App value.

package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Kind is what is needed.
type Kind string

// The kinds that are told from an app's own fields. Those that its parts
// declare have the names of [gorgon.Need].
const (
	Process     Kind = "process"     // something that answers each request
	Guards      Kind = "guards"      // something that asks each visitor before it answers
	Incremental Kind = "incremental" // pages that the build did not make, on their first request
	Refresh     Kind = "refresh"     // pages made again as time goes by
	Worker      Kind = "worker"      // a service that runs all the time
	Schedule    Kind = "schedule"    // a service that runs every so often

	Memory      = Kind(gorgon.Memory)
	Connections = Kind(gorgon.Connections)
	Background  = Kind(gorgon.Background)
	Database    = Kind(gorgon.Database)
	Disk        = Kind(gorgon.Disk)
)

// A Need is one thing that one part of an app needs.
type Need struct {
	Part string `json:"part"` // "page /search", "handler POST /cart", "service mailer"
	Kind Kind   `json:"kind"`
	Why  string `json:"why"`

	every time.Duration // of scheduled work
}

// A Part is a page, handler or service with what it needs.
type Part struct {
	Name  string `json:"name"` // "page /search"
	How   string `json:"how"`  // a page's strategy; "handler"; "service"
	Needs []Need `json:"needs,omitempty"`
}

// Parts lists the parts of an app in the order of its fields.
func Parts(app gorgon.App) []Part {
	var parts []Part
	for _, d := range slices.Concat(app.Definitions(), app.FragmentDefinitions()) {
		parts = append(parts, page(d))
	}
	for _, pattern := range slices.Sorted(maps.Keys(app.Handlers)) {
		p := Part{Name: "handler " + pattern, How: "handler"}
		p.need(Process, "a handler answers each request")
		if h, ok := app.Handlers[pattern].(gorgon.Handler); ok {
			p.declared(h.Needs)
		}
		parts = append(parts, p)
	}
	for _, s := range app.Services {
		p := Part{Name: "service " + s.Name, How: "service"}
		if s.Every > 0 {
			p.need(Schedule, "it runs every "+brief(s.Every))
			p.Needs[0].every = s.Every
		} else {
			p.need(Worker, "it runs all the time")
		}
		p.declared(s.Needs)
		parts = append(parts, p)
	}
	return parts
}

func page(d *gorgon.Definition) Part {
	p := Part{Name: "page " + d.Path, How: strategy(d)}
	if d.Fragment != "" {
		p.Name = "fragment " + d.Fragment
	}
	if d.PerRequest() {
		p.need(Process, "RequestState makes its state for each request")
	}
	if d.AllowRequestTime {
		p.need(Process, "parts of it are made for each request")
	}
	if len(d.Guards) > 0 {
		p.need(Guards, "its guards ask each visitor")
	}
	if d.Incremental && d.Fragment == "" {
		p.need(Incremental, "paths that the build did not list are made on their first request")
	}
	switch {
	case d.RevalidateAfter > 0:
		p.need(Refresh, "it is made again after "+brief(d.RevalidateAfter))
	case d.ShouldRevalidate != nil:
		p.need(Refresh, "it is made again when ShouldRevalidate says so")
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
	gorgon.Memory:      "it declares state in memory that must not be lost",
	gorgon.Connections: "it declares connections that stay open",
	gorgon.Background:  "it declares work that goes on after the response",
	gorgon.Database:    "it declares a database",
	gorgon.Disk:        "it declares files that must last",
}

func (p *Part) declared(needs []gorgon.Need) {
	for _, n := range needs {
		p.need(Kind(n), declarations[n])
	}
}

// brief writes a duration without its zero parts: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
