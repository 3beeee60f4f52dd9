// The costs of a target.

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
	Date     string                 `json:"date"`     // 2006-01-02
	Currency string                 `json:"currency"` // of the targets that name none
	Targets  map[string]TargetPrice `json:"targets"`  // by name; "static/netlify" is a variant of "static"
}

// A TargetPrice is the prices of a target, by setup.
type TargetPrice struct {
	Title      string           `json:"title"`
	Currency   string           `json:"currency,omitempty"`
	Source     []string         `json:"source"`               // the vendor's pages
	Seen       string           `json:"seen,omitempty"`       // when they were read: 2006-01
	Unverified bool             `json:"unverified,omitempty"` // those pages were not checked
	Setups     map[string]Setup `json:"setups"`               // "minimal", "typical"
}

// A Setup is a list of items to pay for.
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

	Source string `json:"source,omitempty"` // where the price was read; "" for the target's sources
	Seen   string `json:"seen,omitempty"`   // when: 2006-01; "" if the source has no date
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

// StandardPrices returns Gorgon's own table.
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

// Over merges a table into another: its targets replace those of the same name.
func (p Prices) Over(standard Prices) Prices {
	targets := maps.Clone(standard.Targets)
	maps.Copy(targets, p.Targets)
	p.Targets = targets
	return p
}

// maxAge is the age from which a table is reported as old.
const maxAge = 365 * 24 * time.Hour

// Old reports whether the table is older than a year.
func (p Prices) Old(now time.Time) bool {
	date, err := time.Parse(time.DateOnly, p.Date)
	return err == nil && now.Sub(date) > maxAge
}

// Costs lists the costs of the setups of a target and its variants.
func (p Prices) Costs(target string) []Cost {
	var costs []Cost
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		if name != target && !strings.HasPrefix(name, target+"/") {
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
