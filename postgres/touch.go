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
	maxTouched = 20_000 // more are not remembered: they seem older than they are
	touchLimit = 10 * time.Second
)

// touching are the records that were used and are not yet written to be so.
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
		s.keep(func() {
			for s.pause(touchEvery) {
				s.touch(s.life)
			}
		})
	}
}

// touch writes what is remembered. What cannot be written is forgotten: it is
// remembered again when it is used again.
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
	return s.one(ctx, "note what was used", s.sql.touch, []any{ids}) == nil
}
