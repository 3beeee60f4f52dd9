// Stopping a server with requests under way, and stopping it at once.

package e2e_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// slow sends requests for pages that are held up, and returns when all are
// being made.
func slow(s *stand, v *server, requests int, ended func(a answer, err error)) *sync.WaitGroup {
	s.t.Helper()
	s.set(site.Hold, "on")
	var all sync.WaitGroup
	for n := range requests {
		path := fmt.Sprint("/made/slow-", n)
		if n%2 == 0 {
			path = fmt.Sprint("/asked/slow-", n)
		}
		all.Go(func() {
			a, _, err := v.page(path)
			ended(a, err)
		})
	}
	until(s.t, "all are being made", func() bool {
		made := 0
		for n := range requests {
			made += s.makings(fmt.Sprint("/made/slow-", n)) + s.makings(fmt.Sprint("/asked/slow-", n))
		}
		return made == requests
	})
	return &all
}

func refuses(v *server) bool {
	_, err := fetch(v.url + "/")
	return err != nil
}

func TestStop(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.build()
	v := s.serve()
	all := slow(s, v, 50, func(_ answer, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	v.signal(syscall.SIGTERM)
	until(t, "new requests are refused", func() bool { return refuses(v) })
	select {
	case <-v.ended:
		t.Fatal("it did not wait for those under way")
	default:
	}
	s.clear(site.Hold)
	all.Wait()
	<-v.ended
	if code := v.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	// Pages made during the stop were stored.
	s.serve().want("/made/slow-1", "gorgon; hit")
}

func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.build()
	v := s.serve()
	all := slow(s, v, 4, func(_ answer, err error) {
		if err == nil {
			t.Error("a request that is held was answered")
		}
	})
	v.signal(syscall.SIGTERM)
	until(t, "new requests are refused", func() bool { return refuses(v) })
	start := time.Now()
	v.signal(syscall.SIGTERM)
	<-v.ended
	if took := time.Since(start); took > 10*time.Second { // the drain lasts longer
		t.Errorf("it took %v", took)
	}
	all.Wait()
	if code := v.cmd.ProcessState.ExitCode(); code == 0 {
		t.Error("it says that all is well")
	}
}
