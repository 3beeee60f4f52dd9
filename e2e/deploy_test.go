// Another build on the same store: no page disappears; each gets the new view,
// and is regenerated in the background.

package e2e_test

import (
	"fmt"
	"testing"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

func TestDeploy(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.build()
	v := s.serve()
	for n := range 10 {
		if shown := v.want(fmt.Sprint("/made/", n), "stored"); shown.Version != "1" {
			t.Fatalf("it shows %+v", shown)
		}
	}
	v.stop()

	s.program = release(t, next)
	s.build()
	s.set(site.Data, "second")
	s.set(site.Hold, "on")
	v = s.serve()
	for n := range 10 {
		path := fmt.Sprint("/made/", n)
		for range 3 {
			if shown := v.want(path, "gorgon; hit; ttl=0; detail=stale"); shown.Version != "2" || shown.Data != "first" {
				t.Fatalf("before it is made again it shows %+v", shown)
			}
		}
	}
	s.clear(site.Hold)
	for n := range 10 {
		path := fmt.Sprint("/made/", n)
		until(t, "it is made again", func() bool {
			a, shown, err := v.page(path)
			if err != nil {
				t.Fatal(err)
			}
			return a.cache() == "gorgon; hit" && shown.Data == "second"
		})
		if n := s.makings(path); n != 2 {
			t.Errorf("%s was made %d times, and not twice", path, n)
		}
	}

	// Back again, as after a deploy that was a mistake.
	v.stop()
	s.program = self(t)
	v = s.serve()
	if shown := v.want("/made/3", "detail=stale"); shown.Version != "1" || shown.Data != "second" {
		t.Errorf("after going back it shows %+v", shown)
	}
}
