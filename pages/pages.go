// Package pages is the contract for keeping what pages were made of.
//
// An [Entry] is one page, whole: its state, its rendering, its times and
// where it came from. A [Store] keeps entries as records, one atomic blob
// each, and beside them the purges: which subjects were declared out of date,
// and when.
//
// # Sequence, epochs, fences
//
// A store numbers the purges made in it: 1, 2, 3, … That number is the
// store's sequence. It never goes back and stays below 2^53; a store that lost
// its record of purges goes on from a higher number than any before, at which
// everything counts as purged, by either verb.
//
// An entry carries its epoch, the sequence as it was read before the entry's
// generator ran. Each purge names subjects (a path, a tag, a route, or all),
// and an entry is out of date exactly if one of its subjects was purged after
// its epoch. So a purge costs the same however many entries it concerns, and
// nothing has to know an entry's tags before the entry is made.
//
// A [Fence] makes a write conditional on the same rule: a page made from old
// data cannot overwrite a purge. A lease lets one of several instances make
// a page; its token, which only grows, is part of the fence too, so that a
// holder that was paused cannot overwrite its successor.
//
// Drivers are tested by package pagestest.
package pages

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Errors of a [Store], found with [errors.Is]. Every other error is a fault
// of the store, and may pass.
var (
	ErrNotFound = errors.New("no such record")
	ErrCorrupt  = errors.New("the record is corrupt") // to be treated as missing, and replaced
	ErrFenced   = errors.New("the write came too late")
	ErrHeld     = errors.New("the lease is held by another")
	ErrReadOnly = errors.New("the store is read-only")
	ErrLayout   = errors.New("the store is not laid out for this version") // see Migrator
	ErrClosed   = errors.New("the store is closed")
)

// A Store keeps records, purges and leases. It is safe for concurrent use,
// and where its technology is, by several processes at once. After Close
// every method fails with [ErrClosed].
//
// A store may also be a [Lister], a [Watcher], a [Sequencer], an
// [Acknowledger], a [Sweeper] or a [Migrator].
type Store interface {
	// Get reads the record of a key as it was last put: whole, or not at
	// all. ErrNotFound, ErrCorrupt. The caller must not change the data.
	Get(ctx context.Context, key Key) (Record, error)

	// Put writes a record whole, replacing the one there is, unless the
	// fence refuses: ErrFenced. The check and the write are one step. It
	// does not keep the data after it returned.
	Put(ctx context.Context, record Record, fence Fence) error

	// Delete removes the record of a key, if there is one, unless the fence
	// refuses: ErrFenced.
	Delete(ctx context.Context, key Key, fence Fence) error

	// Epochs reads the sequence, and when each subject was last purged, in
	// the order asked for: a purge of All marks that subject alone. It is one
	// round trip.
	Epochs(ctx context.Context, subjects ...string) (Epochs, error)

	// Bump purges subjects: it adds one to the sequence and returns it. Once
	// it has returned, the purge outlives a crash, and power loss where the
	// technology can. Every subject of one call gets the same number. It
	// does not ask whether a subject is of a form that makes sense; see
	// CheckSubject.
	Bump(ctx context.Context, verb Verb, subjects ...string) (uint64, error)

	// Lease takes the right to make the page of a key, for at most ttl.
	// ErrHeld, with the lease of the other, while another holds it. Tokens
	// of one key only grow, also after the lease ran out or was released.
	Lease(ctx context.Context, key Key, ttl time.Duration) (Lease, error)

	// Release gives a lease back. One that has run out, or was taken over,
	// is no error and changes nothing.
	Release(ctx context.Context, lease Lease) error

	// Close lets go of everything the store holds. A second Close is no error.
	Close() error
}

// A Record is an entry as a store keeps it.
type Record struct {
	Key  Key
	Data []byte
}

// A Fence says under which condition a write may happen. The zero Fence
// never refuses.
type Fence struct {
	Subjects []string // refuse if any of these was purged …
	Epoch    uint64   // … after this sequence
	Token    uint64   // refuse if a later lease of the key was granted, or may have been: a store may forget leases that were given back or ran out long ago. 0: do not ask
}

// A Verb says what a purge demands.
type Verb uint8

