// Rooms in memory.

package mem

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/rooms"
)

// Rooms are a store of rooms, for tests and development: they end with the
// process. Make them with [NewRooms].
type Rooms struct {
	in     *building
	closed atomic.Bool // this handle is
}

// A building is what all handles of a store share.
type building struct {
	mu     sync.Mutex
	rooms  map[string]*room
	leases map[string]roomLease // by the ID of the instance
	token  uint64               // the last one of any room
}

// A room is one that is stored.
type room struct {
	at       rooms.Position
	entries  []roomEntry // the last ones
	snapshot []byte      // nil: there is none
	from     rooms.Position
	owner    string // the ID of an instance, with a lease or without
	token    uint64
	over     time.Time // when it was last taken from an owner with a lease
	build    string
	born     time.Time // when the latest process of that build was started that has had it; zero: none has
	used     time.Time
}

// A roomEntry is an entry, and where the room was after it.
type roomEntry struct {
	data []byte
	at   rooms.Position
}

type roomLease struct {
	rooms.Instance
	until time.Time
}

var _ rooms.Log = (*Rooms)(nil)

// NewRooms returns a store without rooms. It begins nothing in the background, and
// its clock is [time.Now].
func NewRooms() *Rooms {
	return &Rooms{in: &building{rooms: map[string]*room{}, leases: map[string]roomLease{}}}
}

// Handle returns another handle on the same store, as another process would have.
// Closing one does not close the other.
func (m *Rooms) Handle() *Rooms { return &Rooms{in: m.in} }

// Needs says that all members of a room have to reach the one process that has it.
func (*Rooms) Needs() []gorgon.Need { return []gorgon.Need{gorgon.NeedMemory} }

// begin locks the store for a call, unless that cannot be made.
func (m *Rooms) begin(ctx context.Context, checks ...error) (b *building, now time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return nil, now, err
	}
	if m.closed.Load() {
		return nil, now, rooms.ErrClosed
	}
	if err := cmp.Or(checks...); err != nil {
		return nil, now, err
	}
	m.in.mu.Lock()
	return m.in, time.Now(), nil
}

// Beat says that an instance is there.
func (m *Rooms) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) error {
	b, now, err := m.begin(ctx, i.Check())
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	for id, l := range b.leases {
		if !now.Before(l.until) {
			delete(b.leases, id)
		}
	}
	b.leases[i.ID] = roomLease{i, now.Add(lease)}
	return nil
}

// Leave ends the lease of an instance.
func (m *Rooms) Leave(ctx context.Context, instance string) error {
	b, _, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	delete(b.leases, instance)
	return nil
}

// lease is the lease of an instance.
func (b *building) lease(id string, now time.Time) (i rooms.Instance, ok bool) {
	l := b.leases[id]
	return l.Instance, now.Before(l.until)
}

// room finds a room, or makes it.
func (b *building) room(name string) *room {
	r := b.rooms[name]
	if r == nil {
		r = new(room)
		b.rooms[name] = r
	}
	return r
}

// Claim gives a room to an instance, or says who owns it.
func (m *Rooms) Claim(ctx context.Context, name string, c rooms.Claim) (rooms.Seat, error) {
	b, now, err := m.begin(ctx, c.Check(name))
	if err != nil {
		return rooms.Seat{}, err
	}
	defer b.mu.Unlock()
	self, ok := b.lease(c.Instance, now)
	if c.Instance != "" && !ok {
		return rooms.Seat{}, rooms.ErrAbsent
	}
	r := b.room(name)
	owner, owned := b.lease(r.owner, now)
	over := owned && c.Over != 0 && c.Over == r.token && (r.over.IsZero() || now.Sub(r.over) >= rooms.TakeOver)
	if owned && (c.Instance == "" || r.owner != c.Instance && !over) {
		return rooms.Seat{Token: r.token, Owner: owner}, nil
	}
	born := now.Add(-max(c.Age, 0))
	if r.build != c.Build && r.born.After(born) {
		return rooms.Seat{}, rooms.ErrSuperseded
	}
	switch {
	case c.Instance == "":
		r.give(c.Build, born, now)
		return rooms.Seat{Token: r.token}, nil
	case !owned:
		b.token++
		r.owner, r.token = c.Instance, b.token
	case r.owner != c.Instance:
		b.token++
		r.owner, r.token, r.over = c.Instance, b.token, now
	}
	r.give(c.Build, born, now)
	return rooms.Seat{Token: r.token, Mine: true, Owner: self}, nil
}

