// Tasks: work for later, with its type erased.

package gorgon

import (
	"context"
	"fmt"
	"time"
)

// A Task is work that is stored until it is done. It is what a jobs.Job consists
// of: write that.
type Task struct {
	// Name is the name of the kind: lower-case letters, digits, dashes and dots.
	Name string

	// Run does the work.
	Run func(ctx context.Context, args []byte) error

	// Next makes it a series: when it is due after the time that it was due last,
	// and after now. First is the first time. Default: it is added by the app.
	Next  func(last, now time.Time) time.Time
	First func(now time.Time) time.Time

	// Text is the schedule of a series, in words.
	Text string

	// Backoff is how long it waits after an attempt that failed.
	Backoff func(attempt int) time.Duration

	Timeout         time.Duration // of an attempt; above zero
	MaxAttempts     int           // above zero
	MaxDeaths       int           // above zero
	Limit           int           // on an instance at once; 0: none
	LimitEverywhere int           // on all instances at once; 0: none
	Weight          int           // of its lane, above zero
	Show            bool          // its arguments may be shown

	// Needs lists what Run requires of the target it runs on.
	Needs []Need

	// Faults are what is wrong with it.
	Faults []string
}

// Part returns the task itself.
func (t Task) Part() Part { return t }

func (t Task) addTo(c *contents, in scope) {
	if len(in.guards) > 0 {
		c.faults = append(c.faults, fmt.Errorf("job %s: it has no guards: move it out of the group", t.Name))
	}
	c.tasks = append(c.tasks, t)
}

// Tasks returns the tasks, in order.
func (a App) Tasks() []Task { return a.contents().tasks }

func (c *contents) validateTasks() []error {
	var faults []error
	names := map[string]bool{}
	for _, t := range c.tasks {
		for _, text := range t.Faults {
			faults = append(faults, fmt.Errorf("job %s: %s", t.Name, text))
		}
		if err := checkNeeds(t.Needs); err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", t.Name, err))
		}
		if names[t.Name] {
			faults = append(faults, fmt.Errorf("job %s: two have this name, or one is in two places: rename or remove one", t.Name))
		}
		names[t.Name] = true
	}
	return faults
}
