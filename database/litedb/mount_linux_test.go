// A full disk, and a file that cannot be written to, by mounting them.

package litedb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// A file that this process may not write to is read, and a write says why not.
func TestReadOnlyFile(t *testing.T) {
	b := openShop(t)
	path := filepath.Join(t.TempDir(), "ro.db")
	b.exec("vacuum into ?", path)
	protect(t, path)
	r := openAt(t, path, nil, declared...)
	if got, _ := r.reads("select * from authors"); len(got) != 2 {
		t.Error(got)
	}
	if _, err := r.sql.Exec("delete from authors"); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Error(err)
	}
}

// protect makes a file read-only, for root too, who may write in spite of a
// file's mode.
func protect(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(path, 0o444); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := unix.Mount(path, path, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("this user cannot mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mount(path, path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
