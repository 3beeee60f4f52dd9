// The harness: how the laws are run against a store.

// Package blobstest tests stores against the contract of package blobs.
//
// A driver's own test is a few lines:
//
//	func TestBlobs(t *testing.T) {
//		blobstest.Harness{
//			Place: func(t *testing.T) func() blobs.Store {
//				place := newPlace(t) // empty
//				return func() blobs.Store { return open(t, place) }
//			},
//		}.Run(t)
//	}
//
// Each law is one sentence. It is the name of its subtest and is printed when
// the store breaks it.
package blobstest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// A Harness says how the kit opens stores. Place is required.
type Harness struct {
	// Place creates a new, empty place for blobs, and returns a function that
	// opens a store there. Each call returns one more handle, as another process
	// would have; the same one, if the technology knows but one. The kit closes
	// them.
	Place func(t *testing.T) (open func() blobs.Store)

	// Later moves the clock by which the stores of a place judge whether a
	// ticket has expired. It adds the laws about that. Default: the clock cannot
	// be moved.
	Later func(t *testing.T, s blobs.Store, d time.Duration)

	// Part is how many bytes of a piece that is cut off may be lost. Default: 0.
	Part int64

	// Large is the size of the largest blobs of the kit: give several parts of
	// a store that keeps parts. At least 70,000. Default: 200,000.
	Large int

	// Timeout is how long one law may take. Default: 1 min.
	Timeout time.Duration
}

// Run tests a store, with one subtest for each law.
func (h Harness) Run(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.says, func(t *testing.T) {
			if err := h.try(t, l); err != nil {
				t.Errorf("broken law: %s\n%v", l.says, err)
			}
		})
	}
	t.Logf("%d laws, %d keys that are refused", len(laws()), len(HostileKeys()))
}

// A law is one promise of the contract.
type law struct {
	says  string
	check func(e *env) error
}

func laws() []law {
	var all []law
	for _, part := range [][]law{blobLaws(), putLaws(), keyLaws(), rangeLaws(), listLaws(), raceLaws(), uploadLaws(), pieceLaws(), expiryLaws(), lifeLaws()} {
		all = append(all, part...)
	}
	return all
}

// env is what a law runs with: two handles on a store of its own, and a context
// that ends.
type env struct {
	blobs.Store
	other blobs.Store
	ctx   context.Context
	more  func() blobs.Store
	later func(d time.Duration) // nil: the clock cannot be moved
	part  int64
	large int
}

// try checks one law on a new store.
func (h Harness) try(t *testing.T, l law) error {
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(h.Timeout, time.Minute))
	defer cancel()
	open := h.Place(t)
	var opened []blobs.Store
	e := &env{ctx: ctx, part: h.Part, large: cmp.Or(h.Large, 200_000), more: func() blobs.Store {
		s := open()
		opened = append(opened, s)
		return s
	}}
	defer func() {
		for _, s := range opened {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	e.Store, e.other = e.more(), e.more()
	if h.Later != nil {
		e.later = func(d time.Duration) { h.Later(t, e.Store, d) }
	}
	done := make(chan error, 1)
	go func() { done <- l.check(e) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done(): // the store may ignore its context
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Second):
			return fmt.Errorf("still not done: %w", ctx.Err())
		}
	}
}

// content returns bytes that differ by seed and place.
func content(seed uint64, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b) // it never fails
	return b
}

// put stores bytes and checks what Put says.
func (e *env) put(key string, data []byte, o blobs.PutOptions) error {
	info, err := e.Put(e.ctx, key, bytes.NewReader(data), o)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return describes(info, key, data, cmp.Or(o.Type, blobs.DefaultType))
}

// describes checks what is said about a blob.
func describes(info blobs.Info, key string, data []byte, kind string) error {
	want := blobs.NewInfo(key, kind, int64(len(data)), sha256.Sum256(data), info.Modified)
	switch {
	case info != want:
		return fmt.Errorf("it is described as %+v instead of %+v", info, want)
	case info.Modified.IsZero():
		return errors.New("nothing says when it was put")
	}
	return nil
}

// holds checks that both handles find a blob as it was put.
func (e *env) holds(key string, data []byte, kind string) error {
	for _, s := range []blobs.Store{e.Store, e.other} {
		info, err := s.Stat(e.ctx, key)
		if err != nil {
			return fmt.Errorf("stat: %w", err)
		}
		got, opened, err := read(e.ctx, s, key, blobs.Range{})
		if err != nil {
			return err
		}
		if !bytes.Equal(got, data) {
			return fmt.Errorf("%d bytes %.20q came back instead of %d bytes %.20q", len(got), got, len(data), data)
		}
		if opened != info {
			return fmt.Errorf("Open describes it as %+v, and Stat as %+v", opened, info)
		}
		if err := describes(info, key, data, kind); err != nil {
			return err
		}
	}
	return nil
}

// read reads a part of a blob.
func read(ctx context.Context, s blobs.Store, key string, part blobs.Range) ([]byte, blobs.Info, error) {
	r, info, err := s.Open(ctx, key, part)
	if err != nil {
		return nil, info, fmt.Errorf("open: %w", err)
	}
	got, err := io.ReadAll(r)
	if err := first(err, r.Close()); err != nil {
		return got, info, fmt.Errorf("read: %w", err)
	}
	return got, info, nil
}

// lacks checks that neither handle finds a blob.
func (e *env) lacks(key string) error {
	for _, s := range []blobs.Store{e.Store, e.other} {
		_, stat := s.Stat(e.ctx, key)
		_, _, open := s.Open(e.ctx, key, blobs.Range{})
		if err := first(want(stat, blobs.ErrNotFound, "Stat"), want(open, blobs.ErrNotFound, "Open")); err != nil {
			return err
		}
	}
	return nil
}

// lists checks the keys that a list has, page by page.
func (e *env) lists(q blobs.Query, want ...string) error {
	for _, s := range []blobs.Store{e.Store, e.other} {
		var got []string
		for q := q; ; {
			page, err := s.List(e.ctx, q)
			if err != nil {
				return fmt.Errorf("list: %w", err)
			}
			if q.Limit > 0 && len(page) > q.Limit {
				return fmt.Errorf("a page of %d has %d blobs", q.Limit, len(page))
			}
			for _, info := range page {
				got = append(got, info.Key)
			}
			if len(page) == 0 || len(got) > 2*len(want)+10 {
				break
			}
			q.After = page[len(page)-1].Key
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			return fmt.Errorf("the list %+v has %.2000q instead of %.2000q", q, got, want)
		}
	}
	return nil
}

// want checks that an error is the expected one; nil for none.
func want(err, target error, doing string) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%s gave %v instead of %v", doing, err, target)
}

// first returns the first error.
func first(errs ...error) error { return cmp.Or(errs...) }

// together calls f concurrently, and returns the first error.
func together(n int, f func(i int) error) error {
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- f(i) }()
	}
	var all []error
	for range n {
		all = append(all, <-errs)
	}
	return first(all...)
}

// handle is one of the two handles in turn.
func (e *env) handle(i int) blobs.Store {
	if i%2 == 0 {
		return e.Store
	}
	return e.other
}
