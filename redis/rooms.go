// Rooms in a Redis.

package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/rooms"
)

// RoomsOptions are options of a store of rooms. The zero value works.
type RoomsOptions struct {
	// TLS says how to check the server of a rediss:// location, and which
	// certificate to present. Default: the system's authorities, and the host's
	// name.
	TLS *tls.Config

	// Log is where it is said that the server may lose rooms. Default:
	// slog.Default().
	Log *slog.Logger
}

// Rooms are a store of rooms in a Redis. Make it with [OpenRooms].
type Rooms struct {
	*caller
	scripts roomScripts
	log     *slog.Logger
	checked atomic.Bool // how the server is set up
}

var _ rooms.Log = (*Rooms)(nil)

// OpenRooms opens the store of rooms at a location; see the package
// documentation. It does not contact the server: until the server can be
// reached, the methods fail.
func OpenRooms(ctx context.Context, location string, opts RoomsOptions) (*Rooms, error) {
	c, err := newCaller(ctx, location, "rooms", "RoomsOptions", opts.TLS, rooms.ErrClosed)
	if err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Rooms{caller: c, scripts: newRoomScripts(), log: opts.Log}, nil
}

// Close waits a second for the calls in progress. A second Close has no effect.
func (r *Rooms) Close() error { return r.caller.Close() }

// Beat says that an instance is there.
func (r *Rooms) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) error {
	_, err := r.run(ctx, "begin a lease", r.scripts.beat, i.Check(), []string{r.instance(i.ID)}, i.Address, i.Key, millis(max(lease, time.Millisecond)))
	return err
}

// Leave ends the lease of an instance.
func (r *Rooms) Leave(ctx context.Context, instance string) error {
	_, err := r.call(ctx, "end a lease", true, nil, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{c.Do(ctx, c.B().Del().Key(r.instance(instance)).Build())}
	})
	return err
}

// Claim gives a room to an instance, or says who owns it.
func (r *Rooms) Claim(ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
	const doing = "claim a room"
	answer, err := r.run(ctx, doing, r.scripts.claim, c.Check(room), r.keys(room),
		room, c.Instance, c.Build, micros(max(c.Age, 0)), seq(c.Over), micros(rooms.TakeOver))
	if err != nil {
		return rooms.Seat{}, err
	}
	said, err := answer.AsStrSlice()
	switch {
	case err == nil && len(said) == 1 && said[0] == "absent":
		return rooms.Seat{}, rooms.ErrAbsent
	case err == nil && len(said) == 1 && said[0] == "superseded":
		return rooms.Seat{}, rooms.ErrSuperseded
	case err == nil && len(said) != 5:
		err = errors.New("the server's answer is too short")
	}
	var seat rooms.Seat
	if err == nil {
		seat.Owner = rooms.Instance{ID: said[2], Address: said[3], Key: said[4]}
		seat.Mine = c.Instance != "" && c.Instance == said[2]
		seat.Token, err = strconv.ParseUint(said[1], 10, 64)
	}
	return seat, r.explain(ctx, doing, err)
}

// Release gives up a room.
func (r *Rooms) Release(ctx context.Context, room string, token uint64) error {
	_, err := r.run(ctx, "release a room", r.scripts.release, rooms.Check(room), r.keys(room), seq(token))
	return err
}

// Append appends entries.
func (r *Rooms) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	check := a.Check(room)
	if check == nil && a.After.Seq > most {
		check = rooms.ErrMoved
	}
	at := a.After
	args := []string{room, seq(at.Seq), chain(at), seq(a.Token), a.Build, "", ""}
	for _, entry := range a.Entries {
		at = at.Next(entry)
		args = append(args, stored(at, entry))
	}
	args[5], args[6] = seq(at.Seq), chain(at)
	if err := r.moved(ctx, "append to a room", r.scripts.append, check, room, args...); err != nil {
		return rooms.Position{}, err
	}
	return at, nil
}

// Read reads the end of a room's log.
func (r *Rooms) Read(ctx context.Context, room string, after uint64, limit int) (rooms.Tail, error) {
	const doing = "read a room"
	answer, err := r.run(ctx, doing, r.scripts.read, rooms.Check(room), r.keys(room), seq(min(after, most)), strconv.Itoa(min(max(limit, 0), 1<<31-1)))
	if err != nil {
		return rooms.Tail{}, err
	}
	t, err := tail(answer)
	return t, r.explain(ctx, doing, err)
}

func tail(answer rueidis.RedisMessage) (t rooms.Tail, err error) {
	list, err := parts(answer, 6)
	if err != nil {
		return t, err
	}
	if t.At, err = position(word(list[0]), word(list[1])); err != nil {
		return t, err
	}
	if t.From, err = position(word(list[2]), word(list[3])); err != nil {
		return t, err
	}
	if !list[4].IsNil() {
		if t.Snapshot, err = list[4].AsBytes(); err != nil {
			return t, err
		}
	}
	entries, err := list[5].ToArray()
	for _, e := range entries {
		data, failed := e.AsBytes()
		if failed != nil || len(data) <= chainSize {
			return t, errors.New("an entry of a room is not one that was appended")
		}
		t.Entries = append(t.Entries, data[chainSize:])
	}
	return t, err
}

// Save stores a snapshot, and removes entries.
func (r *Rooms) Save(ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
	check := rooms.CheckSnapshot(room, snapshot)
	if check == nil && at.Seq > most {
		check = rooms.ErrMoved
	}
	return r.moved(ctx, "save a room", r.scripts.save, check, room, seq(at.Seq), chain(at), seq(min(keep, most)), string(snapshot))
}

// Positions says where rooms are.
func (r *Rooms) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	const doing = "ask where rooms are"
	var check error
	for _, name := range names {
		if check = rooms.Check(name); check != nil {
			break
		}
	}
	results, err := r.call(ctx, doing, true, check, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		commands := make([]rueidis.Completed, len(names))
		for i, name := range names {
			commands[i] = c.B().Hmget().Key(r.room(name)).Field("seq", "chain").Build()
		}
		return c.DoMulti(ctx, commands...)
	})
	if err != nil {
		return nil, err
	}
	list := make([]rooms.Position, len(results))
	for i, result := range results {
		fields, err := result.AsStrSlice()
		if err == nil && len(fields) != 2 {
			err = errors.New("the server's answer is too short")
		}
		if err == nil && fields[0] != "" {
			list[i], err = position(fields[0], fields[1])
		}
		if err != nil {
			return nil, r.explain(ctx, doing, err)
		}
	}
	return list, nil
}

const (
	maxSwept    = 1000 // rooms that one Sweep removes
	sweepLooked = 500  // rooms that one step of it looks at
)

// Sweep removes rooms that are not used any more, in short steps.
func (r *Rooms) Sweep(ctx context.Context, prefix string, age time.Duration) (removed int, err error) {
	const doing = "sweep rooms"
	for from := "[" + prefix; removed < maxSwept; {
		answer, err := r.run(ctx, doing, r.scripts.sweep, nil, []string{r.index()},
			prefix, from, micros(max(age, 0)), strconv.Itoa(maxSwept-removed), strconv.Itoa(sweepLooked))
		if err != nil {
			return removed, err
		}
		list, err := parts(answer, 2)
		if err != nil {
			return removed, r.explain(ctx, doing, err)
		}
		n, err := list[0].AsInt64()
		if err != nil {
			return removed, r.explain(ctx, doing, err)
		}
		removed += int(n)
		last := word(list[1])
		if last == "" {
			break
		}
		from = "(" + last
	}
	return removed, nil
}
