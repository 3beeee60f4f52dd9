// A server that is killed while it writes: afterwards every record is whole,
// and no purge is forgotten.

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// number is a count that the environment may raise.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// A life is one of a server that is killed: what visitors had from it.
type life struct {
	number int
	mu     sync.Mutex
	stored []string // answered, and said to be stored
	cut    []string // asked for when the server died
}

// visit asks for new pages, and now and then for an earlier one, until the
// server dies. What it answers until then is whole.
func (l *life) visit(v *server, visitor int) {
	for n := 0; ; n++ {
		path := fmt.Sprintf("/brief/%d-%d-%d", l.number, visitor, n-n%3/2)
		if n%4 == 0 {
			path = fmt.Sprintf("/brief/big-%d-%d-%d", l.number, visitor, n)
		}
		a, _, err := v.page(path)
		l.mu.Lock()
		switch {
		case a.status == 0:
			l.cut = append(l.cut, path)
			l.mu.Unlock()
			return
		case err != nil:
			v.t.Errorf("life %d: %v", l.number, err)
		case strings.Contains(a.cache(), "stored"):
			l.stored = append(l.stored, path)
		}
		l.mu.Unlock()
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.set(site.Data, "0")
	s.build()
	kills := number(t, "GORGON_E2E_KILLS", 12)
	var cut []string
	var last *life
	outlived, expired, stale := 0, 0, 0 // the data when the last purge of each kind was acknowledged
	for n := range kills + 1 {
		v := s.serve()
		if last != nil {
			for _, path := range last.stored {
				a, shown, err := v.page(path)
				if err != nil {
					t.Fatalf("after kill %d: %v", n, err)
				}
				data, _ := strconv.Atoi(shown.Data)
				switch kept := strings.HasPrefix(a.cache(), "gorgon; hit"); {
				case data < expired, data < stale && !strings.Contains(a.cache(), "detail=stale"):
					t.Fatalf("after kill %d: data %d, and what was before %d is expired, before %d stale: %v", n, data, expired, stale, a)
				case last.number%4 != 1 && !kept: // in the others it was expired
					t.Fatalf("after kill %d: a page that was stored is gone: %v", n, a)
				case kept:
					outlived++
				}
			}
			cut = append(cut, last.cut...)
		}
		if n == kills {
			checkCut(t, v, cut)
			v.stop()
			break
		}

		last = &life{number: n}
		var visitors sync.WaitGroup
		for i := range 8 {
			visitors.Go(func() { last.visit(v, i) })
		}
		time.Sleep(50*time.Millisecond + rand.N(100*time.Millisecond)) // any instant
		// What is being made now must not outlive a purge, nor the kill that
		// follows its acknowledgement.
		switch n % 4 {
		case 1:
			s.set(site.Data, strconv.Itoa(n))
			s.purge("--tag", "all-made", "--expire")
			expired, stale = n, n
		case 3:
			s.set(site.Data, strconv.Itoa(n))
			s.purge("--all")
			stale = n
		}
		v.kill()
		visitors.Wait()
		v.end()
	}
	if outlived == 0 {
		t.Error("no page outlived a kill, so nothing was tested")
	}
	t.Logf("%d kills: %d times a page outlived one, %d pages were cut off", kills, outlived, len(cut))
}

// checkCut wants the pages whose making was cut off to be made again, once
// the leases of the dead have run out: three seconds for making, and five.
func checkCut(t *testing.T, v *server, paths []string) {
	t.Helper()
	slices.Sort(paths)
	todo := make(chan string)
	var all sync.WaitGroup
	for range 16 { // twice as many as can have been cut off at once
		all.Go(func() {
			for path := range todo {
				a, _, err := v.page(path)
				if err != nil || a.took > 12*time.Second {
					t.Errorf("a page that was cut off: %v after %v: %v", err, a.took, a)
				}
			}
		})
	}
	for _, path := range slices.Compact(paths) {
		todo <- path
	}
	close(todo)
	all.Wait()
}
