// Many concurrent requests for a page that does not exist yet: it is made once.

package e2e_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// crowd sends concurrent requests for one path to servers, and returns the one
// body that all answers must have.
func crowd(t *testing.T, requests int, path string, servers ...*server) []byte {
	t.Helper()
	answers := make([]answer, requests)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for n := range requests {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			a, _, err := servers[n%len(servers)].page(path)
			if err != nil {
				t.Error(err)
			}
			answers[n] = a
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	for _, a := range answers {
		if !bytes.Equal(a.body, answers[0].body) {
			t.Fatalf("two answers differ: %v and %v", a, answers[0])
		}
	}
	return answers[0].body
}

func TestCrowdMakesOnce(t *testing.T) {
	s := newStand(t, self(t))
	s.build()
	s.set(site.Delay, "500ms")
	v := s.serve()
	crowd(t, 500, "/made/crowded", v)
	if n := s.makings("/made/crowded"); n != 1 {
		t.Errorf("it was made %d times", n)
	}
	v.want("/made/crowded", "gorgon; hit")

	// Two servers that share a store act as one, and so does a third that
	// starts later.
	w := s.serve()
	crowd(t, 200, "/made/shared", v, w)
	s.serve().want("/made/shared", "gorgon; hit")
	if n := s.makings("/made/shared"); n != 1 {
		t.Errorf("with two servers it was made %d times", n)
	}
}
