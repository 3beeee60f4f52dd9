// Jobs that are late.

package command

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/wire"
)

// A job that has been due for lateAfter and does not run is late, which is looked
// at as often as lookAtLate says.
const (
	lateAfter  = 10 * time.Minute
	lookAtLate = time.Minute
)

// sayLate says which jobs are late, each minute, until the context ends.
func (p *program) sayLate(ctx context.Context) {
	ticker := time.NewTicker(lookAtLate)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var now metrics.State
		p.config.Jobs.State(&now)
		for _, k := range now.Kinds {
			if k.Oldest > lateAfter {
				p.log.Warn("jobs are late", wire.LogEvent, wire.EventJobsLate, "kind", k.Name, "due", k.Due, "oldest", k.Oldest.Round(time.Second).String())
			}
		}
	}
}

// sayLeft says that a batch had no time for all that was due.
func (p *program) sayLeft(b metrics.Batch) {
	if b.Due > 0 {
		p.log.Warn("jobs are late: a batch had no time for all that were due", wire.LogEvent, wire.EventJobsLate, "ran", b.Ran, "kinds", b.Due)
	}
}
