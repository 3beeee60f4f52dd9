// A store on a read-only file system, with something in it and without.

package e2e_test

import (
	"os"
	"strings"
	"testing"
)

func TestReadOnlyStore(t *testing.T) {
	t.Parallel()
	if !mayMount(t) {
		return
	}
	s := newStand(t, self(t))
	if err := os.Mkdir(s.dist, 0o755); err != nil {
		t.Fatal(err)
	}
	s.build()
	// As in an image: what was built, and no store.
	s.dist = readOnly(t, s.dist)
	s.store = "disk:" + s.dist + "/site.store"
	checkReadOnly(s, s.serve())

	// A store that another process writes to.
	writable := t.TempDir()
	s.store = "disk:" + writable
	w := s.serve()
	w.want("/made/earlier", "stored")
	s.store = "disk:" + readOnly(t, writable)
	v := s.serve()
	if a, _, err := v.page("/made/earlier"); err != nil || !strings.HasPrefix(a.cache(), "gorgon; hit") {
		t.Errorf("what the store has: %v, %v", a, err)
	}
	checkReadOnly(s, v)

	// What that process makes and purges is seen.
	made := s.makings("/made/later")
	w.want("/made/later", "stored")
	v.want("/made/later", "hit; detail=degraded")
	if n := s.makings("/made/later") - made; n != 1 {
		t.Errorf("it was made %d times", n)
	}
	s.set("data", "second")
	s.store = "disk:" + writable
	s.purge("--path", "/made/later", "--expire")
	if shown := v.want("/made/later", "degraded"); shown.Data != "second" {
		t.Errorf("after a purge it shows %q", shown.Data)
	}
}

// checkReadOnly wants pages to be made and kept in memory, and one warning.
func checkReadOnly(s *stand, v *server) {
	t := s.t
	t.Helper()
	before := s.makings("/made/here")
	v.want("/about", "gorgon; hit; detail=degraded")
	v.want("/made/here", "gorgon; fwd=uri-miss; detail=degraded")
	for range 50 {
		v.want("/made/here", "gorgon; hit; detail=degraded")
	}
	for _, path := range []string{"/made/a", "/made/b", "/made/c", "/timed/a"} {
		v.want(path, "detail=degraded")
	}
	if n := s.makings("/made/here") - before; n != 1 {
		t.Errorf("it was made %d times", n)
	}
	if w := v.warnings(); len(w) != 1 {
		t.Errorf("one warning was wanted, not %d:\n%s", len(w), strings.Join(w, ""))
	}
}
