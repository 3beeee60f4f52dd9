// Working until the end, and one batch.

package work

import (
	"context"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/metrics"
)

// Run works until ctx ends, and then until what runs has ended.
func (m *Machine) Run(ctx context.Context) {
	if len(m.tasks) == 0 {
		<-ctx.Done()
		return
	}
	c := m.newCrew(ctx)
	defer c.leave()
	trouble := time.Duration(0) // how long to wait after a failure
	for declared, eager := false, 0; ctx.Err() == nil; {
		var more bool
		var wait time.Duration
		var err error
		if !declared {
			err = m.declare(ctx)
			if declared = err == nil; declared {
				m.unknown(ctx)
			}
		}
		n := 0
		if err == nil {
			n, more, wait, err = c.round(ctx)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			if trouble == 0 {
				m.log().Warn("jobs cannot be taken", "err", err)
			}
			trouble = min(max(2*trouble, 100*time.Millisecond), 5*time.Second)
		case trouble > 0 && err == nil:
			m.log().Info("jobs are taken again")
			trouble = 0
		}
		if n > 0 {
			eager = 0
		}
		eager = c.pause(ctx, more, wait, trouble, eager)
	}
	if !c.wait(m.options.Grace) {
		c.stop(jobs.ErrStopped)
		if !c.wait(m.options.Grace) {
			m.log().Error("jobs did not end as the instance was stopped: they run again when their leases are over", "jobs", m.options.Hands-c.idle())
		}
	}
}

// soon is how soon the store is looked at again after this process has added jobs:
// their transaction may not have been committed.
var soon = []time.Duration{2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 60 * time.Millisecond}

// pause waits until the store is to be looked at again. eager is how many of the
// soon ones are left.
func (c *crew) pause(ctx context.Context, more bool, wait, trouble time.Duration, eager int) int {
	if trouble == 0 && more && c.idle() > 0 {
		return eager
	}
	d := c.m.options.Poll
	switch {
	case trouble > 0:
		d = trouble
	case eager > 0:
		d = min(d, soon[len(soon)-eager])
		eager--
	}
	if wait >= 0 {
		d = min(d, wait+time.Millisecond)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	look := timer.C
	wake := c.m.wake
	if c.idle() == 0 { // there is no room: what is due waits
		look, wake = nil, nil
	}
	select {
	case <-look:
	case <-wake:
		return len(soon)
	case <-c.free:
	case <-ctx.Done():
	}
	return eager
}

// unknown reports kinds that this program does not run: of jobs that another
// build has added, which wait for it.
func (m *Machine) unknown(ctx context.Context) {
	counts, err := m.options.Store.Counts(ctx)
	if err != nil {
		return // the next call reports what is wrong
	}
	for _, c := range counts {
		if _, known := m.tasks[c.Kind]; !known && c.Waiting+c.Due > 0 {
			m.log().Warn("jobs wait of a kind that this program does not have", "kind", c.Kind, "jobs", c.Waiting+c.Due)
		}
	}
}

// declare adds the series.
func (m *Machine) declare(ctx context.Context) error {
	var list []jobs.Series
	for _, t := range m.tasks {
		if t.Next != nil {
			list = append(list, jobs.Series{Kind: t.Name, Text: t.Text, First: t.First})
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b jobs.Series) int { // the same everywhere, so that none wait for each other
		if a.Kind < b.Kind {
			return -1
		}
		return 1
	})
	return m.options.Store.Declare(ctx, list...)
}

// lastly is how long jobs have to end after the budget of a batch.
const lastly = 500 * time.Millisecond

// Tick runs jobs that are due until none is, or the budget is used up: then what
// runs is stopped, and runs again in another batch.
func (m *Machine) Tick(ctx context.Context, budget time.Duration) (metrics.Batch, error) {
	r := metrics.Batch{Next: -1}
	if len(m.tasks) == 0 {
		return r, nil
	}
	limit, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	if err := m.declare(limit); err != nil {
		return r, err
	}
	c := m.newCrew(ctx)
	wait, err := c.batch(limit)
	if !c.wait(0) {
		c.stop(jobs.ErrStopped)
		if !c.wait(lastly) {
			m.log().Error("jobs did not end with their batch: they run again when their leases are over", "jobs", m.options.Hands-c.idle())
		}
	}
	c.leave()
	r.Ran, r.Failed, r.Next = c.ran, c.failed, wait.Seconds()
	if wait < 0 {
		r.Next = -1
	}
	if err != nil {
		return r, err
	}
	r.Due, err = m.due(context.WithoutCancel(ctx))
	return r, err
}

// batch works until nothing is due and nothing runs, or the budget is used up.
func (c *crew) batch(limit context.Context) (wait time.Duration, err error) {
	for wait = -1; limit.Err() == nil; {
		quiet := c.quiet() // before the look: what followed others is found by it
		more := false
		if c.idle() > 0 {
			_, more, wait, err = c.round(limit)
		}
		switch {
		case err != nil && limit.Err() != nil:
			return wait, nil
		case err != nil, quiet && !more:
			return wait, err
		case more && c.idle() > 0:
			continue
		}
		select {
		case <-c.free:
		case <-limit.Done():
		}
	}
	return wait, nil
}

// quiet says whether nothing runs and all that has ended is stored.
func (c *crew) quiet() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.running) == 0
}

// due says of how many kinds jobs are due.
func (m *Machine) due(ctx context.Context) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, lastly)
	defer cancel()
	kinds := make([]string, 0, len(m.tasks))
	for name := range m.tasks {
		kinds = append(kinds, name)
	}
	now, next, err := m.options.Store.Next(ctx, kinds)
	if err != nil {
		return 0, err
	}
	list, _ := due(now, next, m.tasks)
	return len(list), nil
}
