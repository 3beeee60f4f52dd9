// Rooms whose place is named by a variable.

package redis

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// RoomsFrom returns the store of rooms whose location is in a variable of the
// environment. The variable is read when the store is first used: a program that is
// only built or planned needs none. Until it is set, and is a location, the methods
// fail. What is returned has the method Loses, like [Rooms].
func RoomsFrom(variable string) rooms.Log {
	return &roomsFrom{from[*Rooms]{variable: variable, what: "rooms", closed: rooms.ErrClosed, make: func(location string) (*Rooms, error) {
		return OpenRooms(context.Background(), location, RoomsOptions{})
	}}}
}

type roomsFrom struct{ from[*Rooms] }

func (f *roomsFrom) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Beat(ctx, i, lease)
}

func (f *roomsFrom) Leave(ctx context.Context, instance string) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Leave(ctx, instance)
}

func (f *roomsFrom) Claim(ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
	s, err := f.get(ctx)
	if err != nil {
		return rooms.Seat{}, err
	}
	return s.Claim(ctx, room, c)
}

func (f *roomsFrom) Release(ctx context.Context, room string, token uint64) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Release(ctx, room, token)
}

func (f *roomsFrom) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	s, err := f.get(ctx)
	if err != nil {
		return rooms.Position{}, err
	}
	return s.Append(ctx, room, a)
}

func (f *roomsFrom) Read(ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
	s, err := f.get(ctx)
	if err != nil {
		return rooms.Tail{}, err
	}
	return s.Read(ctx, room, seq, limit)
}

func (f *roomsFrom) Save(ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
	s, err := f.get(ctx)
	if err != nil {
		return err
	}
	return s.Save(ctx, room, at, snapshot, keep)
}

func (f *roomsFrom) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	s, err := f.get(ctx)
	if err != nil {
		return nil, err
	}
	return s.Positions(ctx, names)
}

func (f *roomsFrom) Sweep(ctx context.Context, prefix string, age time.Duration) (int, error) {
	s, err := f.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Sweep(ctx, prefix, age)
}

// Loses is that of the store.
func (f *roomsFrom) Loses(ctx context.Context) ([]string, error) {
	s, err := f.get(ctx)
	if err != nil {
		return nil, err
	}
	return s.Loses(ctx)
}
