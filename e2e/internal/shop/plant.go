// Faults that are planted in the database, to show that the test finds them.

package shop

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/dataflow"
)

// The faults.
const (
	Hasty    = "hasty"    // what is found is removed before it is purged
	Trusting = "trusting" // an instance that has not looked takes everything for current
	Deaf     = "deaf"     // nothing is done after a commit, and polls are rare
	Cursor   = "cursor"   // what has a lower number than was seen is not found
)

// planted is a database with a fault.
func planted(d database.Dialect, options database.Options, plant string) (*database.DB, error) {
	switch plant {
	case Hasty, Cursor:
	case Trusting, Deaf:
		options.Poll = time.Hour
	default:
		return nil, fmt.Errorf("%s=%q: it is not known", EnvPlant, plant)
	}
	return database.Open(dialect{d, plant}, options), nil
}

type dialect struct {
	database.Dialect
	plant string
}

func (d dialect) Open(config database.Config) (database.Engine, error) {
	e, err := d.Dialect.Open(config)
	return &engine{Engine: e, plant: d.plant}, err
}

type engine struct {
	database.Engine
	plant string
	seen  int64
}

func (e *engine) OnCommit(f func(context.Context)) {
	if e.plant == Deaf {
		f = func(context.Context) {}
	}
	e.Engine.OnCommit(f)
}

func (e *engine) Look(ctx context.Context) ([]dataflow.Change, error) {
	changes, err := e.Engine.Look(ctx)
	switch {
	case err != nil || len(changes) == 0:
	case e.plant == Hasty:
		if err = e.Remove(ctx, changes); err == nil {
			time.Sleep(1500 * time.Millisecond) // so that a test can kill it before it purges
		}
	case e.plant == Cursor:
		var newer []dataflow.Change
		last := e.seen
		for _, c := range changes {
			if c.ID > e.seen {
				newer = append(newer, c)
			}
			last = max(last, c.ID)
		}
		changes, e.seen = newer, last
	}
	return changes, err
}

// trusting is the database as the commands use it.
func trusting(db *database.DB, plant string) command.Database {
	if plant != Trusting {
		return db
	}
	return believer{db}
}

type believer struct{ *database.DB }

func (b believer) Feed(i *coherence.Instance) coherence.Feed { return blind{b.DB.Feed(i)} }

type blind struct{ coherence.Feed }

func (blind) Current(time.Time) bool { return true }
