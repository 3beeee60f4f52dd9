// Found, the usual case: right, and next to free.

package cache_test

import (
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

func TestFoundAllocatesNothing(t *testing.T) {
	for name, kind := range kinds(t) {
		var src source
		page := pageOf(&src)
		c := open(t, kind(), func(c *cache.Config) { c.Prepare = func(e *pages.Entry) any { return e.ETag } })
		get(t, c, page, "/p/1")
		get(t, c, page, "/p/1")
		now := time.Now()
		allocs := testing.AllocsPerRun(1000, func() {
			if a, ok := c.Found(page, "/p/1", "", now); !ok || a.Prepared != a.Entry.ETag {
				t.Fatalf("%s: not found", name)
			}
		})
		if allocs != 0 && !raceEnabled {
			t.Errorf("%s: Found allocates %v times", name, allocs)
		}
	}
}

func TestFoundOnlyFresh(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		c := open(t, newStore(t))
		found := func() bool { _, ok := c.Found(page, "/p/1", "", time.Now()); return ok }
		if found() {
			t.Error("found what was never made")
		}
		get(t, c, page, "/p/1")
		if !found() {
			t.Error("not found")
		}
		if _, ok := c.Found(page, "/p/1", "de", time.Now()); ok {
			t.Error("found in another locale")
		}
		purge(t, c, pages.Stale, pages.PathSubject("/p/1"))
		if found() {
			t.Error("found after a purge")
		}
		get(t, c, page, "/p/1")
		time.Sleep(time.Second)
		if !found() {
			t.Error("not found after the refresh")
		}
		time.Sleep(surelyOld)
		if found() {
			t.Error("found when stale")
		}
		src.fails(gorgon.Gone())
		get(t, c, page, "/p/1")
		time.Sleep(time.Second)
		if found() {
			t.Error("found when gone")
		}
	})
}

// Prepare sees each entry before it is first answered with.
func TestPrepared(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var src source
		page := pageOf(&src)
		s := newStore(t)
		prepare := func(c *cache.Config) { c.Prepare = func(e *pages.Entry) any { return e.ETag } }
		sd := seedOf(t, page, "/p/seeded")
		for _, b := range []string{"b1", "b1", "b2"} {
			c := open(t, s, prepare, build(b), seeded(sd))
			for _, path := range []string{"/p/1", "/p/seeded", "/p/1"} {
				if a := get(t, c, page, path); a.Prepared != a.Entry.ETag {
					t.Errorf("%s of build %s came unprepared", path, b)
				}
			}
		}
	})
}

func BenchmarkFound(b *testing.B) {
	var src source
	page := pageOf(&src)
	c, err := cache.New(cache.Config{Renderer: renderer("b1")})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Get(b.Context(), page, "/p/1", "", cache.Demand{}); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok := c.Found(page, "/p/1", "", now); !ok {
				b.Fatal("not found")
			}
		}
	})
}
