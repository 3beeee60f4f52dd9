// Flaws that are planted, to show that the histories find them.

package scores

import (
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// The flaws.
const (
	Lagging  = "lagging"  // loaders read what a number was a moment ago
	Losing   = "losing"   // each fifth look removes what it finds, and purges nothing
	Restless = "restless" // each making has other HTML
)

// A lagging has what numbers were.
type lagging struct {
	mu  sync.Mutex
	was map[int64][]past
}

// A past is a number that was read.
type past struct {
	value int64
	at    time.Time
}

// lag is how old what loaders read is.
const lag = 700 * time.Millisecond

// replace replaces numbers by what they were a moment ago, as far as it was read.
func (l *lagging) replace(list []Number) []Number {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.was == nil {
		l.was = map[int64][]past{}
	}
	now := time.Now()
	for i, n := range list {
		l.was[n.ID] = append(l.was[n.ID], past{n.Value, now})
		for _, p := range l.was[n.ID] {
			if list[i].Value == n.Value || now.Sub(p.at) > lag {
				list[i].Value = p.value
			}
		}
	}
	return list
}

// losing is a database whose commits are lost now and then.
type losing struct{ database.Dialect }

func (d losing) Open(config database.Config) (database.Engine, error) {
	e, err := d.Dialect.Open(config)
	return &loser{Engine: e}, err
}

type loser struct {
	database.Engine
	mu    sync.Mutex
	found int
}

func (e *loser) Look(ctx context.Context) ([]dataflow.Change, error) {
	changes, err := e.Engine.Look(ctx)
	if err != nil || len(changes) == 0 {
		return changes, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.found++; e.found%5 == 0 {
		return nil, e.Remove(ctx, changes)
	}
	return changes, nil
}
