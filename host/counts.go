// What is counted, for monitoring.

package host

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// counts are numbers of this instance since it was started.
type counts struct {
	accepted, refused atomic.Uint64 // operations
	owned, taken      atomic.Uint64 // rooms that it got; those that it took from an owner with a lease
}

// claimed counts that a room is owned now.
func (h *Host) claimed(over bool) {
	h.counts.owned.Add(1)
	if over {
		h.counts.taken.Add(1)
	}
}

// State adds what is known of rooms.
func (h *Host) State(to *metrics.State) {
	for _, r := range h.all() {
		to.Rooms++
		if r.token.Load() != 0 {
			to.RoomsOwned++
		}
		to.RoomMembers += int64(r.audience.count())
	}
	to.RoomOps, to.RoomRefused = h.counts.accepted.Load(), h.counts.refused.Load()
	to.RoomsClaimed, to.RoomsTaken = h.counts.owned.Load(), h.counts.taken.Load()
}

// List lists the rooms that this instance has copies of, by name.
func (h *Host) List(context.Context) ([]operate.Room, error) {
	var list []operate.Room
	for _, r := range h.all() {
		list = append(list, operate.Room{Name: r.name, Owned: r.token.Load() != 0, At: r.seq.Load(), Members: r.audience.count()})
	}
	slices.SortFunc(list, func(a, b operate.Room) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
