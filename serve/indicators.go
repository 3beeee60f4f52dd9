// The app's own indicators of health.

package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
)

const (
	indicatorKeep    = 5 * time.Second // how long an answer counts
	indicatorTimeout = 2 * time.Second // where the app says nothing

	// optionalWait is how long a question waits for an indicator that the app
	// works without: it must not last until those who ask give up.
	optionalWait = time.Second
)

// indicators are all of an app.
type indicators struct {
	list []*indicator

	// asks lets the figures of an instance cause checks, so that they are of now.
	// Where a process is stopped between requests, it could be stopped during these.
	asks bool
}

func newIndicators(c *Config) *indicators {
	all := &indicators{asks: !c.Attend}
	for _, h := range c.App.HealthChecks() {
		if h.Timeout == 0 {
			h.Timeout = indicatorTimeout
		}
		all.list = append(all.list, &indicator{Health: h, now: c.Now, log: c.Log, last: metrics.Indicator{Name: h.Name, Optional: h.Optional}})
	}
	return all
}

// ask asks all of them at once, unless they were asked just now.
func (all *indicators) ask(ctx context.Context) []check {
	answered := make([]<-chan struct{}, len(all.list))
	for i, one := range all.list {
		answered[i] = one.begin()
	}
	checks := make([]check, len(all.list))
	for i, one := range all.list {
		last := one.wait(ctx, answered[i])
		checks[i] = check{Name: one.Name, OK: last.OK, Needed: !one.Optional, Reason: last.Reason, word: one.Name}
	}
	return checks
}

// known is what they said last, without those that were not asked yet.
func (all *indicators) known() (list []metrics.Indicator) {
	for _, one := range all.list {
		if all.asks {
			one.begin()
		}
		if last := one.said(); !last.Asked.IsZero() {
			list = append(list, last)
		}
	}
	return list
}

// An indicator is one of them.
type indicator struct {
	gorgon.Health
	now func() time.Time
	log *slog.Logger

	mu       sync.Mutex
	last     metrics.Indicator
	answered chan struct{} // of the check that is waited for; nil for none
	busy     bool          // a check runs, which nothing may wait for any more
}

func (i *indicator) said() metrics.Indicator {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last
}

// begin begins a check, unless one is waited for, or the last answer still
// counts. It returns what is closed once there is an answer; nil where there is.
func (i *indicator) begin() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.answered != nil:
		return i.answered
	case i.busy:
		return nil // it has failed, and goes on doing so until it returns
	case !i.last.Asked.IsZero() && i.now().Sub(i.last.Asked) < indicatorKeep:
		return nil
	}
	i.busy, i.answered = true, make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), i.Timeout)
	ended := make(chan error, 1)
	go func() {
		err := i.check(ctx)
		i.mu.Lock()
		i.busy = false
		i.mu.Unlock()
		ended <- err
	}()
	go func() {
		defer cancel()
		select {
		case err := <-ended:
			i.note(ctx, err)
		case <-ctx.Done():
			i.note(ctx, ctx.Err())
		}
	}()
	return i.answered
}

// check calls Check; a panic is its error.
func (i *indicator) check(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("it panicked: %v", v)
		}
	}()
	return i.Check(ctx)
}

// note says in the log what has changed, and keeps an answer.
func (i *indicator) note(ctx context.Context, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("it did not answer within %s", i.Timeout)
	}
	before := i.said()
	switch {
	case err != nil && (before.OK || before.Asked.IsZero()):
		i.log.Warn("an indicator of health fails", "health", i.Name, "optional", i.Optional, "err", err)
	case err == nil && !before.OK && !before.Asked.IsZero():
		i.log.Info("an indicator of health holds again", "health", i.Name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last.OK, i.last.Reason, i.last.Asked = err == nil, "", i.now()
	if err != nil {
		i.last.Reason = err.Error()
	}
	close(i.answered)
	i.answered = nil
}

// wait waits for an answer, and returns the last one where there is no new one.
func (i *indicator) wait(ctx context.Context, answered <-chan struct{}) metrics.Indicator {
	if answered != nil {
		if i.Optional {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, optionalWait)
			defer cancel()
		}
		select {
		case <-answered: // within its Timeout
		case <-ctx.Done():
		}
	}
	last := i.said()
	if last.Asked.IsZero() {
		last.Reason = "it has not answered yet"
	}
	return last
}
