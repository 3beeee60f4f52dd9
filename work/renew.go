// Renewing leases.

package work

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

// renew renews the leases of all that runs, until the crew leaves.
func (c *crew) renew() {
	every := c.m.options.Lease / 3
	for wait := every; ; {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.close:
			timer.Stop()
			return
		}
		if wait = every; !c.beat() {
			wait = every / 4
		}
	}
}

// watch ends the contexts of jobs in time, also while a call of the store hangs.
func (c *crew) watch() {
	ticker := time.NewTicker(c.m.options.Lease / 10)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.mourn()
		case <-c.close:
			return
		}
	}
}

// beat renews once, and says whether that was possible.
func (c *crew) beat() bool {
	beats, hands := c.beats()
	if len(beats) == 0 {
		return true
	}
	lease := c.m.options.Lease
	asked := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), lease/3)
	defer cancel()
	lost, cancelled, err := c.m.options.Store.Renew(ctx, lease, beats...)
	if err != nil {
		c.m.log().Warn("leases of jobs cannot be renewed", "jobs", len(beats), "err", err)
		return false
	}
	for _, r := range lost {
		hands[r].cancel(jobs.ErrLost)
		delete(hands, r)
	}
	for _, r := range cancelled {
		hands[r].cancel(jobs.ErrCancelled)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range hands {
		h.renewed = asked
	}
	return true
}

// beats are those of all that runs, or has ended and is not stored yet.
func (c *crew) beats() (beats []jobs.Beat, hands map[jobs.Ref]*hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hands = map[jobs.Ref]*hand{}
	for r, h := range c.running {
		beats = append(beats, jobs.Beat{Ref: r, Report: h.run.Reported()})
		hands[r] = h
	}
	return beats, hands
}

// mourn ends the contexts of jobs whose leases are about to be over: those of
// which a tenth or two is left. It reports jobs that do not end.
func (c *crew) mourn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, h := range c.running {
		if now.Sub(h.renewed) > c.m.options.Lease*8/10 {
			h.cancel(jobs.ErrLost)
		}
		if !h.over && now.Sub(h.start) > h.task.Timeout+time.Minute && now.Sub(h.late) > time.Minute {
			h.late = now
			c.m.log().Warn("a job does not end although its context has", "job", h.taken.Kind, "id", h.taken.ID, "timeout", h.task.Timeout)
		}
	}
}
