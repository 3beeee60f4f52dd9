// Package sessions is the contract for storing what proves who a visitor is:
// sessions, API tokens, single-use tokens, passkeys; and how much of a limit is
// spent.
//
// # Records
//
// A [Record] is found by its [ID], the SHA-256 of a secret that the store never
// sees: who reads the store cannot use what it holds. A record belongs to a
// user, and is of a kind, such as "session". Its data is the caller's business.
//
// Records are few and small: one is read on a request whose instance does not
// have it in memory.
//
// # Time
//
// Callers decide by their own clock whether a record has expired. A store may
// forget a record from an hour after it has expired ([Grace]), by its own clock,
// and removes such records by itself, some with every few Puts. It never forgets
// another, and one that has expired and is not forgotten is found as any other.
//
// Limits are counted by the clock of the store, since all instances share it.
//
// # Laws
//
// Once Take, Replace or Revoke has returned, the old record is never found
// again, by any process, whatever runs at the same time: a Touch does not bring
// it back, and a Replace that runs at the same time as a Revoke leaves nothing.
// Of several callers that Take or Replace one record, one succeeds.
//
// What no store accepts, such as a kind with a space, is refused by all of them
// with [ErrInvalid] and changes nothing; see [Record.Check].
//
// A store that lies in a database which notes what loaders read and requests
// commit keeps its own statements out of that: see package dataflow.
//
// Stores are tested by package sessionstest.
package sessions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// Errors of a [Store], found with [errors.Is]. Every other error is a fault of
// the store, and may be temporary.
var (
	ErrNotFound = errors.New("no such record")
	ErrExists   = errors.New("a record with this ID exists")
	ErrClosed   = errors.New("the store of sessions is closed")
	ErrLayout   = errors.New("the tables of sessions are missing or old: run the migrate command")
)

// An ID finds a record: the SHA-256 of its secret.
type ID [sha256.Size]byte

// IDOf is the ID of a secret.
func IDOf(secret string) ID { return sha256.Sum256([]byte(secret)) }

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// A Record is what a store keeps under an ID.
type Record struct {
	ID      ID
	Kind    string    // 1 to 40 lower-case letters, digits and dashes
	User    string    // whose it is, at most 200 bytes of UTF-8; "" if that is not known
	Data    []byte    // at most MaxData bytes
	Made    time.Time // stored to the millisecond, rounded down, as all times are; given back in UTC
	Used    time.Time // about when it was last used
	Expires time.Time // zero: never
}

// MaxData is how much data a record may have, in bytes.
const MaxData = 16 << 10

// Expired says whether a record has expired.
func (r *Record) Expired(now time.Time) bool { return !r.Expires.IsZero() && !now.Before(r.Expires) }

// A Store keeps records and what of limits is spent. It is safe for concurrent
// use, and by several processes at once if its technology allows. A call whose
// context has ended fails with the context's error. After Close every method
// fails with [ErrClosed].
type Store interface {
	// Get reads a record of a kind: ErrNotFound if there is none, or it is of
	// another kind.
	Get(ctx context.Context, kind string, id ID) (Record, error)

	// Put adds a record: ErrExists if its ID is taken, of whatever kind.
	Put(ctx context.Context, r Record) error

	// Replace puts a record in the place of another one of the same kind, in
	// one step: ErrNotFound, and nothing is added, if that is not there;
	// ErrExists, and it stays, if the ID of the new one is taken by a third.
	Replace(ctx context.Context, old ID, r Record) error

	// Touch sets when a record was used and when it expires (the zero time:
	// never), and nothing else:
	// ErrNotFound if it is not there.
	Touch(ctx context.Context, kind string, id ID, used, expires time.Time) error

	// Take removes a record and returns it: ErrNotFound if it is not there.
	Take(ctx context.Context, kind string, id ID) (Record, error)

	// List lists the records of a kind that a user has, the oldest first by
	// Made, then by ID, at most 1,000. The user is not "".
	List(ctx context.Context, kind, user string) ([]Record, error)

	// Revoke removes the records of a kind that a user has, of all kinds if
	// kind is "", except those with the given IDs, and says how many it has
	// removed. The user is not "".
	Revoke(ctx context.Context, kind, user string, except ...ID) (int, error)

	// Spend takes one unit of a limit: 0 if there was one. If there was none,
	// it changes nothing, and returns how long it takes until there is one. Keys
	// have at most 200 bytes. What is spent is forgotten when all of it has
	// come back.
	Spend(ctx context.Context, key string, rate Rate) (wait time.Duration, err error)

	// Close releases the store's resources. A second Close has no effect.
	Close() error
}
