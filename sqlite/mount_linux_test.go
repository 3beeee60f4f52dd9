// A full disk and a read-only disk, by mounting them.

package sqlite_test

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
	"time"

	"golang.org/x/sys/unix"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

// namespaceVariable marks the run of a test within a user namespace.
const namespaceVariable = "GORGON_SQLITE_NAMESPACE"

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

// viewOf is a folder as a process sees it that may not write to it.
func viewOf(t *testing.T, dir string) string {
	t.Helper()
	view := t.TempDir()
	mount(t, dir, view, "", unix.MS_BIND, "")
	if err := unix.Mount("", view, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot mount read-only: %v", err)
	}
	return view
}

func TestFullDisk(t *testing.T) {
	if !mayMount(t) {
		return
	}
	dir := t.TempDir()
	mount(t, "none", dir, "tmpfs", 0, "size=12m")
	path, ctx := dir+"/pages.db", t.Context()
	s := open(t, path, sqlite.Options{})
	put(t, s, key("/old"), "old")
	last := bump(t, s, "tag:a")
	if err := os.WriteFile(dir+"/fill", make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	n := 0
	for ; n < 1000 && err == nil; n++ {
		err = s.Put(ctx, pages.Record{Key: key(fmt.Sprint(n)), Data: selfMade(20_000)}, pages.Unfenced)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a full disk gave %v after %d records", err, n)
	}
	t.Log(err)
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
	if r, err := s.Get(ctx, key("/old")); err != nil || string(r.Data) != "old" {
		t.Errorf("the old record is %q, %v", r.Data, err)
	}
	again := open(t, path, sqlite.Options{})
	for _, s := range []*sqlite.Store{s, again} {
		if e, err := s.Epochs(ctx, "tag:a"); err != nil || e.Sequence != last || e.Marks[0].Sequence != last {
			t.Errorf("epochs are %+v, %v after %d", e, err, last)
		}
	}
	if _, err := sqlite.Open(ctx, dir+"/new.db", sqlite.Options{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a new file gave %v", err)
	}
	if err := os.Remove(dir + "/fill"); err != nil {
		t.Fatal(err)
	}
	put(t, s, key("/old"), "new")
	if n := bump(t, again, "tag:a"); n != last+1 {
		t.Errorf("after %d came %d", last, n)
	}
	for i := range n - 1 {
		if r, err := again.Get(ctx, key(fmt.Sprint(i))); err != nil || !isSelfMade(r.Data) {
			t.Errorf("record %d: %v", i, err)
		}
	}
}

func TestReadOnlyMount(t *testing.T) {
	if !mayMount(t) {
		return
	}
	dir := t.TempDir()
	view := viewOf(t, dir)
	order, end := another(t, dir+"/pages.db")
	order("put data")
	order("purge")

	// Writes by another process are visible, and so are its purges.
	r := open(t, view+"/pages.db", sqlite.Options{})
	checkReadOnly(t, r)
	order("put new")
	if got, err := r.Get(t.Context(), key("/a")); err != nil || string(got.Data) != "new" {
		t.Errorf("got %q, %v", got.Data, err)
	}
	order("put data")
	heard := make(chan error, 1)
	go func() { heard <- r.Wait(t.Context(), 1) }()
	order("purge")
	if err := <-heard; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}

	_, err := sqlite.Open(t.Context(), view+"/none.db", sqlite.Options{})
	if !errors.Is(err, pages.ErrReadOnly) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("opening what is not there gave %v", err)
	}
	t.Log(err)
	end()
}

// First no process has the file open for writing, then one has.
func TestReadOnlyAtRest(t *testing.T) {
	if !mayMount(t) {
		return
	}
	dir := t.TempDir()
	view := viewOf(t, dir)
	order, end := another(t, dir+"/pages.db")
	order("put data")
	order("purge")
	end()
	if _, err := os.Stat(dir + "/pages.db-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the last to close the file left its log: %v", err)
	}
	r := open(t, view+"/pages.db", sqlite.Options{})
	checkReadOnly(t, r)

	becomes := func(want string) {
		t.Helper()
		var got pages.Record
		var err error
		for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
			if got, err = r.Get(t.Context(), key("/a")); err == nil && string(got.Data) == want {
				return
			}
		}
		t.Errorf("the record is %q, %v, and not %q", got.Data, err, want)
	}
	order, end = another(t, dir+"/pages.db")
	order("put new")
	becomes("new")
	order("put newer")
	becomes("newer")
	end()
	becomes("newer")
	order, end = another(t, dir+"/pages.db")
	order("put newest")
	becomes("newest")
	end()
}

// A file that belongs to another user: it is opened as the user nobody.
func TestNoPermission(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files that it then may not write")
	}
	dir := t.TempDir()
	path := dir + "/pages.db"
	order, end := another(t, path)
	order("put data")
	order("purge")
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asNobody := func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
			r, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			checkReadOnly(t, r)
			_, err = sqlite.Open(t.Context(), dir+"/none.db", sqlite.Options{})
			if !errors.Is(err, pages.ErrReadOnly) || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("opening what is not there gave %v", err)
			}
		}()
		<-done
	}
	asNobody()
	end()
	asNobody()
}

func checkReadOnly(t *testing.T, s *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	if !s.ReadOnly() {
		t.Error("it does not say that it is read-only")
	}
	if r, err := s.Get(ctx, key("/a")); err != nil || string(r.Data) != "data" {
		t.Errorf("got %q, %v", r.Data, err)
	}
	if e, err := s.Epochs(ctx, "tag:a"); err != nil || e.Sequence != 1 || e.Marks[0].Sequence != 1 {
		t.Errorf("epochs are %+v, %v", e, err)
	}
	if list, _, err := s.Changes(ctx, 0); err != nil || len(list) != 1 {
		t.Errorf("changes are %+v, %v", list, err)
	}
	n := 0
	if err := s.List(ctx, func(pages.Info) bool { n++; return true }); err != nil || n != 1 {
		t.Errorf("%d records were listed, %v", n, err)
	}
	_, bumpErr := s.Bump(ctx, pages.Stale, pages.All)
	_, leaseErr := s.Lease(ctx, key("/a"), claim(), 1e9)
	_, sweepErr := s.Sweep(ctx, pages.Bounds{Bytes: 1})
	_, sayErr := s.Acknowledge(ctx, "me", 1, 1e9)
	for what, err := range map[string]error{
		"put":     s.Put(ctx, pages.Record{Key: key("/a")}, pages.Unfenced),
		"delete":  s.Delete(ctx, key("/a"), pages.Unfenced),
		"release": s.Release(ctx, pages.Lease{Key: key("/a")}),
		"bump":    bumpErr, "lease": leaseErr, "sweep": sweepErr, "acknowledge": sayErr,
	} {
		if !errors.Is(err, pages.ErrReadOnly) {
			t.Errorf("%s gave %v", what, err)
		}
	}
}
