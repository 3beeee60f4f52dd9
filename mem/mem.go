// The store: records, purges and leases behind one mutex.

// Package mem keeps pages in memory, for tests and for development: what it
// holds ends with the process.
//
// It is a [pages.Store] with every optional part. Records are bounded by
// [Store.Sweep]; purges bound themselves, see [Options].
package mem

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Subjects is how many subjects' last purges are remembered. Beyond it
	// the older half is forgotten, and a subject that is not known counts as
	// purged when the latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int
}

// A Store keeps records in memory. The zero Store is empty and ready for use.
// It must not be copied.
type Store struct {
	mu           sync.RWMutex
	records      map[pages.Key]*record
	purges       pages.Purges
	leases       leases
	acknowledged map[string]acknowledgement // by instance
	wake         chan struct{}              // closed by the next purge, and by Close
	closed       bool

	sequence atomic.Uint64 // a copy of purges.Sequence
	sweeping sync.Mutex
}

type record struct {
	data []byte
	used atomic.Int64 // Unix nanoseconds
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Lister       = (*Store)(nil)
	_ pages.Watcher      = (*Store)(nil)
	_ pages.Sequencer    = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
)

// Open makes an empty store.
func Open(opts Options) *Store {
	return &Store{purges: pages.Purges{Subjects: opts.Subjects, Changes: opts.Changes}}
}

// Driver opens stores by name, for command lines: "mem:". The location means
// nothing, and each call makes a new store.
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: []string{"mem"},
		Open: func(context.Context, string) (pages.Store, error) {
			return Open(Options{}), nil
		},
	}
}

// Get reads the record of a key: [pages.ErrNotFound] where there is none.
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.check(ctx); err != nil {
		return pages.Record{}, err
	}
	r, ok := s.records[key]
	if !ok {
		return pages.Record{}, pages.ErrNotFound
	}
	r.used.Store(time.Now().UnixNano())
	return pages.Record{Key: key, Data: r.data}, nil
}

// Put writes a record whole, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	r := &record{data: bytes.Clone(put.Data)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := s.pass(put.Key, fence); err != nil {
		return err
	}
	if s.records == nil {
		s.records = make(map[pages.Key]*record)
	}
	r.used.Store(time.Now().UnixNano())
	s.records[put.Key] = r
	return nil
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := s.pass(key, fence); err != nil {
		return err
	}
	delete(s.records, key)
	return nil
}

// Close drops everything and ends every Wait. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed, s.records, s.leases.held = true, nil, nil
	s.rouse()
	return nil
}

// check says whether the store is open and the caller still waits.
func (s *Store) check(ctx context.Context) error {
	if s.closed {
		return pages.ErrClosed
	}
	return ctx.Err()
}

// pass asks the fence.
func (s *Store) pass(key pages.Key, fence pages.Fence) error {
	for _, subject := range fence.Subjects {
		if m := s.purges.Mark(subject); m.Sequence > fence.Epoch {
			return fmt.Errorf("write %s: %w: %s was purged", key, pages.ErrFenced, subject)
		}
	}
	if fence.Token != 0 && s.leases.held[key].Token != fence.Token {
		return fmt.Errorf("write %s: %w: its lease was taken over", key, pages.ErrFenced)
	}
	return nil
}
