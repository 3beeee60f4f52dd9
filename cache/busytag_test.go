// A page whose tag is purged faster than it can be made.

package cache_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// A page whose tag is purged faster than its loader runs is never more than one
// making late, on any instance: what was made is stored although it was purged
// meanwhile, and taken over by the others. Where the purge demands that
// visitors wait, they wait for one making at most that was under way and one of
// their own.
func TestBusyTag(t *testing.T) {
	const (
		takes  = 3 * time.Second // the loader
		every  = time.Second     // a purge
		visits = 700 * time.Millisecond
		lasts  = 280 * time.Second
		// Who asks is answered with what was begun to be made at most this
		// long ago: a making that ends just before the next one does, whose
		// result was not seen yet at the last visit, and the lease's way.
		late = 2*takes + 2*visits
	)
	for _, verb := range []pages.Verb{pages.Stale, pages.Expire} {
		for name, shape := range shapesOfStore {
			t.Run(verb.String()+" "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var src source
					page := pageOf(&src, forEver)
					store := newStore(t)
					a, b := open(t, shape(store)), open(t, shape(store))
					get(t, a, page, "/p/1") // version 0 is stored
					src.takes(takes)
					ctx, stop := context.WithCancel(t.Context())
					stopped := make(chan struct{})
					changed := []time.Time{time.Now()} // when each version came
					var versions = make(chan time.Time, 1000)
					go func() {
						defer close(stopped)
						for ctx.Err() == nil {
							src.version.Add(1)
							versions <- time.Now()
							_, _ = a.Purge(ctx, verb, pages.TagSubject("t"))
							time.Sleep(every)
						}
					}()
					most, waited := time.Duration(0), time.Duration(0)
					look := func(who string, c *cache.Cache) {
						began := time.Now()
						v := version(t, get(t, c, page, "/p/1"))
						waited = max(waited, time.Since(began))
						for len(versions) > 0 {
							changed = append(changed, <-versions)
						}
						var lag time.Duration // for how long there has been a later version
						if int(v)+1 < len(changed) {
							lag = time.Since(changed[v+1])
						}
						if most = max(most, lag); lag > late {
							t.Errorf("%s serves version %d, which has been out of date for %v", who, v, lag)
						}
					}
					start, visited := time.Now(), 0
					for time.Since(start) < lasts && !t.Failed() {
						look("the first instance", a)
						look("the second instance", b)
						if visited++; visited%100 == 99 {
							fresh := open(t, shape(store))
							look("a new instance", fresh)
							fresh.Close()
						}
						time.Sleep(visits)
					}
					stop()
					<-stopped
					loads, could := src.calls.Load(), int64(math.Ceil(float64(time.Since(start))/float64(takes)))
					t.Logf("%d versions, %d loads, at most %v out of date, visitors waited %v at most", src.version.Load(), loads, most, waited)
					if loads > 2*could+2 { // one on each instance
						t.Errorf("%d loads were made", loads)
					}
					if verb == pages.Stale && waited > 100*time.Millisecond {
						t.Errorf("a visitor waited %v", waited)
					}
					if waited > 2*takes+time.Second {
						t.Errorf("a visitor waited %v", waited)
					}
				})
			})
		}
	}
}
