// A full disk and a read-only disk, by mounting them.

package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"golang.org/x/sys/unix"
)

// namespaceVariable marks the run of a test within a user namespace.
const namespaceVariable = "GORGON_DISK_NAMESPACE"

// mayMount arranges that the test can mount: it runs as root, or runs itself
// again in a user namespace and returns false.
func mayMount(t *testing.T) bool {
	if os.Geteuid() == 0 {
		return true
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), namespaceVariable+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Errorf("in a user namespace: %v\n%s", err, out)
	} else if err != nil {
		t.Skipf("neither root nor allowed to make a user namespace: %v", err)
	}
	return false
}

func mount(t *testing.T, source, dir, kind string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, dir, kind, flags, data); err != nil {
		t.Skipf("cannot mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			t.Error(err)
		}
	})
}

func TestFullDisk(t *testing.T) {
	if !mayMount(t) {
		return
	}
	dir := t.TempDir()
	mount(t, "none", dir, "tmpfs", 0, "size=1m")
	s := open(t, dir, disk.Options{})
	ctx := t.Context()
	put(t, s, key("/old"), "old")
	last := bump(t, s, "tag:a")
	var err error
	n := 0
	for ; n < 1000 && err == nil; n++ {
		err = s.Put(ctx, pages.Record{Key: key(fmt.Sprint(n)), Data: selfMade(20_000)}, pages.Unfenced)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a full disk gave %v after %d records", err, n)
	}
	if left, _ := os.ReadDir(dir + "/v1/tmp"); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
	// Fill the rest to the last byte: a partial write must not tear a record or
	// the log of purges.
	if err := os.WriteFile(dir+"/fill", make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	err = s.Put(ctx, pages.Record{Key: key("/old"), Data: selfMade(20_000)}, pages.Unfenced)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("put gave %v", err)
	}
	for range 2000 {
		var got uint64
		if got, err = s.Bump(ctx, pages.Stale, "tag:a"); err != nil {
			break
		}
		last = got
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("bump gave %v", err)
	}
	if _, err := s.Lease(ctx, key("/old"), claim(), 1e9); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("lease gave %v", err)
	}
	if r, err := s.Get(ctx, key("/old")); err != nil || string(r.Data) != "old" {
		t.Errorf("the old record is %q, %v", r.Data, err)
	}
	if n := s.Sequence(); n != last {
		t.Errorf("the sequence is %d after %d", n, last)
	}
	again := open(t, dir, disk.Options{})
	if e, err := again.Epochs(ctx, "tag:a"); err != nil || e.Sequence != last || e.Marks[0].Sequence != last {
		t.Errorf("epochs are %+v, %v after %d", e, err, last)
	}

	if err := os.Remove(dir + "/fill"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, key("0"), pages.Unfenced); err != nil {
		t.Error(err)
	}
	put(t, s, key("/old"), "new")
	if n := bump(t, again, "tag:a"); n != last+1 {
		t.Errorf("after %d came %d", last, n)
	}
}

func TestReadOnlyMount(t *testing.T) {
	if !mayMount(t) {
		return
	}
	dir, view := t.TempDir(), t.TempDir()
	s := open(t, dir, disk.Options{})
	put(t, s, key("/a"), "data")
	bump(t, s, "tag:a")
	mount(t, dir, view, "", unix.MS_BIND, "")
	if err := unix.Mount("", view, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot mount read-only: %v", err)
	}
	r := open(t, view, disk.Options{})
	if !r.ReadOnly() {
		t.Error("it does not say that it is read-only")
	}
	checkReadOnly(t, r)

	// Writes by another process are visible.
	put(t, s, key("/a"), "new")
	if got, err := r.Get(t.Context(), key("/a")); err != nil || string(got.Data) != "new" {
		t.Errorf("got %q, %v", got.Data, err)
	}
	if n := bump(t, s, "tag:a"); r.Sequence() != n {
		t.Errorf("the sequence is %d instead of %d", r.Sequence(), n)
	}
	if e, err := r.Epochs(t.Context(), "tag:a"); err != nil || e.Marks[0].Sequence != 2 {
		t.Errorf("epochs are %+v, %v", e, err)
	}

	// Lost purges cannot be repaired on a read-only disk, but everything counts
	// as purged, once.
	if err := os.Remove(dir + "/v1/purges"); err != nil {
		t.Fatal(err)
	}
	var first uint64
	for range 3 {
		e, err := r.Epochs(t.Context(), "tag:never")
		if err != nil || e.Marks[0].Sequence <= 2 || first != 0 && e.Sequence != first {
			t.Errorf("epochs are %+v, %v", e, err)
		}
		first = e.Sequence
	}

	_, err := disk.Open(view+"/none", disk.Options{})
	if !errors.Is(err, pages.ErrReadOnly) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("opening what is not there gave %v", err)
	}
	t.Log(err)
}

// A directory that belongs to another user: files are opened as the user
// nobody.
func TestNoPermission(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files that it then may not write")
	}
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	put(t, s, key("/a"), "data")
	bump(t, s, "tag:a")
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		r, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer r.Close()
		checkReadOnly(t, r)
		if _, err := disk.Open(dir+"/none", disk.Options{}); !errors.Is(err, pages.ErrReadOnly) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("opening what is not there gave %v", err)
		}
	}()
	<-done
}

func checkReadOnly(t *testing.T, s *disk.Store) {
	t.Helper()
	ctx := t.Context()
	if r, err := s.Get(ctx, key("/a")); err != nil || string(r.Data) != "data" {
		t.Errorf("got %q, %v", r.Data, err)
	}
	if e, err := s.Epochs(ctx, "tag:a"); err != nil || e.Sequence != 1 || e.Marks[0].Sequence != 1 {
		t.Errorf("epochs are %+v, %v", e, err)
	}
	if n := s.Sequence(); n != 1 {
		t.Errorf("the sequence is %d", n)
	}
	n := 0
	if err := s.List(ctx, func(pages.Info) bool { n++; return true }); err != nil || n != 1 {
		t.Errorf("%d records were listed, %v", n, err)
	}
	_, bumpErr := s.Bump(ctx, pages.Stale, pages.All)
	_, leaseErr := s.Lease(ctx, key("/a"), claim(), 1e9)
	_, sweepErr := s.Sweep(ctx, pages.Bounds{Bytes: 1})
	for what, err := range map[string]error{
		"put":     s.Put(ctx, pages.Record{Key: key("/a")}, pages.Unfenced),
		"delete":  s.Delete(ctx, key("/a"), pages.Unfenced),
		"release": s.Release(ctx, pages.Lease{Key: key("/a")}),
		"bump":    bumpErr, "lease": leaseErr, "sweep": sweepErr,
	} {
		if !errors.Is(err, pages.ErrReadOnly) {
			t.Errorf("%s gave %v", what, err)
		}
	}
}
