// Package pages is the contract for storing pages.
//
// An [Entry] is one whole page: its state, its HTML, its times and its origin.
// A [Store] keeps entries as records, one atomic blob each, and also the
// purges: which subjects were declared out of date, and when.
//
// # Sequence, epochs, fences
//
// A store numbers its purges: 1, 2, 3, … The latest number is the store's
// sequence. It never decreases and stays below 2^53.
//
// An entry carries its epoch: the sequence as it was read before the entry's
// loader ran. Each purge names subjects (a path, a tag, a route, or all), and
// an entry is out of date exactly if one of its subjects was purged after its
// epoch. So a purge costs the same however many entries it affects, and the
// tags of an entry need not be known before the entry is made.
//
// A [Fence] makes a write conditional: an entry of an earlier epoch never
// replaces one of a later epoch. An entry that was purged while it was being
// made is stored all the same, if the store has nothing later. It is out of
// date from the start, as every reader can tell from its epoch, but newer than
// the entry it replaces. So a purge is never undone, and a page whose subject
// is purged faster than the page can be made is at most one version late.
//
// A lease gives one of several instances the right to make a page. Its token,
// which only grows, is part of the fence too, so that a paused holder cannot
// overwrite the result of its successor.
//
// # A store that went back
//
// Data may be lost: a backup is restored, or a standby takes over that missed
// the latest purges. A driver remembers the highest sequence it has seen in
// this process. An operation that reads a lower one first raises the sequence
// to [Beyond] the highest, and marks All as purged and expired at that number.
// A store that lost its whole record of purges does the same.
//
// # A store that is replaced
//
// If the folder or file of a store can be removed or replaced while the store
// is open, the driver notices within a second. From then on every operation
// either fails with an error that says so, or works on the new folder or file;
// the latter counts as a store that went back.
//
// # Owners
//
// A store belongs to one app in one environment, which claims it with Claim.
//
// Drivers are tested by package pagestest.
package pages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"
)

// Errors of a [Store], found with [errors.Is]. Every other error is a fault of
// the store, and may be temporary.
var (
	ErrNotFound = errors.New("no such record")
	ErrCorrupt  = errors.New("the record is corrupt") // to be treated as missing, and replaced
	ErrFenced   = errors.New("the write came too late")
	ErrHeld     = errors.New("the lease is held by another")
	ErrReadOnly = errors.New("the store is read-only")
	ErrLayout   = errors.New("the store is not laid out for this version") // see Migrator
	ErrClosed   = errors.New("the store is closed")
	ErrForeign  = errors.New("the store belongs to another") // see ForeignError
)

// A ForeignError is returned to a caller that does not own the store, and names
// the owner. It is an [ErrForeign].
type ForeignError struct{ Owner string }

func (e *ForeignError) Error() string { return fmt.Sprintf("the store belongs to %q", e.Owner) }

// Is makes the error an [ErrForeign].
func (e *ForeignError) Is(target error) bool { return target == ErrForeign }

