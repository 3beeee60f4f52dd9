// The store: records, purges and leases behind one mutex.

// Package mem keeps pages in memory, for tests and for development: its content
// is lost when the process ends.
//
// Its [Store] is a [pages.Store] with every optional interface. Records are
// bounded by [Store.Sweep]; purges bound themselves, see [Options].
package mem

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Subjects is how many subjects' last purges are remembered. Beyond it the
	// older half is forgotten, and a forgotten subject counts as purged when
	// the latest forgotten one was. Default: 100,000.
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
	highest      uint64 // the sequence so far; purges.Sequence is lower after an older state was restored
	owner        string
	leases       leases
	acknowledged map[string]acknowledgement // by instance
	wake         chan struct{}              // closed by the next purge, and by Close
	closed       bool

	sequence atomic.Uint64 // a copy of purges.Sequence
	back     atomic.Bool   // an older state was restored: sequence is not valid
	sweeping sync.Mutex
}

type record struct {
	data  []byte
	epoch uint64
	used  atomic.Int64 // Unix nanoseconds
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Sequencer    = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
)

// Open returns an empty store.
func Open(opts Options) *Store {
	return &Store{purges: pages.Purges{Subjects: opts.Subjects, Changes: opts.Changes}}
}

// Driver opens stores by name, for command lines: "mem:". It ignores the rest
// of the location, and each call creates a new store.
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: []string{"mem"},
		Open: func(context.Context, string) (pages.Store, error) {
			return Open(Options{}), nil
		},
	}
}

// Get reads the record of a key, or fails with [pages.ErrNotFound].
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
	return pages.Record{Key: key, Data: r.data, Epoch: r.epoch}, nil
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	r := &record{data: bytes.Clone(put.Data), epoch: put.Epoch}
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

// Close drops everything and ends every Wait. A second Close has no effect.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed, s.records, s.leases.held = true, nil, nil
	s.wakeAll()
	return nil
}

// check says whether the store is open and the caller still waits.
func (s *Store) check(ctx context.Context) error {
	if s.closed {
		return pages.ErrClosed
	}
	return ctx.Err()
}

// pass checks the fence.
func (s *Store) pass(key pages.Key, fence pages.Fence) error {
	if r, ok := s.records[key]; ok && r.epoch > fence.Epoch {
		return fmt.Errorf("write %s: %w: the store has a record of a later epoch", key, pages.ErrFenced)
	}
	if fence.Token != 0 && s.leases.held[key].Token != fence.Token {
		return fmt.Errorf("write %s: %w: its lease was taken over", key, pages.ErrFenced)
	}
	return nil
}

// Claim says who owns the store; see [pages.Store].
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return err
	}
	switch {
	case s.owner == owner:
	case s.owner == "":
		s.owner = owner
	case !takeOver:
		return &pages.ForeignError{Owner: s.owner}
	default:
		s.bump(pages.Expire, pages.All)
		s.owner = owner
	}
	return nil
}

// Snapshot copies the content of the store. The function it returns restores
// that content, as restoring a backup would: for tests of what happens then.
func (s *Store) Snapshot() (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := Store{records: maps.Clone(s.records), purges: copyOf(s.purges), owner: s.owner, leases: s.leases}
	was.leases.held = maps.Clone(s.leases.held)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.records, s.purges, s.owner = maps.Clone(was.records), copyOf(was.purges), was.owner
		s.leases.held = maps.Clone(was.leases.held) // tokens continue
		s.back.Store(true)
		s.wakeAll()
	}
}

func copyOf(p pages.Purges) pages.Purges {
	p.Last, p.Latest = maps.Clone(p.Last), slices.Clone(p.Latest)
	return p
}
