// Indicators of health: what an app itself knows of whether it works.

package gorgon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Health is an indicator of health: whether something works that the app
// depends on, beside the store and the database, which are looked at in any
// case. While it fails, /readyz answers 503 and "not ready: " with its name, so
// that visitors are sent to other instances.
//
// What all instances depend on fails for all of them at once, and there is then
// none left to send visitors to. Where pages can be answered without it, make it
// Optional.
type Health struct {
	// Name names the indicator: lower-case letters, digits and dashes. Anyone
	// who asks /readyz reads it. The error of Check is for operators.
	Name string

	// Check asks whether it works. It is called at most once every five seconds,
	// whatever the number of questions, and never twice at once. A panic is a
	// failure.
	Check func(ctx context.Context) error

	// Timeout is how long Check may take: after that it has failed, and is not
	// called again before it returns. Default: 2 s.
	Timeout time.Duration

	// Optional says that the app works without it: /readyz then answers 200 and
	// "ready, degraded: " with its name. Default: the app does not.
	Optional bool
}

// ownChecks are the names of what is looked at in any case.
var ownChecks = []string{"started", "staying", "store", "database"}

// Part returns the indicator itself.
func (h Health) Part() Part { return h }

func (h Health) addTo(c *contents, _ scope) { c.health = append(c.health, h) }

// HealthChecks returns the indicators of health, in order.
func (a App) HealthChecks() []Health { return a.contents().health }

func (h Health) validate() []string {
	var faults []string
	switch {
	case h.Name == "" || strings.Trim(h.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		faults = append(faults, fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"payments\"", h.Name))
	case slices.Contains(ownChecks, h.Name):
		faults = append(faults, "the framework has an indicator of this name: rename it")
	}
	if h.Check == nil {
		faults = append(faults, "there is no Check: add one, a func(context.Context) error")
	}
	if h.Timeout < 0 {
		faults = append(faults, fmt.Sprintf("Timeout is %s: use a time above zero, or leave it out for 2 s", h.Timeout))
	}
	return faults
}

func (c *contents) validateHealth() []error {
	var faults []error
	names := map[string]bool{}
	for _, h := range c.health {
		for _, text := range h.validate() {
			faults = append(faults, fmt.Errorf("health %s: %s", h.Name, text))
		}
		if names[h.Name] {
			faults = append(faults, fmt.Errorf("health %s: two have this name: rename one", h.Name))
		}
		names[h.Name] = true
	}
	return faults
}
