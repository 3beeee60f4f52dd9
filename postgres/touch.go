// When records were used, written in batches.

package postgres

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	touchEvery = 15 * time.Second
	touchBatch = 1000
	maxTouched = 20_000 // further uses are not remembered: these records seem older than they are
	touchLimit = 10 * time.Second
)

// touching are the uses that are not yet written.
type touching struct {
	mu      sync.Mutex
	started bool
	ids     map[[sha256.Size]byte]struct{}
}

// used remembers that a record was used.
func (s *Store) used(id [sha256.Size]byte) {
	t := &s.touching
	t.mu.Lock()
	start := !t.started
	t.started = true
	if t.ids == nil {
		t.ids = make(map[[sha256.Size]byte]struct{})
	}
	if len(t.ids) < maxTouched {
		t.ids[id] = struct{}{}
	}
	t.mu.Unlock()
	if start {
		s.life.Go(func() {
			for s.life.Pause(touchEvery) {
				s.touch(s.life.Calls())
			}
		})
	}
}

// touch writes the remembered uses. Those that cannot be written are forgotten:
// the next use of the record is remembered again.
func (s *Store) touch(ctx context.Context) {
	t := &s.touching
	t.mu.Lock()
	ids := t.ids
	t.ids = nil
	t.mu.Unlock()
	batch := make([][]byte, 0, min(len(ids), touchBatch))
	for id := range ids {
		batch = append(batch, id[:])
		if len(batch) == cap(batch) {
			if !s.write(ctx, batch) {
				return
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		s.write(ctx, batch)
	}
}

func (s *Store) write(ctx context.Context, ids [][]byte) bool {
	ctx, cancel := context.WithTimeout(ctx, touchLimit)
	defer cancel()
	return s.one(ctx, "note what was used", s.sql().touch, []any{ids}) == nil
}