// A Store keeps records, purges and leases. It is safe for concurrent use and,
// if its technology allows, for use by several processes at once. After Close
// every method fails with [ErrClosed].
//
// A store may also be a [Sequencer], an [Acknowledger], a [Placed], a [Sweeper] or
// a [Migrator].
type Store interface {
	// Get reads the record of a key as it was last put: whole, or not at all.
	// It fails with ErrNotFound or ErrCorrupt. The caller must not change the
	// data.
	Get(ctx context.Context, key Key) (Record, error)

	// Put writes a whole record with its epoch, replacing the one that is
	// there, unless the fence refuses: ErrFenced. The check and the write are
	// one atomic step. Put does not retain the data after it has returned.
	Put(ctx context.Context, record Record, fence Fence) error

	// Delete removes the record of a key, if there is one, unless the fence
	// refuses: ErrFenced.
	Delete(ctx context.Context, key Key, fence Fence) error

	// Epochs reads the sequence and the marks of subjects, in the order asked
	// for: a purge of All changes the mark of All alone. It takes one round
	// trip.
	Epochs(ctx context.Context, subjects ...string) (Epochs, error)

	// Bump purges subjects: it adds one to the sequence and returns the new
	// sequence. Once it has returned, the purge survives a crash, and power
	// loss if the technology can. All subjects of one call get the same number.
	// Bump does not check the form of the subjects; see CheckSubject.
	Bump(ctx context.Context, verb Verb, subjects ...string) (uint64, error)

	// Changes lists the purges after a sequence, oldest first, with all
	// subjects of a purge or none. A store may forget old purges: those up to
	// floor may be missing, and Epochs reports what is still known of them.
	Changes(ctx context.Context, since uint64) (list []Change, floor uint64, err error)

	// Wait returns when there may be purges after a sequence, made by any
	// instance, or with an error if it cannot find out. It is a hint: it may
	// return too often.
	Wait(ctx context.Context, since uint64) error

	// Lease acquires the right to make the page of a key, for at most ttl.
	// While another holds it, Lease returns that lease and ErrHeld. The tokens
	// of a key only grow, also after a lease expired or was released.
	//
	// The claim names one attempt of one holder to make the page, and no other.
	// While a lease is held, a call with the claim that it was granted to is
	// granted the same lease again, with the same token and end, so that a lost
	// answer can be asked for once more. A claim is not empty, and at most 200
	// bytes long.
	Lease(ctx context.Context, key Key, claim string, ttl time.Duration) (Lease, error)

	// Release gives a lease back. Releasing one that has expired, or was taken
	// over, changes nothing and is not an error.
	Release(ctx context.Context, lease Lease) error

	// Claim says that the store belongs to an owner: an app in an environment,
	// as "shop/production". The first call records the owner; a store that was
	// used before stores had owners is adopted. If the store belongs to another
	// owner, Claim changes nothing and fails with a ForeignError, unless
	// takeOver is set: then it replaces the owner and purges All, by Expire. A
	// store without an owner that cannot be written to is accepted.
	Claim(ctx context.Context, owner string, takeOver bool) error

	// Close releases the store's resources. A second Close has no effect.
	Close() error
}

// A Record is an entry in the form that a store keeps.
type Record struct {
	Key   Key
	Data  []byte
	Epoch uint64 // the sequence before the entry's loader ran; 0 in records written before records had epochs
}

// A Fence is the condition of a write.
type Fence struct {
	Epoch uint64 // refuse if the record in the store has a later epoch
	Token uint64 // refuse if a later lease of the key was granted, or may have been: a store may forget leases that were released or expired long ago. 0: do not check
}

// Unfenced never refuses.
var Unfenced = Fence{Epoch: math.MaxUint64}

// Beyond returns the number from which a store continues its sequence after it
// went back or lost its record of purges: later than the latest known one, and
// than any that another instance may have seen.
func Beyond(known uint64, now time.Time) uint64 {
	return max(known+1, uint64(max(now.UnixMicro(), 0)))
}

// A Verb says what a purge demands.
type Verb uint8

const (
	Stale  Verb = iota + 1 // serve the old entry, and regenerate it in the background
	Expire                 // visitors wait for the new entry
)

func (v Verb) String() string {
	if v == Expire {
		return "expire"
	}
	return "stale"
}

// Epochs is the state of purges at one moment.
type Epochs struct {
	Sequence uint64
	Marks    []Mark // one for each subject asked for
}

// A Mark says when a subject was last purged; zero for never. A store that has
// forgotten old purges answers with the latest forgotten one instead.
type Mark struct {
	Sequence  uint64 // of the last purge, by either verb
	At        time.Time
	Expired   uint64 // of the last purge that demands Expire
	ExpiredAt time.Time
}

// Merge returns the later of two marks, field by field.
func (m Mark) Merge(o Mark) Mark {
	if o.Sequence > m.Sequence {
		m.Sequence, m.At = o.Sequence, o.At
	}
	if o.Expired > m.Expired {
		m.Expired, m.ExpiredAt = o.Expired, o.ExpiredAt
	}
	return m
}

