// How a room stands.

package redis

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

//go:embed lua/room_inspect.lua
var roomInspectLua string

var _, _ rooms.Inspector = (*Rooms)(nil), (*roomsFrom)(nil)

// Inspect says how a room stands.
func (r *Rooms) Inspect(ctx context.Context, room string) (rooms.Standing, error) {
	const doing = "inspect a room"
	answer, err := r.run(ctx, doing, r.scripts.inspect, rooms.Check(room), r.keys(room))
	if err != nil {
		return rooms.Standing{}, err
	}
	said, err := answer.AsStrSlice()
	if err == nil && len(said) != 10 {
		err = errors.New("the server's answer is too short")
	}
	if err != nil {
		return rooms.Standing{}, r.explain(ctx, doing, err)
	}
	st := rooms.Standing{Store: "Redis", Build: said[6], Owner: rooms.Instance{ID: said[7], Address: said[8]}}
	var idle, rest int64
	var errs [5]error
	st.At, errs[0] = position(said[0], said[1])
	st.Snapshot, errs[1] = position(said[2], said[3])
	st.Gone, errs[2] = strconv.ParseUint(said[4], 10, 64)
	idle, errs[3] = strconv.ParseInt(said[5], 10, 64)
	rest, errs[4] = strconv.ParseInt(said[9], 10, 64)
	st.Used, st.Until = time.Duration(idle)*time.Microsecond, time.Duration(rest)*time.Microsecond
	if err := cmp.Or(errs[:]...); err != nil {
		return rooms.Standing{}, r.explain(ctx, doing, err)
	}
	return st, nil
}

func (f *roomsFrom) Inspect(ctx context.Context, room string) (rooms.Standing, error) {
	s, err := f.get(ctx)
	if err != nil {
		return rooms.Standing{}, err
	}
	return s.Inspect(ctx, room)
}
