// Package plan checks whether an app can work on a target, before it is
// deployed.
//
// [Describe] derives what each part of an app needs from its App value; the
// [Offers] of a target say what it provides; [Judge] compares the two. The
// package works on values only: it opens nothing and runs nothing.
package plan

import (
	"slices"
	"time"
)

// A Plan is the comparison of an app with targets.
type Plan struct {
	App        string    `json:"app"`
	Parts      []Part    `json:"parts"`
	Outcomes   []Outcome `json:"outcomes"`
	Hints      []string  `json:"hints,omitempty"` // what the parts may need and do not declare
	PricesOf   string    `json:"pricesOf"`        // the date of the prices
	PricesOld  bool      `json:"pricesOld,omitempty"`
	PricesFrom string    `json:"pricesFrom,omitempty"` // the file that overrides them
}

// Make begins a plan of an app. [Plan.Add] compares it with a target.
func Make(app App, prices Prices, now time.Time) Plan {
	return Plan{App: app.Name, Parts: app.Parts, PricesOf: prices.Date, PricesOld: prices.Old(now)}
}

// Add compares the app with a target, and adds the costs where it fits.
func (p *Plan) Add(app App, target Target, s Setting, prices Prices) {
	o := Judge(app, target, s)
	if o.Fit != Unfit {
		o.Costs = prices.Costs(target.Name)
	}
	p.Outcomes = append(p.Outcomes, o)
}

// Undeclared returns hints at a disk or a database that the app may need: a
// module of SQLite is linked, or packages are compiled by cgo, and no part
// declares one.
// The store is the driver of Gorgon's own SQLite store, where the app has it. An
// app whose database is a SQLite file says so by that.
func Undeclared(parts []Part, modules, cgo []string, store bool) []string {
	for _, p := range parts {
		for _, n := range p.Needs {
			if n.Kind == Disk || n.Kind == Database || n.Kind == AppFiles {
				return nil
			}
			store = store || n.Kind == File
		}
	}
	const hint = "if a part reads or writes a database or files of its own, say so with Needs: gorgon.NeedDisk or gorgon.NeedDatabase"
	for _, m := range modules {
		if slices.Contains(sqlites, m) && (!store || m != storeSQLite) {
			return []string{m + " is linked, and no part declares what it needs: " + hint}
		}
	}
	if len(cgo) > 0 {
		return []string{cgo[0] + " is compiled by cgo, which a release is not, and no part declares what it needs: " + hint}
	}
	return nil
}

// storeSQLite is the module that Gorgon's own store and databases link.
const storeSQLite = "modernc.org/sqlite"

// sqlites are modules that contain SQLite.
var sqlites = []string{storeSQLite, "github.com/mattn/go-sqlite3", "github.com/ncruces/go-sqlite3", "zombiezen.com/go/sqlite", "crawshaw.io/sqlite", "github.com/glebarez/go-sqlite"}
