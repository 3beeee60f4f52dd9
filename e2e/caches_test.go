// Caches of several servers with one store: values are loaded once, and a purge
// reaches them and what was made of them.

package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// TestCaches gets values of a cache from eight servers.
func TestCaches(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "redis"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(t, groundOf[name](t))
			s.env = append(s.env, "GORGON_PURGE_KEY="+purgeKey)
			v := s.several(8)
			s.set(site.Delay, "300ms")
			getsOf(t, "/values/cold", 64, v)
			if n := s.makings("/values/cold"); n != 1 {
				t.Errorf("%d gets load the value %d times, want once", 64*len(v), n)
			}

			s.set(site.Hold, "held")
			go func() { _, _ = v[0].get("/values/held") }()
			until(t, "the first loads it", func() bool { return s.makings("/values/held") == 1 })
			v[0].kill()
			s.clear(site.Hold)
			begun := time.Now()
			getsOf(t, "/values/held", 64, v[1:])
			if n := s.makings("/values/held"); n != 2 {
				t.Errorf("the value is loaded %d times where the first is killed, want twice", n)
			}
			t.Logf("the value of the killed one after %v", time.Since(begun).Round(time.Millisecond))

			s.clear(site.Delay)
			purgesOfValues(t, s, v[1], v[2])
		})
	}
}

// getsOf gets a value so many times from each of some servers at once.
func getsOf(t *testing.T, path string, each int, servers []*server) {
	t.Helper()
	var done sync.WaitGroup
	start := make(chan struct{})
	for n := range each * len(servers) {
		done.Go(func() {
			<-start
			if a, err := servers[n%len(servers)].get(path); err != nil || a.status != http.StatusOK || string(a.body) != "first" {
				t.Errorf("%s: %v, %v", path, a, err)
			}
		})
	}
	close(start)
	done.Wait()
}

// A valueReading is what a server answered of a value, or of a page that shows it.
type valueReading struct {
	begun, ended time.Time
	data         int  // a greater one is newer
	stale        bool // the answer says that it is
}

// valueReadings are those of one address, in order.
type valueReadings []valueReading

// ended is when the data was read first.
func (all valueReadings) ended(data int) (time.Time, bool) {
	for _, r := range all {
		if r.data >= data {
			return r.ended, true
		}
	}
	return time.Time{}, false
}

// judge says what is wrong with readings around a purge that returned at a time
// and left nothing older than the data fresh.
func (all valueReadings) judge(data int, purged time.Time) error {
	newest := 0
	for _, r := range all {
		switch {
		case r.data < newest:
			return fmt.Errorf("%d is read after %d", r.data, newest)
		case r.data < data && !r.stale && r.begun.After(purged):
			return fmt.Errorf("%d is read as fresh %v after a purge for %d", r.data, r.begun.Sub(purged), data)
		}
		newest = max(newest, r.data)
	}
	return nil
}

// purgesOfValues purges on one server, and reads on another.
func purgesOfValues(t *testing.T, s *stand, a, b *server) {
	read := func(path string) (r valueReading) {
		r.begun = time.Now()
		got, err := b.get(path)
		r.ended = time.Now()
		shown := string(got.body)
		if page, err := site.Read(got.body); err == nil {
			shown, r.stale = page.Data, strings.Contains(got.cache(), "stale")
		}
		if r.data, _ = strconv.Atoi(shown); err != nil || r.data == 0 {
			t.Errorf("%s: %v, %v", path, got, err)
		}
		return r
	}
	paths := []string{"/values/one", "/shown/one"}
	took := make([][]time.Duration, len(paths))
	purge := func(data int, verb string, failing bool) {
		t.Helper()
		var mu sync.Mutex
		all := make([]valueReadings, len(paths))
		seen := func(data int) bool {
			mu.Lock()
			defer mu.Unlock()
			return !slices.ContainsFunc(all, func(l valueReadings) bool { _, ok := l.ended(data); return !ok })
		}
		ctx, cancel := context.WithCancel(t.Context())
		var reading sync.WaitGroup
		stop := func() { cancel(); reading.Wait() }
		defer stop()
		for i, path := range paths {
			reading.Go(func() {
				for ctx.Err() == nil {
					r := read(path)
					if i == 0 && verb == "stale" {
						r.stale = true // a handler does not know
					}
					mu.Lock()
					all[i] = append(all[i], r)
					mu.Unlock()
					time.Sleep(time.Millisecond) // as visitors do, who leave time for others
				}
			})
		}
		until(t, "both are read", func() bool { return seen(data - 1) })
		loads := s.makings(paths[0])
		if s.set(site.Data, strconv.Itoa(data)); failing {
			s.set(site.Fail, "no answer")
		}
		begun := time.Now()
		epoch, _ := a.purge(verb, "all-values")
		purged := time.Now()
		if failing {
			until(t, "it is loaded again", func() bool { return s.makings(paths[0]) > loads })
			s.clear(site.Fail)
		} else if got, err := b.get(paths[0], "Gorgon-Token", epoch); err != nil || string(got.body) != strconv.Itoa(data) {
			t.Errorf("who purged gets %v, %v, want %d", got, err, data)
		}
		until(t, "both show what is new", func() bool { return seen(data) })
		stop()
		for i, path := range paths {
			if err := all[i].judge(data, purged); err != nil {
				t.Errorf("%s, %s: %v", verb, path, err)
			}
			if at, ok := all[i].ended(data); ok && !failing {
				took[i] = append(took[i], at.Sub(begun))
			}
			planted := append(slices.Clone(all[i]), valueReading{begun: time.Now(), data: data - 1})
			if planted.judge(data, purged) == nil {
				t.Errorf("planted: the judge does not find an old %s", path)
			}
		}
	}
	s.set(site.Data, "1")
	for _, path := range paths {
		read(path)
	}
	for n := range 6 {
		purge(n+2, []string{"stale", "expire"}[n%2], false)
	}
	purge(8, "stale", true)
	for i, path := range paths {
		slices.Sort(took[i])
		t.Logf("%s shows a purge by another server after %v", path, took[i])
	}
}
