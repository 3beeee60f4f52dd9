// The harness: how the laws are run against a ledger.

// Package oncetest tests ledgers against the contract of package once. Each law
// is one sentence. It is the name of its subtest and is printed when the ledger
// breaks it.
package oncetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/once"
)

// A Place is a new, empty ledger, and what its work writes.
type Place struct {
	// Ledgers are those of several processes, two at least.
	Ledgers []once.Ledger

	// Write writes a note, with the context of work.
	Write func(ctx context.Context, note string) error

	// Notes are those that are committed.
	Notes func() ([]string, error)

	// Kept is how many calls the ledger has.
	Kept func() (int, error)

	// Pass lets time pass on the clock of the ledgers, and Asked is how often
	// they have asked it.
	Pass  func(d time.Duration)
	Asked func() int64
}

// timeout is how long one law may take.
const timeout = time.Minute

// Run tests a ledger, with one subtest for each law.
func Run(t *testing.T, open func(t *testing.T) Place) {
	for _, l := range laws() {
		t.Run(l.says, func(t *testing.T) {
			if err := try(t, l, timeout, open); err != nil {
				t.Errorf("broken law: %s\n%v", l.says, err)
			}
		})
	}
}

// A law is one promise of the contract.
type law struct {
	says  string
	check func(e *env) error
}

// env is what a law runs with: a place of its own and a context that ends.
type env struct {
	Place
	ctx context.Context
}

func try(t *testing.T, l law, timeout time.Duration, open func(t *testing.T) Place) error {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	e := &env{open(t), ctx}
	done := make(chan error, 1)
	go func() { done <- l.check(e) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("still not done: %w", ctx.Err()) // the ledger may ignore its context
	}
}

// call is one with a name, which says what the name says.
func call(name string) once.Call {
	return once.Call{ID: once.Digest("", []byte(name)), Input: once.Digest("", []byte("input of "+name)), Keep: 24 * time.Hour, Wait: true}
}

// do does a call whose work writes a note and answers with it.
func (e *env) do(ledger int, c once.Call, note string) (string, bool, error) {
	answer, replayed, err := e.Ledgers[ledger%len(e.Ledgers)].Do(e.ctx, c, func(ctx context.Context) ([]byte, error) {
		return []byte(note), e.Write(ctx, note)
	})
	return string(answer), replayed, err
}

// gives checks what a call gives.
func (e *env) gives(ledger int, c once.Call, note, answer string, replayed bool) error {
	got, was, err := e.do(ledger, c, note)
	if err != nil || got != answer || was != replayed {
		return fmt.Errorf("the call gives %.40q, replayed %t, %w; it should be %.40q, replayed %t", got, was, err, answer, replayed)
	}
	return nil
}

// holds checks which notes are committed.
func (e *env) holds(notes ...string) error {
	got, err := e.Notes()
	slices.Sort(got)
	slices.Sort(notes)
	if err != nil || !slices.Equal(got, notes) {
		return fmt.Errorf("the notes are %.80q, %w; they should be %.80q", got, err, notes)
	}
	return nil
}

// first returns the first error.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
