// A disk that fills up, and has room again.

package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if !mayMount(t) {
		return
	}
	s := newStand(t, self(t))
	s.build()
	disk := t.TempDir()
	mount(t, "none", disk, "tmpfs", 0, "size=256k")
	s.store = "disk:" + disk + "/store"
	v := s.serve()
	v.want("/made/before", "stored")
	if err := os.WriteFile(disk+"/fill", make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if a, _, err := v.page("/made/during"); err != nil || strings.Contains(a.cache(), "stored") {
		t.Errorf("on a full disk: %v, %v", a, err)
	}
	v.want("/made/during", "gorgon; hit; detail=degraded")
	v.want("/made/before", "gorgon; hit; detail=degraded")
	for n := range 20 {
		v.want(fmt.Sprint("/made/during-", n), "degraded")
	}
	if n := len(v.warnings()); n == 0 || n > 2 { // of writing pages, and of writing leases
		t.Errorf("%d warnings", n)
	}
	// Another server can start, and has what was stored before.
	w := s.serve()
	if a, _, err := w.page("/made/before"); err != nil || !strings.HasPrefix(a.cache(), "gorgon; hit") {
		t.Errorf("another server: %v, %v", a, err)
	}
	w.stop()

	if err := os.Remove(disk + "/fill"); err != nil {
		t.Fatal(err)
	}
	n := 0
	until(t, "pages are stored again", func() bool {
		n++
		a, _, err := v.page(fmt.Sprint("/made/after-", n))
		if err != nil {
			t.Fatal(err)
		}
		return a.cache() == "gorgon; fwd=uri-miss; stored"
	})
	v.want("/made/before", "gorgon; hit")
	s.serve().want(fmt.Sprint("/made/after-", n), "gorgon; hit")
}
