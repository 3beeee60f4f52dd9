// How a room stands.

package mem

import (
	"context"

	"github.com/gorgon-go/gorgon/rooms"
)

var _ rooms.Inspector = (*Rooms)(nil)

// Inspect says how a room stands.
func (m *Rooms) Inspect(ctx context.Context, name string) (rooms.Standing, error) {
	s := rooms.Standing{Store: "the memory of one process"}
	b, now, err := m.begin(ctx, rooms.Check(name))
	if err != nil {
		return rooms.Standing{}, err
	}
	defer b.mu.Unlock()
	r := b.rooms[name]
	if r == nil {
		return s, nil
	}
	s.At, s.Snapshot, s.Gone, s.Used, s.Build = r.at, r.from, r.gone(), now.Sub(r.used), r.build
	if owner, ok := b.lease(r.owner, now); ok {
		s.Owner = rooms.Instance{ID: owner.ID, Address: owner.Address}
		s.Until = b.leases[r.owner].until.Sub(now)
	}
	return s, nil
}
