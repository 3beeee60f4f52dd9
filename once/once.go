// Package once is the contract for calls that have their effect once, also if
// they are sent several times.
//
// A call is found by its [ID], which its sender decides: a key, or what it
// says. The first one with an ID does the work. What it writes, that it was
// made, and its answer are one commit; the others receive the stored answer.
//
// # Laws
//
// Of any number of calls with one ID, in any number of processes, the work of
// one is committed, and all that end without an error have the same answer,
// byte by byte. If work fails, or its process dies, nothing of it is left, and
// the next call does the work. Once Keep has passed since a call came, a call
// with its ID is a new one.
//
// Ledgers are tested by package oncetest.
package once

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// Errors of a [Ledger], found with [errors.Is].
var (
	ErrOther   = errors.New("a call with this ID came before, with another input")
	ErrRunning = errors.New("a call with this ID is still running")
	ErrLarge   = errors.New("the answer is larger than what is kept: return less, or leave Once out")
)

// MaxAnswer is how large an answer may be, in bytes.
const MaxAnswer = 256 << 10

// A Call is one that has its effect once.
type Call struct {
	ID    [sha256.Size]byte
	Input [sha256.Size]byte // the digest of what it says
	Keep  time.Duration     // how long it is remembered, from when it came; above zero
	Wait  bool              // for one that is running; otherwise it fails with ErrRunning
}

// A Ledger records calls. It is safe for concurrent use.
type Ledger interface {
	// Do calls work, unless a call with this ID has been answered: then it
	// returns that answer and true. The context that work receives is how what
	// it writes becomes part of the commit.
	//
	// An error of work is returned as it is, and nothing is stored. Do does not
	// call work twice. A call with another input than the first one fails with
	// ErrOther, an answer of more than MaxAnswer bytes with ErrLarge; then
	// nothing is stored either. A ledger that cannot tell whether a call of
	// another process is running waits for it.
	Do(ctx context.Context, call Call, work func(ctx context.Context) (answer []byte, err error)) (answer []byte, replayed bool, err error)
}

// Digest is the digest of texts. With a key, who knows the digest and not the
// key cannot try which texts they are.
func Digest(key string, texts ...[]byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, []byte(key))
	for _, text := range texts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(text))) // so that no two lists are alike
		h.Write(n[:])
		h.Write(text)
	}
	h.Sum(sum[:0])
	return sum
}
