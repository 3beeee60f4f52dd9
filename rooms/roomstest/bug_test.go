// A store whose methods can be replaced by faulty ones.

package roomstest

import (
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
)

type sound = mem.Rooms

// bug is a handle of a sound store except for the methods that are set.
type bug struct {
	*sound
	*shared
	number int // of the handle

	name      func(room string) string // what the store makes of a name
	beat      func(b *bug, ctx context.Context, i rooms.Instance, lease time.Duration) error
	leave     func(b *bug, ctx context.Context, instance string) error
	claim     func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error)
	release   func(b *bug, ctx context.Context, room string, token uint64) error
	append    func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error)
	read      func(b *bug, ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error)
	save      func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error
	positions func(b *bug, ctx context.Context, names []string) ([]rooms.Position, error)
	sweep     func(b *bug, ctx context.Context, prefix string, age time.Duration) (int, error)
	inspect   func(b *bug, st rooms.Standing) rooms.Standing
	close     func(b *bug) error
}

// shared is what the handles of one faulty store know together.
type shared struct {
	mu        sync.Mutex
	instances map[string]rooms.Instance // that have come and not left
	tokens    map[uint64]string         // the instances that they were given to
	made      map[string]time.Time      // rooms, when they were first used
	builds    map[string][]string       // that have had a room, the last one last
	claimed   map[string]time.Time      // when a room was last claimed
	started   map[string]time.Time      // when the process was started that had it last
	asked     map[string]string         // the build that a room is said to have
	saved     map[string]rooms.Tail     // the snapshot that was given last
	kept      map[string][][]byte       // entries as the caller has them
	closed    bool
}

func newShared() *shared {
	return &shared{
		instances: map[string]rooms.Instance{}, tokens: map[uint64]string{}, made: map[string]time.Time{}, builds: map[string][]string{},
		claimed: map[string]time.Time{}, started: map[string]time.Time{}, asked: map[string]string{}, saved: map[string]rooms.Tail{}, kept: map[string][][]byte{},
	}
}

// call notes a room, and is its name in the store.
func (b *bug) call(room string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.name != nil {
		room = b.name(room)
	}
	if b.made[room].IsZero() {
		b.made[room] = time.Now()
	}
	return room
}

func (b *bug) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) (err error) {
	if b.beat != nil {
		err = b.beat(b, ctx, i, lease)
	} else {
		err = b.sound.Beat(ctx, i, lease)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.instances[i.ID] = i
	}
	return err
}

func (b *bug) Leave(ctx context.Context, instance string) error {
	if b.leave != nil {
		return b.leave(b, ctx, instance)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.instances, instance)
	return b.sound.Leave(ctx, instance)
}

func (b *bug) Claim(ctx context.Context, room string, c rooms.Claim) (seat rooms.Seat, err error) {
	room = b.call(room)
	if b.claim != nil {
		seat, err = b.claim(b, ctx, room, c)
	} else {
		seat, err = b.sound.Claim(ctx, room, c)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && (seat.Mine || c.Instance == "") {
		b.tokens[seat.Token], b.claimed[room], b.started[room] = c.Instance, time.Now(), time.Now().Add(-c.Age)
		b.builds[room] = append(b.builds[room], c.Build)
	}
	return seat, err
}

func (b *bug) Release(ctx context.Context, room string, token uint64) error {
	room = b.call(room)
	if b.release != nil {
		return b.release(b, ctx, room, token)
	}
	return b.sound.Release(ctx, room, token)
}

func (b *bug) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	room = b.call(room)
	if b.append != nil {
		return b.append(b, ctx, room, a)
	}
	return b.sound.Append(ctx, room, a)
}

func (b *bug) Read(ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
	room = b.call(room)
	if b.read != nil {
		return b.read(b, ctx, room, seq, limit)
	}
	return b.sound.Read(ctx, room, seq, limit)
}

func (b *bug) Save(ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
	room = b.call(room)
	if b.save != nil {
		return b.save(b, ctx, room, at, snapshot, keep)
	}
	return b.sound.Save(ctx, room, at, snapshot, keep)
}

func (b *bug) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	list := append([]string{}, names...)
	for i := range list {
		list[i] = b.call(list[i])
	}
	if b.positions != nil {
		return b.positions(b, ctx, list)
	}
	return b.sound.Positions(ctx, list)
}

func (b *bug) Sweep(ctx context.Context, prefix string, age time.Duration) (int, error) {
	if b.sweep != nil {
		return b.sweep(b, ctx, prefix, age)
	}
	return b.sound.Sweep(ctx, prefix, age)
}

func (b *bug) Close() error {
	if b.close != nil {
		return b.close(b)
	}
	return b.sound.Close()
}

// at is where a room is.
func (b *bug) at(room string) rooms.Position {
	list, err := b.sound.Positions(context.Background(), []string{room})
	if err != nil {
		return rooms.Position{}
	}
	return list[0]
}

// alive says whether an instance has a lease.
func (b *bug) alive(ctx context.Context, id string) bool {
	_, err := b.sound.Claim(ctx, "is alive: "+id, rooms.Claim{Instance: id})
	return err == nil
}

// last is the build that has a room.
func (b *bug) last(room string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if list := b.builds[room]; len(list) > 0 {
		return list[len(list)-1]
	}
	return ""
}

// owner is the seat of a room, as one that claims nothing sees it.
func (b *bug) owner(ctx context.Context, room string) rooms.Seat {
	if b.last(room) == "" {
		return rooms.Seat{} // a question would give it to a build
	}
	seat, err := b.sound.Claim(ctx, room, rooms.Claim{Build: b.last(room)})
	if err != nil {
		return rooms.Seat{}
	}
	return seat
}

// appending is append with what is to be appended changed.
func appending(change func(b *bug, room string, a *rooms.Append)) func(*bug, context.Context, string, rooms.Append) (rooms.Position, error) {
	return func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
		change(b, room, &a)
		return b.sound.Append(ctx, room, a)
	}
}

// claiming is claim with the question changed.
func claiming(change func(b *bug, room string, c *rooms.Claim)) func(*bug, context.Context, string, rooms.Claim) (rooms.Seat, error) {
	return func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
		change(b, room, &c)
		return b.sound.Claim(ctx, room, c)
	}
}

// seating is claim with the answer changed.
func seating(change func(*rooms.Seat)) func(*bug, context.Context, string, rooms.Claim) (rooms.Seat, error) {
	return func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
		seat, err := b.sound.Claim(ctx, room, c)
		if err == nil {
			change(&seat)
		}
		return seat, err
	}
}

// reading is read with the answer changed.
func reading(change func(b *bug, room string, seq uint64, t *rooms.Tail)) func(*bug, context.Context, string, uint64, int) (rooms.Tail, error) {
	return func(b *bug, ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
		t, err := b.sound.Read(ctx, room, seq, limit)
		if err == nil {
			change(b, room, seq, &t)
		}
		return t, err
	}
}

// saving is save with what to keep changed.
func saving(change func(keep uint64) uint64) func(*bug, context.Context, string, rooms.Position, []byte, uint64) error {
	return func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
		return b.sound.Save(ctx, room, at, snapshot, change(keep))
	}
}

// sweeping is sweep of all rooms that match a prefix in a way of its own.
func sweeping(match func(room, prefix string) bool) func(*bug, context.Context, string, time.Duration) (int, error) {
	return func(b *bug, ctx context.Context, prefix string, age time.Duration) (n int, err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for room := range b.made {
			if err == nil && match(room, prefix) {
				var more int
				more, err = b.sound.Sweep(ctx, room, age)
				n += more
			}
		}
		return n, err
	}
}