// A Lease is the right to make one page.
type Lease struct {
	Key   Key
	Token uint64
	Until time.Time
}

// Info is what a store that can list its records reports about one without
// reading its data. Only the conformance kit lists records.
type Info struct {
	Key  Key
	Size int64     // the bytes that it takes in the store
	Used time.Time // about when it was last read or written
}

// A Change is one purge of one subject.
type Change struct {
	Sequence uint64
	Verb     Verb
	Subject  string
	At       time.Time
}

// Mark returns the change as the mark of its subject.
func (c Change) Mark() Mark {
	m := Mark{Sequence: c.Sequence, At: c.At}
	if c.Verb == Expire {
		m.Expired, m.ExpiredAt = c.Sequence, c.At
	}
	return m
}

// A Sequencer is a store that knows its sequence without a round trip, cheaply
// enough to be asked on every request.
type Sequencer interface {
	// Sequence returns at least the number of every Bump that has returned in
	// any process. It never blocks for long; after Close it returns the last
	// known number.
	Sequence() uint64
}

// An Acknowledger is a store that knows which purges each instance has seen, so
// that a purge need not wait longer than the slowest instance.
type Acknowledger interface {
	// Acknowledge says that an instance has seen every purge up to a sequence,
	// and will not answer from its memory after ttl without acknowledging
	// again. It returns the store's sequence at the moment when Lagging can see
	// the acknowledgement: a purge made before is included in it, and one made
	// later is waited for. A ttl of 0 removes the instance.
	Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error)

	// Lagging counts the instances whose last acknowledgement is of an earlier
	// sequence and has not expired.
	Lagging(ctx context.Context, sequence uint64) (int, error)
}

// A Placed is a store at a path where something else can be put while programs
// have it open: a folder, a file.
type Placed interface {
	// Noticed returns once every program that had something else open at the
	// path has had time to notice: a second after this store was opened, or
	// switched to what is there. Later it returns at once.
	Noticed(ctx context.Context) error

	// Audience says which programs hear of the purges made in this store, as
	// far as that can be seen from here. It waits as Noticed does.
	Audience(ctx context.Context) (Audience, error)
}

// An Audience is what is known about the programs that should hear of purges.
type Audience struct {
	None bool // no other program has the store open
	Deaf bool // a program still uses what was at the path before, and hears of no purge until it is restarted
}

// Bounds limit what a store holds. A zero field means no limit.
type Bounds struct {
	Bytes    int64 // of all records
	PerRoute int   // of records of one route
}

// Swept reports the result of a sweep.
type Swept struct {
	Removed int
	Freed   int64 // bytes
	Kept    int
	Bytes   int64 // of the remaining records
}

// A Sweeper is a store that can bring itself within bounds by removing the
// least recently used records first. Only one instance sweeps at a time; for
// the others Sweep does nothing and returns [ErrHeld].
type Sweeper interface {
	Sweep(ctx context.Context, bounds Bounds) (Swept, error)
}

// A Migrator is a store whose layout is created and upgraded in a separate
// step, never while it is used. If the layout is missing or of another version,
// every other method fails with ErrLayout.
type Migrator interface {
	// Migrate brings the layout up to date, whatever it was. It is safe to run
	// twice and by several processes at once; if it fails, the layout is
	// unchanged. It returns the names of the steps it took.
	Migrate(ctx context.Context) ([]string, error)
}

// A Driver opens stores of one technology, for command lines.
type Driver struct {
	Schemes []string // the first is the technology's name, such as "disk"
	Remote  bool     // the store is a server that many machines can share, named by a URL. Default: a path on this machine

	// Migrations are what Migrate of its stores applies, to be packaged and
	// read. Default: none; its stores need no such step.
	Migrations fs.FS

	// Open opens the store at a location: the part after "disk:", or the whole
	// URL if it has the form scheme://…. It fails if the location cannot be
	// valid. A server that is unavailable now is not an error: the store's
	// methods fail until it is available.
	Open func(ctx context.Context, location string) (Store, error)
}
