// How a room stands, for those who operate an app.

package rooms

import (
	"context"
	"time"
)

// An Inspector is a [Log] that says how a room stands. All stores of Gorgon's are.
type Inspector interface {
	// Inspect says how a room stands, and changes nothing: no owner, no position,
	// and not when the room was last used. A room that is not stored has the zero
	// Standing, but for Store.
	Inspect(ctx context.Context, room string) (Standing, error)
}

// A Standing is how a room stands in its store, at one moment. Durations are by the
// clock of the store.
type Standing struct {
	Store    string // what holds the room, for people
	At       Position
	Snapshot Position      // that the stored snapshot is of; the zero Position without one
	Gone     uint64        // how many entries, from the first on, are not stored any more
	Used     time.Duration // since it was last given to an instance or appended to
	Build    string        // that it was last given to; "" for none
	Owner    Instance      // without its Key; zero if the room has no owner with a lease
	Until    time.Duration // how long that lease still is
}
