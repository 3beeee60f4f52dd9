// A store that can be read and not be written, as a file that another program
// has locked.

package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// Visitors of the first second wait, for a second at most. Then none does until
// it is unlocked: whether it is, is found out in the background.
func TestLockedStore(t *testing.T) {
	locked := func(ctx context.Context, op string, key pages.Key) error {
		switch op {
		case "put", "delete", "lease", "release", "bump", "acknowledge":
			return hang(ctx, op, key)
		}
		return nil
	}
	for shape, kind := range shapesOfStore {
		t.Run(shape, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var src source
				page := pageOf(&src)
				s := newStore(t)
				var log lines
				c := open(t, kind(s), func(c *cache.Config) { c.Log = log.logger() })
				want(t, c, page, "/p/hot", 0, cache.Made)
				time.Sleep(10 * time.Second)
				get(t, c, page, "/p/hot")
				time.Sleep(time.Second)
				s.meddle(locked)

				var mu sync.Mutex
				var all sync.WaitGroup
				waited, late, longest, hot := 0, 0, time.Duration(0), time.Duration(0)
				began := time.Now()
				for n := range 250 {
					time.Sleep(100 * time.Millisecond)
					all.Go(func() {
						start := time.Now()
						get(t, c, page, fmt.Sprint("/p/", n))
						took := time.Since(start)
						start = time.Now()
						get(t, c, page, "/p/hot")
						mu.Lock()
						defer mu.Unlock()
						hot = max(hot, time.Since(start))
						longest = max(longest, took)
						if took > 50*time.Millisecond {
							waited++
							if start.Sub(began) > 5*time.Second {
								late++
							}
						}
					})
				}
				all.Wait()
				t.Logf("%d of 250 visitors of new pages waited, the longest %v; of a page in memory at most %v; %d lines", waited, longest, hot, log.count("\n"))
				if waited > 20 || late > 0 || longest > 1600*time.Millisecond || hot > time.Second {
					t.Errorf("%d visitors waited, %d of them later than in the first seconds, the longest %v, and %v for a page in memory", waited, late, longest, hot)
				}
				if n := log.count("\n"); n == 0 || n > 2 {
					t.Errorf("%d lines in the log", n)
				}
				s.meddle(nil)
				time.Sleep(3 * time.Second)
				if degraded, why := c.Degraded(); degraded {
					t.Errorf("once it is unlocked, it is degraded: %s", why)
				}
				if a := want(t, c, page, "/p/after", 0, cache.Made); !a.Stored {
					t.Error("what is made then is not stored")
				}
			})
		})
	}
}
