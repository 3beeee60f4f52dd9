// A store that is deleted under a running server.

package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

func TestStoreDeleted(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.build()
	v := s.serve()
	for n := range 20 {
		v.want(fmt.Sprint("/made/", n), "stored")
	}
	visits := load(t, 8, func(n int) (answer, error) {
		path := fmt.Sprint("/made/", n%20) // known, and new
		if n%2 == 0 {
			path = fmt.Sprint("/made/new-", n)
		}
		a, _, err := v.page(path)
		return a, err
	})
	dir := strings.TrimPrefix(s.store, "disk:")
	for range 3 {
		_ = os.RemoveAll(dir) // which fails where the server makes a folder again meanwhile
		time.Sleep(100 * time.Millisecond)
	}
	asked, longest := visits()
	t.Logf("%d requests, the longest took %v", asked, longest)
	for n := range 20 {
		v.want(fmt.Sprint("/made/", n), "")
	}

	// The store is made again, and purges reach the server through it.
	n := 0
	until(t, "pages are stored again", func() bool {
		n++
		a, _, err := v.page(fmt.Sprint("/made/after-", n))
		if err != nil {
			t.Fatal(err)
		}
		return a.cache() == "gorgon; fwd=uri-miss; stored"
	})
	s.set(site.Data, "second")
	s.purge("--all", "--expire")
	if shown := v.want(fmt.Sprint("/made/after-", n), ""); shown.Data != "second" {
		t.Errorf("after a purge it shows %q", shown.Data)
	}
	v.stop()
}
