// Looking at an outbox, and leaving it as it is.

package drain

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// A Glance is a feed that changes nothing: what it finds in the outbox is out of
// date for its own instance alone, since it was committed. It is for explaining
// pages. Outbox and Instance are needed.
type Glance struct {
	Outbox   dataflow.Outbox
	Instance *coherence.Instance

	looked atomic.Bool
}

// Current says whether it has looked.
func (g *Glance) Current(time.Time) bool { return g.looked.Load() }

// CatchUp looks, and says whether it could.
func (g *Glance) CatchUp() bool {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	changes, err := g.Outbox.Look(ctx)
	if err != nil {
		return false
	}
	now := time.Now()
	for _, c := range changes {
		g.Instance.Hold(now.Add(-c.Age), pages.Stale, subjectsOf([]*note{{Change: c}})...)
	}
	g.looked.Store(true)
	return true
}

// Close has nothing to end.
func (g *Glance) Close() {}
