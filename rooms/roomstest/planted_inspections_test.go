package roomstest

import (
	"context"

	"github.com/gorgon-go/gorgon/rooms"
)

// Inspect is that of the sound store, with what is planted.
func (b *bug) Inspect(ctx context.Context, room string) (rooms.Standing, error) {
	st, err := b.sound.Inspect(ctx, b.call(room))
	if err == nil && b.inspect != nil {
		st = b.inspect(b, st)
	}
	return st, err
}

func plantedInspections() []planted {
	of := func(change func(*rooms.Standing)) bug {
		return bug{inspect: func(_ *bug, st rooms.Standing) rooms.Standing {
			change(&st)
			return st
		}}
	}
	return []planted{
		{"no snapshot is said", "a room is said to be where it is", of(func(st *rooms.Standing) { st.Snapshot = rooms.Position{} })},
		{"all entries are said to be stored", "a room is said to be where it is", of(func(st *rooms.Standing) { st.Gone = 0 })},
		{"the key of the owner is said", "the owner is said", of(func(st *rooms.Standing) {
			if st.Owner.ID != "" {
				st.Owner.Key = instance(st.Owner.ID).Key
			}
		})},
		{"an owner without a lease is said", "the owner is said", bug{inspect: func(b *bug, st rooms.Standing) rooms.Standing {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, id := range b.tokens {
				st.Owner = rooms.Instance{ID: id, Address: instance(id).Address}
			}
			return st
		}}},
		{"to inspect a room is to use it", "a room that is inspected", bug{inspect: func(b *bug, st rooms.Standing) rooms.Standing {
			_, _ = b.sound.Append(context.Background(), room, rooms.Append{Build: build, After: st.At, Entries: numbered(1)})
			return st
		}}},
	}
}
