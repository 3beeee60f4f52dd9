// Disks that fill up under servers that share a store on them, and memory that
// is full.

package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// fillable are the stores that are tried on a disk of their own, and how large
// it is: what the store needs while it is empty, and a little more.
var fillable = map[string]string{"disk": "4m", "sqlite": "4m", "postgres": "96m", "s3": "100m"}

func TestFaultsOfFullDisks(t *testing.T) {
	t.Parallel()
	if !mayMount(t) {
		return
	}
	disk := t.TempDir()
	for _, dir := range []string{disk, filepath.Dir(disk)} { // servers run as another user
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	opened := map[string]ground{}
	for name, size := range fillable {
		dir := disk + "/" + name
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		mount(t, "none", dir, "tmpfs", 0, "mode=1777,size="+size)
		if remotes[name] == nil {
			opened[name] = ground{name: name, place: name + ":" + dir + "/store"}
			continue
		}
		// Servers keep their data in the folder for temporary files.
		before := os.Getenv("TMPDIR")
		if err := os.Setenv("TMPDIR", dir); err != nil {
			t.Fatal(err)
		}
		opened[name] = groundOf[name](t)
		if err := os.Setenv("TMPDIR", before); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for name, g := range opened {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				newOrdeal(t, g).playAll([]fault{{name: "full disk", does: func(t *ordeal) { t.fill(disk + "/" + name + "/fill") }}})
			})
		})
	}
	all.Wait()
}

// fill takes all the room that a disk has, for a while, in which there is more
// to be stored than before.
func (t *ordeal) fill(name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 1<<20); len(chunk) > 0 && err == nil; {
		if _, err = f.Write(chunk); errors.Is(err, syscall.ENOSPC) && len(chunk) > 1 {
			chunk, err = chunk[:len(chunk)/2], nil
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if t.flood() == 0 {
		t.Error("the store took every page, so the fault was none")
	}
	if err := errors.Join(f.Close(), os.Remove(name)); err != nil {
		t.Fatal(err)
	}
}
