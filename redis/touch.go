// When records were used, written in batches.

package redis

import (
	"context"
	"sync"
	"time"
)

const (
	touchAge   = 10 * time.Minute // what was used within it needs no note
	touchEvery = 15 * time.Second
	touchBatch = 200
	maxTouched = 20_000 // more are not remembered: they seem older than they are
	touchLimit = 10 * time.Second
)

// touching are the records that were used and are not yet noted to be so.
type touching struct {
	mu      sync.Mutex
	started bool
	ids     map[string]struct{}
}

// used remembers that a record was used.
func (s *Store) used(id string) {
	t := &s.touching
	t.mu.Lock()
	start := !t.started
	t.started = true
	if t.ids == nil {
		t.ids = make(map[string]struct{})
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

// touch notes what is remembered. What cannot be noted is forgotten: it is
// remembered again when it is used again.
func (s *Store) touch(ctx context.Context) {
	t := &s.touching
	t.mu.Lock()
	ids := t.ids
	t.ids = nil
	t.mu.Unlock()
	batch := make([]string, 0, min(len(ids), touchBatch))
	for id := range ids {
		batch = append(batch, id)
		if len(batch) == cap(batch) {
			if !s.note(ctx, batch) {
				return
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		s.note(ctx, batch)
	}
}

func (s *Store) note(ctx context.Context, ids []string) bool {
	ctx, cancel := context.WithTimeout(ctx, touchLimit)
	defer cancel()
	_, err := s.run(ctx, "note what was used", s.scripts.touch, s.keys.with(s.keys.pages(ids)...),
		append([]string{millis(s.opts.Keep)}, ids...)...)
	return err == nil
}
