// A full disk, by mounting one.

package litedb_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// On a full disk a write fails, and what was committed before is listed. With
// room again, all goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("this user cannot mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	content, err := model()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/shop.db", content, 0o644); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, dir+"/shop.db", nil, declared...)
	b.drain()
	b.exec("update products set price = 5 where id = 2")
	const write = "insert into secret (t) values (zeroblob(20000))"
	for n := 0; err == nil; n++ {
		if _, err = b.sql.ExecContext(t.Context(), write); n > 500 {
			t.Fatal("the disk is never full")
		}
	}
	t.Log(err)
	changes, err := b.Look(t.Context())
	if err != nil || len(changes) != 1 || !slices.Equal(changes[0].Tags, tags("products products:2")) {
		t.Errorf("on a full disk there is %v, %v", changes, err)
	}
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	b.exec(write)
	b.exec("update authors set born = 7 where name = 'bob'")
	if got := fmt.Sprint(b.drain()); got != fmt.Sprint(tags("authors authors:bob products products:2")) {
		t.Error(got)
	}
}