// give notes that a process of a build has a room.
func (r *room) give(build string, born, now time.Time) {
	if r.build != build || r.born.Before(born) {
		r.build, r.born = build, born
	}
	r.used = now
}

// Release gives up a room.
func (m *Rooms) Release(ctx context.Context, name string, token uint64) error {
	b, _, err := m.begin(ctx, rooms.Check(name))
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	if r := b.rooms[name]; r != nil && r.token == token {
		r.owner = ""
	}
	return nil
}

// Append appends entries.
func (m *Rooms) Append(ctx context.Context, name string, a rooms.Append) (rooms.Position, error) {
	b, now, err := m.begin(ctx, a.Check(name))
	if err != nil {
		return rooms.Position{}, err
	}
	defer b.mu.Unlock()
	r := cmp.Or(b.rooms[name], &room{})
	if r.at != a.After || a.Token != 0 && a.Token != r.token || !r.born.IsZero() && r.build != a.Build {
		return rooms.Position{}, rooms.ErrMoved
	}
	b.rooms[name] = r
	for _, data := range a.Entries {
		r.at = r.at.Next(data)
		r.entries = append(r.entries, roomEntry{slices.Clone(data), r.at})
	}
	r.used = now
	return r.at, nil
}

// Read reads the end of a room's log.
func (m *Rooms) Read(ctx context.Context, name string, seq uint64, limit int) (rooms.Tail, error) {
	b, _, err := m.begin(ctx, rooms.Check(name))
	if err != nil {
		return rooms.Tail{}, err
	}
	defer b.mu.Unlock()
	r := b.rooms[name]
	if r == nil {
		return rooms.Tail{}, nil
	}
	t := rooms.Tail{At: r.at, From: rooms.Position{Seq: seq}}
	if beyond := seq > r.at.Seq; beyond || seq < r.gone() {
		t.From = rooms.Position{}
		if r.snapshot != nil {
			t.Snapshot, t.From = slices.Clone(r.snapshot), r.from
		}
	}
	for _, e := range r.entries[t.From.Seq-r.gone():] {
		if len(t.Entries) >= limit {
			break
		}
		t.Entries = append(t.Entries, slices.Clone(e.data))
	}
	return t, nil
}

// gone is how many entries are not stored any more.
func (r *room) gone() uint64 { return r.at.Seq - uint64(len(r.entries)) }

// passed says whether a room has come to a position. It is only asked about those
// from the snapshot on: all entries after that are stored.
func (r *room) passed(at rooms.Position) bool {
	switch {
	case at.Seq > r.at.Seq:
		return false
	case at.Seq == r.from.Seq:
		return at == r.from // both are zero without a snapshot
	}
	return r.entries[at.Seq-r.gone()-1].at == at
}

// Save stores a snapshot, and removes entries.
func (m *Rooms) Save(ctx context.Context, name string, at rooms.Position, snapshot []byte, keep uint64) error {
	b, _, err := m.begin(ctx, rooms.CheckSnapshot(name, snapshot))
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	r := cmp.Or(b.rooms[name], &room{})
	switch {
	case r.snapshot != nil && at.Seq < r.from.Seq:
		return nil
	case !r.passed(at):
		return rooms.ErrMoved
	case b.rooms[name] == nil:
		return nil
	}
	r.snapshot, r.from = slices.Clone(snapshot), at
	if keep < at.Seq && at.Seq-keep > r.gone() {
		r.entries = slices.Clone(r.entries[at.Seq-keep-r.gone():])
	}
	return nil
}

// Positions says where rooms are.
func (m *Rooms) Positions(ctx context.Context, names []string) ([]rooms.Position, error) {
	checks := make([]error, len(names))
	for i, name := range names {
		checks[i] = rooms.Check(name)
	}
	b, _, err := m.begin(ctx, checks...)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	list := make([]rooms.Position, len(names))
	for i, name := range names {
		if r := b.rooms[name]; r != nil {
			list[i] = r.at
		}
	}
	return list, nil
}

// maxSwept is how many rooms one Sweep removes.
const maxSwept = 1000

// Sweep removes rooms that are not used any more.
func (m *Rooms) Sweep(ctx context.Context, prefix string, age time.Duration) (int, error) {
	b, now, err := m.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer b.mu.Unlock()
	n := 0
	for name, r := range b.rooms {
		if n == maxSwept {
			break
		}
		if _, owned := b.lease(r.owner, now); !owned && strings.HasPrefix(name, prefix) && now.Sub(r.used) >= age {
			delete(b.rooms, name)
			n++
		}
	}
	return n, nil
}

// Close closes this handle.
func (m *Rooms) Close() error {
	m.closed.Store(true)
	return nil
}
