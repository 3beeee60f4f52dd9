// Package plan says whether an app can work where it is going, before it goes
// there.
//
// What each part of an app needs is told from its App value ([Parts]); what a
// place gives is said by its [Offers]; [Judge] holds one against the other.
// It looks at values alone: it opens nothing and runs nothing.
package plan

import (
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Plan is an app held against places.
type Plan struct {
	App        string    `json:"app"`
	Parts      []Part    `json:"parts"`
	Outcomes   []Outcome `json:"outcomes"`
	PricesOf   string    `json:"pricesOf"` // the date of the prices
	PricesOld  bool      `json:"pricesOld,omitempty"`
	PricesFrom string    `json:"pricesFrom,omitempty"` // the file that overrides them
}

// Make begins a plan of an app. [Plan.Add] holds it against places.
func Make(app gorgon.App, prices Prices, now time.Time) Plan {
	return Plan{App: app.Name, Parts: Parts(app), PricesOf: prices.Date, PricesOld: prices.Old(now)}
}

// Add holds the app against a place. What fits has its price.
func (p *Plan) Add(app gorgon.App, place Place, s Setting, prices Prices) {
	o := Judge(app, place, s)
	if o.Fit != Unfit {
		o.Costs = prices.Costs(place.Name)
	}
	p.Outcomes = append(p.Outcomes, o)
}
