// The contract: what stores of rooms do.

package rooms

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// Errors of a [Log], found with [errors.Is].
var (
	ErrInvalid    = errors.New("not valid for a store of rooms")
	ErrMoved      = errors.New("the room is at another position, or another instance owns it")
	ErrAbsent     = errors.New("the instance has no lease")
	ErrSuperseded = errors.New("another build of the app, which was started later, has had the room")
	ErrClosed     = errors.New("the store of rooms is closed")
	ErrLayout     = errors.New("the tables of rooms are missing or old: run the migrate command")
)

// Limits, in bytes.
const (
	MaxRoom     = 200      // of the name of a room, with its kind
	MaxEntry    = 64 << 10 // of an entry
	MaxSnapshot = 16 << 20
	MaxEntries  = 512 // entries of one Append; a number
	MaxAddress  = 300 // of an instance
)

// TakeOver is the time between two takeovers of a room from owners whose leases
// are not over. Two instances that reach the store, and not each other, would
// otherwise take a room from one another with every operation.
const TakeOver = time.Second

// A Position is how far a room has come. The zero Position is that of a room
// without entries.
type Position struct {
	Seq   uint64 // how many entries there are
	Chain uint64 // made of all of them
}

// Next is the position after one more entry.
func (p Position) Next(entry []byte) Position {
	h := fnv.New64a()
	var head [8]byte
	binary.LittleEndian.PutUint64(head[:], p.Chain)
	_, _ = h.Write(head[:])
	_, _ = h.Write(entry)
	return Position{p.Seq + 1, h.Sum64()}
}

// After is the position after more entries.
func (p Position) After(entries [][]byte) Position {
	for _, e := range entries {
		p = p.Next(e)
	}
	return p
}

// String is the position as text: "1042.9f3a55e0c1d2b347".
func (p Position) String() string { return fmt.Sprintf("%d.%016x", p.Seq, p.Chain) }

// ParsePosition reads what [Position.String] wrote.
func ParsePosition(text string) (p Position, ok bool) {
	seq, chain, ok := strings.Cut(text, ".")
	if !ok || len(chain) != 16 {
		return Position{}, false
	}
	var err, err2 error
	p.Seq, err = strconv.ParseUint(seq, 10, 63)
	p.Chain, err2 = strconv.ParseUint(chain, 16, 64)
	if err != nil || err2 != nil {
		return Position{}, false
	}
	return p, true
}

// An Instance is a process that may own rooms.
type Instance struct {
	ID      string // another one for each process
	Address string // that other instances reach it at: "10.0.0.7:8080"
	Key     string // that others show when they call it: who can read the store knows it
}

// A Claim is how an instance asks for a room.
type Claim struct {
	Instance string // its ID; "" for one that others cannot reach: it never owns

	// Over is the token of an owner that does not answer. It loses the room even
	// though its lease is not over, unless the room was taken that way within
	// [TakeOver]. Default: only a free room is taken.
	Over uint64

	// Build names the build of the app, in at most MaxRoom bytes. Age is how long
	// the process has been running.
	Build string
	Age   time.Duration
}

// A Seat says who owns a room.
type Seat struct {
	Token uint64 // another, greater one for each owner; 0: there has been none
	Mine  bool
	Owner Instance // zero if the room has no owner with a lease
}

// An Append is what is to be added to a room.
type Append struct {
	Token   uint64 // of the owner; 0: any, of an instance that does not own
	Build   string // of the last Claim
	After   Position
	Entries [][]byte // at least one, at most MaxEntries
}

// A Tail is the end of a room's log.
type Tail struct {
	At Position // of the room

	// Snapshot is the state at From, if the entries after what was asked for are
	// not all stored any more, or that is beyond the room. nil: there is none, and
	// From.Seq is what was asked for, or 0 if that is beyond the room.
	Snapshot []byte
	From     Position // without a Snapshot, Chain is not set

	Entries [][]byte // that follow From, at most as many as were asked for
}

