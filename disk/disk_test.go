// The store against the contract.

package disk_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"go.uber.org/goleak"
)

var _ pagestest.Lister = (*disk.Store)(nil) // the kit would do without

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(role, os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

func TestContract(t *testing.T) {
	pagestest.Harness{Place: place(disk.Options{}), Snapshot: snapshot, Replace: replace}.Run(t)
}

func TestContractSynced(t *testing.T) {
	pagestest.Harness{Place: place(disk.Options{Sync: true})}.Run(t)
}

// replace moves the folder of a store to another name.
func replace(t *testing.T, s pages.Store) {
	dir := s.(*disk.Store).Dir()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Error(err)
	}
}

// snapshot copies the files of a store. Restoring writes them over the files
// that are there, as copying a backup back does.
func snapshot(t *testing.T, s pages.Store) func() {
	dir := filepath.Join(s.(*disk.Store).Dir(), "v1")
	files := map[string][]byte{}
	each := func(f func(path string)) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if kind := filepath.Base(filepath.Dir(path)); err == nil && d.Type().IsRegular() && kind != "locks" && kind != "tmp" {
				f(path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	each(func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		files[path] = b
	})
	return func() {
		each(func(path string) {
			if _, kept := files[path]; !kept {
				_ = os.Remove(path)
			}
		})
		for path, b := range files {
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

func place(opts disk.Options) func(t *testing.T) func() pages.Store {
	return func(t *testing.T) func() pages.Store {
		dir := t.TempDir()
		return func() pages.Store { return open(t, dir, opts) }
	}
}

// open opens a store and closes it with the test.
func open(tb testing.TB, dir string, opts disk.Options) *disk.Store {
	tb.Helper()
	s, err := disk.Open(dir, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func key(path string) pages.Key { return pages.Key{Route: "/{path...}", Path: path} }

func TestDriver(t *testing.T) {
	d := disk.Driver()
	s, err := d.Open(t.Context(), t.TempDir())
	if err != nil || d.Schemes[0] != "disk" {
		t.Fatal(d.Schemes, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Open(t.Context(), file); err == nil || s != nil {
		t.Errorf("a file was opened as a store: %v, %v", s, err)
	}
}

// Writers with overlapping shared locks do not starve a purge.
func TestPurgeIsNotStarved(t *testing.T) {
	dir := t.TempDir()
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 8 {
		s := open(t, dir, disk.Options{})
		wg.Go(func() {
			r := pages.Record{Key: key(fmt.Sprint(i)), Data: make([]byte, 1000)}
			for !stop.Load() {
				if err := s.Put(t.Context(), r, pages.Fence{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	s := open(t, dir, disk.Options{})
	var worst time.Duration
	for range 50 {
		began := time.Now()
		bump(t, s, "tag:a")
		worst = max(worst, time.Since(began))
	}
	stop.Store(true)
	wg.Wait()
	if worst > 2*time.Second {
		t.Errorf("a purge took %v", worst)
	}
	t.Logf("the slowest of 50 purges took %v", worst)
}

// BenchmarkPlain is the lower bound of BenchmarkPut: one file written and
// renamed.
func BenchmarkPlain(b *testing.B) {
	dir, data := b.TempDir(), make([]byte, 20<<10)
	b.SetBytes(20 << 10)
	for b.Loop() {
		if err := os.WriteFile(dir+"/tmp", data, 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(dir+"/tmp", dir+"/file"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for name, fence := range map[string]pages.Fence{"bare": {}, "fenced": {}} {
		b.Run(name, func(b *testing.B) {
			s := open(b, b.TempDir(), disk.Options{})
			r := pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}
			b.SetBytes(20 << 10)
			for b.Loop() {
				if err := s.Put(b.Context(), r, fence); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	if err := s.Put(b.Context(), pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}, pages.Unfenced); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(20 << 10)
	for b.Loop() {
		if _, err := s.Get(b.Context(), key("/a")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSequence(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	for b.Loop() {
		s.Sequence()
	}
}

func BenchmarkEpochs(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	for b.Loop() {
		if _, err := s.Epochs(b.Context(), pages.All, "tag:a", "path:/a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBump(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	for b.Loop() {
		if _, err := s.Bump(b.Context(), pages.Stale, "tag:a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLease(b *testing.B) {
	s := open(b, b.TempDir(), disk.Options{})
	for b.Loop() {
		l, err := s.Lease(b.Context(), key("/a"), claim(), 1e9)
		if err == nil {
			err = s.Release(b.Context(), l)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// A process that opens a store alone need not wait for leases of dead
// processes. With another process present, leases are kept.
func TestLeasesOfTheDead(t *testing.T) {
	dir, key := t.TempDir(), pages.Key{Route: "/", Path: "/"}
	open := func() *disk.Store {
		s, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	first := open()
	dead, err := first.Lease(t.Context(), key, claim(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	beside := open()
	if _, err := beside.Lease(t.Context(), key, claim(), time.Hour); !errors.Is(err, pages.ErrHeld) {
		t.Errorf("beside its holder the lease is %v", err)
	}
	_, _ = first.Close(), beside.Close()
	next, err := open().Lease(t.Context(), key, claim(), time.Hour)
	if err != nil || next.Token <= dead.Token {
		t.Errorf("after its holder the lease is %+v, %v", next, err)
	}
}

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }
