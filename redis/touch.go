// When records were used, written in batches.

package redis

import (
	"context"
	"sync"
	"time"
)

const (
	touchAge   = 10 * time.Minute // a record used again within it needs no note
	touchEvery = 15 * time.Second
	touchBatch = 200
	maxTouched = 20_000 // further uses are not remembered: these records seem older than they are
	touchLimit = 10 * time.Second
)

// touching are the uses that are not yet written.
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