// A Log stores rooms. It is safe for concurrent use, and by several processes at
// once if its technology allows. Times are those of the store. A call whose
// context has ended fails with the context's error. After Close every method fails
// with [ErrClosed]. A room that was never appended to is at the zero Position.
type Log interface {
	// Beat says that an instance is there, for the time of a lease from now.
	Beat(ctx context.Context, i Instance, lease time.Duration) error

	// Leave ends the lease of an instance: the rooms that it owns have no owner.
	Leave(ctx context.Context, instance string) error

	// Claim gives a room to an instance, if it has no owner with a lease, and says
	// who owns it otherwise. An owner that claims its room again keeps its token.
	// A claim without an instance counts as given if there is no owner. It fails
	// with ErrAbsent if the instance itself has no lease, and with ErrSuperseded
	// if the room would be given, was last given to another build, and a process of
	// that build which has had it was started later. A claim by which the room is
	// not given changes nothing.
	Claim(ctx context.Context, room string, c Claim) (Seat, error)

	// Release gives up a room. It does nothing if the token is not that of the
	// owner.
	Release(ctx context.Context, room string, token uint64) error

	// Append appends entries, all or none. It fails with ErrMoved if the room is
	// not at Append.After, another token than Append.Token was the last one, or the
	// room was last given to another build: nothing is changed then. Whether a lease
	// is over is not asked. Any other error, besides ErrInvalid, says nothing about
	// whether the entries are stored.
	Append(ctx context.Context, room string, a Append) (Position, error)

	// Read reads at most limit entries after seq. If some of these are not stored
	// any more, or seq is more than the room has, it reads the snapshot and what
	// follows that; if seq is more than the room has and no snapshot is stored, all
	// entries. What it reads is of one moment.
	Read(ctx context.Context, room string, seq uint64, limit int) (Tail, error)

	// Save stores a snapshot of a room at a position that it has passed, in place
	// of an older one, and removes entries: all but the last keep before that
	// position. It does nothing if a later snapshot is stored, and fails with
	// ErrMoved if the room has not come to that position: to its Seq, or with
	// another Chain.
	Save(ctx context.Context, room string, at Position, snapshot []byte, keep uint64) error

	// Positions says where rooms are, in the order in which they are given. A room
	// may be given twice, and thousands may be given.
	Positions(ctx context.Context, rooms []string) ([]Position, error)

	// Sweep removes the rooms whose names begin with a prefix ("" for all), which
	// have no owner with a lease, and which were not given or appended to for an
	// age. It removes at most 1,000, and says how many. What is removed is as if it
	// had never been there.
	Sweep(ctx context.Context, prefix string, age time.Duration) (int, error)

	// Close releases the store's resources. A second Close has no effect.
	Close() error
}

// Check says what is wrong with the arguments of a call: the name of a room, and
// what is appended to it.
func Check(room string, entries ...[]byte) error {
	switch {
	case room == "" || len(room) > MaxRoom:
		return fmt.Errorf("%w: the name of a room has %d bytes, and 1 to %d are allowed", ErrInvalid, len(room), MaxRoom)
	case len(entries) > MaxEntries:
		return fmt.Errorf("%w: %d entries at once, and %d are allowed", ErrInvalid, len(entries), MaxEntries)
	}
	for _, e := range entries {
		if len(e) == 0 || len(e) > MaxEntry {
			return fmt.Errorf("%w: an entry has %d bytes, and 1 to %d are allowed", ErrInvalid, len(e), MaxEntry)
		}
	}
	return nil
}

// Check says what is wrong with a claim of a room.
func (c Claim) Check(room string) error {
	if len(c.Instance) > MaxRoom || len(c.Build) > MaxRoom {
		return fmt.Errorf("%w: the ID of an instance and the name of a build have %d bytes at most", ErrInvalid, MaxRoom)
	}
	return Check(room)
}

// Check says what is wrong with what is to be added to a room.
func (a Append) Check(room string) error {
	switch {
	case len(a.Entries) == 0:
		return fmt.Errorf("%w: there is nothing to append", ErrInvalid)
	case len(a.Build) > MaxRoom:
		return fmt.Errorf("%w: the name of a build has %d bytes at most", ErrInvalid, MaxRoom)
	}
	return Check(room, a.Entries...)
}

// CheckSnapshot says what is wrong with a snapshot of a room.
func CheckSnapshot(room string, snapshot []byte) error {
	if len(snapshot) == 0 || len(snapshot) > MaxSnapshot {
		return fmt.Errorf("%w: a snapshot has %d bytes, and 1 to %d are allowed", ErrInvalid, len(snapshot), MaxSnapshot)
	}
	return Check(room)
}

// Check says what is wrong with an instance.
func (i Instance) Check() error {
	if i.ID == "" || len(i.ID) > MaxRoom || len(i.Address) > MaxAddress || len(i.Key) > MaxRoom {
		return fmt.Errorf("%w: an instance has an ID of 1 to %d bytes, an address of %d at most and a key of %d at most", ErrInvalid, MaxRoom, MaxAddress, MaxRoom)
	}
	return nil
}
