// Recording when records were last used, in batches and not in Get.

package sqlite

import (
	"context"
	"sync"
	"time"
)

const (
	// touchAfter is how old a recorded use must be before Get renews it.
	touchAfter = 10 * time.Minute

	maxTouches    = 8192 // remembered until they are written; more are forgotten
	touchesAtOnce = 256  // written in one transaction
)

// touches are the records that were read recently, and when.
type touches struct {
	mu sync.Mutex
	at map[int64]int64
}

// touch remembers that a record was read.
func (s *Store) touch(n, used int64) {
	now := time.Now().UnixNano()
	if s.readOnly || now-used < int64(touchAfter) {
		return
	}
	s.touches.mu.Lock()
	defer s.touches.mu.Unlock()
	if s.touches.at == nil {
		s.touches.at = make(map[int64]int64)
	}
	if len(s.touches.at) < maxTouches {
		s.touches.at[n] = now
	}
}

// take returns the remembered uses, and forgets them.
func (t *touches) take() map[int64]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.at
	t.at = nil
	return taken
}

// writeTouches writes the remembered uses. Those that cannot be written are
// forgotten: the next Get of the record notes its use again.
func (s *Store) writeTouches(ctx context.Context) error {
	taken := s.touches.take()
	for len(taken) > 0 {
		var done []int64
		err := s.write(ctx, false, func(c *conn) error {
			done = done[:0]
			for n, at := range taken {
				if _, err := c.exec("UPDATE records SET used = ?1 WHERE n = ?2 AND used < ?1", at, n); err != nil {
					return err
				}
				if done = append(done, n); len(done) == touchesAtOnce {
					break
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, n := range done {
			delete(taken, n)
		}
	}
	return nil
}
