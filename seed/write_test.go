// A seed appears whole or not at all; the previous one stays until then.

package seed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
)

// before writes a seed of 5 pages, and checks in the end that the folder still
// has it.
func before(t *testing.T) (path string, still func()) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "app.seed")
	write(t, path, 5)
	return path, func() {
		t.Helper()
		names, err := os.ReadDir(dir)
		if err != nil || len(names) != 1 {
			t.Errorf("the folder has %v, %v", names, err)
		}
		checkAll(t, open(t, path), 5)
	}
}

func TestAbortLeavesWhatWasThere(t *testing.T) {
	path, still := before(t)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, w, 100)
	w.Abort()
	w.Abort()
	still()
	if err := w.Entry(keyOf(1), nil); !errors.Is(err, errEnded) {
		t.Error(err)
	}
	if _, err := w.Commit(manifest); !errors.Is(err, errEnded) {
		t.Error(err)
	}
}

func TestAbortAfterCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, w, 5)
	if _, err := w.Commit(manifest); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	checkAll(t, open(t, path), 5)
	if _, err := w.Commit(manifest); !errors.Is(err, errEnded) {
		t.Error(err)
	}
}

func TestReadersKeepTheSeedTheyOpened(t *testing.T) {
	path, _ := before(t)
	old := open(t, path)
	write(t, path, 9)
	checkAll(t, old, 5)
	checkAll(t, open(t, path), 9)
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	path, still := before(t)
	for _, n := range []int{0, 10_000} { // fails in Commit, and before
		w, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w.out.Reset(full)
		for i := range n {
			if err = w.Entry(keyOf(i), encode(t, entryOf(i))); err != nil {
				break
			}
		}
		if n > 0 && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("writing: %v", err)
		}
		if _, err := w.Commit(manifest); !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "no space") != 1 {
			t.Errorf("commit: %v", err)
		}
		still()
	}
}

func TestLeftoversOfACrashAreRemoved(t *testing.T) {
	path, still := before(t)
	crashed, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer crashed.Abort()
	other := filepath.Join(filepath.Dir(path), "other.seed.1.partial")
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(crashed.file.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file of a crash is still there: %v", err)
	}
	w.Abort()
	if err := os.Remove(other); err != nil {
		t.Errorf("another seed's file is gone: %v", err)
	}
	if _, err := crashed.Commit(manifest); err == nil || !strings.Contains(err.Error(), "another build") {
		t.Errorf("a build that was overtaken: %v", err)
	}
	still()
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "app.seed")
	if _, err := Create(missing); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "create the folder") {
		t.Errorf("no folder: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(file, "app.seed")); err == nil {
		t.Error("a file was accepted as a folder")
	}
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		return // which may write everywhere
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(dir, "app.seed")); !errors.Is(err, os.ErrPermission) {
		t.Errorf("read-only folder: %v", err)
	}
}

// A system reports lost bytes once, to whichever sync comes first.
func TestLostBytesAreNotForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	lost, told := errors.New("the disk lost it"), false
	w.sync = func(*os.File) error {
		if told {
			return nil
		}
		told = true
		return lost
	}
	if err := w.Value("large", make([]byte, 2*syncEvery)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(manifest); !errors.Is(err, lost) {
		t.Errorf("the seed was committed: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a seed")
	}
}

func TestNothingIsWrittenTwice(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "app.seed"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	fill(t, w, 2)
	for name, err := range map[string]error{
		keyOf(1).String(): w.Entry(keyOf(1), encode(t, entryOf(1))),
		files[1].Path:     w.File(files[1]),
		"catalog":         w.Value("catalog", nil),
	} {
		if err == nil || !strings.Contains(err.Error(), name+": it is written twice") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConcurrentWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				n := g*50 + i
				if err := w.Entry(keyOf(n), encode(t, entryOf(n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := w.Commit(manifest); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if err := s.Verify(); err != nil || s.Manifest().Pages != 200 {
		t.Error(err, s.Manifest().Pages)
	}
}

// A record is also written for a page that could not be encoded, and for an
// empty value.
func TestEmptyRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Entry(keyOf(1), nil), w.Value("", nil), w.File(File{})); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(Manifest{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	_, pageErr := s.Entry(keyOf(1))
	v, valueErr := s.Value("")
	_, fileErr := s.File("")
	if !errors.Is(pageErr, pages.ErrCorrupt) || valueErr != nil || len(v) != 0 || fileErr != nil {
		t.Error(pageErr, valueErr, fileErr, fmt.Sprintf("%q", v))
	}
}
