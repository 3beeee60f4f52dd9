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

// Make holds an app against each place, with what fits at its price.
func Make(app gorgon.App, places []Place, s Setting, prices Prices, now time.Time) Plan {
	p := Plan{App: app.Name, Parts: Parts(app), PricesOf: prices.Date, PricesOld: prices.Old(now)}
	for _, place := range places {
		o := Judge(app, place, s)
		if o.Fit != Unfit {
			o.Costs = prices.Costs(place.Name)
		}
		p.Outcomes = append(p.Outcomes, o)
	}
	return p
}