const (
	Stale  Verb = iota + 1 // serve the old entry, refresh it behind
	Expire                 // visitors wait for the new one
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

// A Mark says when a subject was last purged; zero for never. A store that
// forgets old purges answers with the latest forgotten one instead.
type Mark struct {
	Sequence  uint64 // of the last purge, by either verb
	At        time.Time
	Expired   uint64 // of the last one that demands Expire
	ExpiredAt time.Time
}

// Merge takes the later of two marks, field by field.
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

// Info is what a [Lister] tells of a record without reading its data.
type Info struct {
	Key  Key
	Size int64     // bytes that it takes in the store
	Used time.Time // about when it was last read or written
}

// A Lister is a store that can list its records.
type Lister interface {
	// List calls yield for each record, in no order, until it returns false.
	// A record that is put or deleted meanwhile may or may not be seen.
	List(ctx context.Context, yield func(Info) bool) error
}

// A Change is one purge of one subject.
type Change struct {
	Sequence uint64
	Verb     Verb
	Subject  string
	At       time.Time
}

// Mark is the change as the last purge of its subject.
func (c Change) Mark() Mark {
	m := Mark{Sequence: c.Sequence, At: c.At}
	if c.Verb == Expire {
		m.Expired, m.ExpiredAt = c.Sequence, c.At
	}
	return m
}

// A Watcher is a store that can tell of purges made elsewhere.
type Watcher interface {
	// Changes lists the purges after a sequence, oldest first, every subject
	// of a purge or none. A store may forget old purges: those up to floor
	// may be missing, and Epochs tells what is still known of them.
	Changes(ctx context.Context, since uint64) (list []Change, floor uint64, err error)

	// Wait returns when there may be purges after a sequence, or with an
	// error when it cannot tell.
	Wait(ctx context.Context, since uint64) error
}

// A Sequencer is a store that knows its sequence without a round trip,
// cheaply enough to be asked at every request. It is a [Watcher] too.
type Sequencer interface {
	// Sequence is at least that of every Bump that has returned anywhere. It
	// never blocks for long; after Close it is the last that was known.
	Sequence() uint64
}

// An Acknowledger is a store that knows how far each instance has heard of
// purges, so that who purges need wait no longer than the slowest of them.
type Acknowledger interface {
	// Acknowledge says that an instance has heard of every purge up to a
	// sequence, and will not answer from its memory after ttl without saying
	// so again. It returns the store's sequence as it is once Lagging can see
	// the acknowledgement: a purge made before then is in it, and one made
	// later is waited for. A ttl of 0 takes the instance out.
	Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error)

	// Lagging counts the instances whose last acknowledgement is of an
	// earlier sequence and has not run out.
	Lagging(ctx context.Context, sequence uint64) (int, error)
}

// Bounds limit what a store holds. A zero field is no limit.
type Bounds struct {
	Bytes    int64 // of all records
	PerRoute int   // records of one route
}

// Swept says what a sweep did.
type Swept struct {
	Removed int
	Freed   int64 // bytes
	Kept    int
	Bytes   int64 // of the records kept
}

// A Sweeper is a store that can bring itself under bounds, the least recently
// used records going first. Only one instance sweeps at a time; for the
// others Sweep does nothing and returns [ErrHeld].
type Sweeper interface {
	Sweep(ctx context.Context, bounds Bounds) (Swept, error)
}

// A Migrator is a store whose layout is made, and brought up to date, by a
// step of its own and never while it is used. Where the layout is missing or
// of another version, every other method fails with ErrLayout.
type Migrator interface {
	// Migrate brings the layout up to date, whatever it was. It is safe to
	// run twice and by many at once; a failure leaves the layout as it was.
	// It returns the names of the steps it took.
	Migrate(ctx context.Context) ([]string, error)
}

// A Driver opens stores of one technology, for command lines.
type Driver struct {
	Schemes []string // the first is the technology's name: "disk"
	Remote  bool     // a server that many machines can share, and that a URL names. Default: a path on this one

	// Migrations are what Migrate of its stores applies, for packages to
	// carry and people to read. Default: none; its stores need no such step.
	Migrations fs.FS

	// Open opens the store at a location, which is what follows "disk:", or
	// the whole URL where it has the form scheme://…. It fails if the
	// location cannot be right. A server that is away now is no error: the
	// store's methods fail until it is there.
	Open func(ctx context.Context, location string) (Store, error)
}
