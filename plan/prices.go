// What a place costs.

package plan

import (
	"cmp"
	_ "embed" // the table
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Prices are a dated table of prices.
type Prices struct {
	Date     string                `json:"date"`     // 2006-01-02
	Currency string                `json:"currency"` // of the places that name none
	Targets  map[string]PlacePrice `json:"targets"`  // by name; "static/netlify" is a variant of "static"
}

// A PlacePrice is what a place asks for, setup by setup.
type PlacePrice struct {
	Title      string           `json:"title"`
	Currency   string           `json:"currency,omitempty"`
	Source     []string         `json:"source"`               // the vendor's pages
	Seen       string           `json:"seen,omitempty"`       // when they said so: 2006-01
	Unverified bool             `json:"unverified,omitempty"` // nobody looked at those pages
	Setups     map[string]Setup `json:"setups"`               // "minimal", "typical"
}

// A Setup is what one pays for.
type Setup struct {
	For   string `json:"for"`
	Items []Item `json:"items"`
}

// An Item costs Price × max(0, Amount − Free) a month.
type Item struct {
	What   string  `json:"what"`
	Unit   string  `json:"unit"`
	Price  float64 `json:"price"`
	Amount float64 `json:"amount"`
	Free   float64 `json:"free"`
}

// A Cost is what a setup costs a month.
type Cost struct {
	Title    string  `json:"title"` // "Netlify"
	Setup    string  `json:"setup"` // "minimal"
	For      string  `json:"for"`
	Monthly  float64 `json:"monthly"`
	Currency string  `json:"currency"`
}

//go:embed prices.json
var standard []byte

// StandardPrices is the table that Gorgon carries.
func StandardPrices() Prices {
	p, err := ParsePrices(standard)
	if err != nil {
		panic(err) // a test reads it
	}
	return p
}

// ParsePrices reads a table, and reports every fault of it.
func ParsePrices(data []byte) (Prices, error) {
	var p Prices
	if err := json.Unmarshal(data, &p); err != nil {
		return Prices{}, fmt.Errorf("the price table cannot be read: %w", err)
	}
	var faults []error
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
		faults = append(faults, fmt.Errorf("date %q: write it as 2006-01-02", p.Date))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		t := p.Targets[name]
		t.Currency = cmp.Or(t.Currency, p.Currency)
		p.Targets[name] = t
		for _, setup := range slices.Sorted(maps.Keys(p.Targets[name].Setups)) {
			for _, i := range p.Targets[name].Setups[setup].Items {
				if i.Price < 0 || i.Amount < 0 || i.Free < 0 {
					faults = append(faults, fmt.Errorf("%s, %s: %s: a number is below zero", name, setup, i.What))
				}
			}
		}
	}
	return p, errors.Join(faults...)
}

// Over lays a table over another: its places replace those of the same name.
func (p Prices) Over(standard Prices) Prices {
	targets := maps.Clone(standard.Targets)
	maps.Copy(targets, p.Targets)
	p.Targets = targets
	return p
}

// maxAge is how old a table may be before it is said to be.
const maxAge = 365 * 24 * time.Hour

// Old says whether the table is older than a year.
func (p Prices) Old(now time.Time) bool {
	date, err := time.Parse(time.DateOnly, p.Date)
	return err == nil && now.Sub(date) > maxAge
}

// Costs lists what the setups of a place and its variants cost.
func (p Prices) Costs(place string) []Cost {
	var costs []Cost
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		if name != place && !strings.HasPrefix(name, place+"/") {
			continue
		}
		t := p.Targets[name]
		for _, setup := range slices.Sorted(maps.Keys(t.Setups)) {
			cost := Cost{Title: t.Title, Setup: setup, For: t.Setups[setup].For, Currency: t.Currency}
			for _, i := range t.Setups[setup].Items {
				cost.Monthly += i.Price * max(0, i.Amount-i.Free)
			}
			costs = append(costs, cost)
		}
	}
	return costs
}
