// Jobs and commits that are late.

package command

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/wire"
)

// A job that has been due for lateAfter and does not run is late, and so is a commit
// that has waited for commitLateAfter. It is looked at as often as lookAtLate says.
const (
	lateAfter       = 10 * time.Minute
	commitLateAfter = time.Minute
	lookAtLate      = time.Minute
)

// sayLate says each minute which jobs are late, and whether commits are, until the
// context ends. Without a database of the app's own there are neither.
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
		if p.config.Jobs != nil {
			p.config.Jobs.State(&now)
		}
		if p.config.Database != nil {
			p.config.Database.State(&now)
		}
		if now.Oldest > commitLateAfter {
			p.log.Warn("commits are late: what they changed is not purged yet", wire.LogEvent, wire.EventCommitsLate, "waiting", now.Changes, "oldest", now.Oldest.Round(time.Second).String())
		}
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
