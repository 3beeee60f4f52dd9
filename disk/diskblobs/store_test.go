// The store against the contract, and what only a disk can do.

package diskblobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/blobs/blobstest"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
)

func open(t testing.TB, dir string, o diskblobs.Options) *diskblobs.Store {
	t.Helper()
	s, err := diskblobs.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the clock, in the law that runs
	blobstest.Harness{
		Place: func(t *testing.T) func() blobs.Store {
			dir := t.TempDir()
			ahead.Store(0)
			now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			return func() blobs.Store { return open(t, dir, diskblobs.Options{Now: now}) }
		},
		Later: func(_ *testing.T, _ blobs.Store, d time.Duration) { ahead.Store(int64(d)) },
	}.Run(t)
}

// A file that was damaged or moved is not taken for a blob.
func TestDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string, data []byte) error{
		"a byte of the header": func(path string, data []byte) error {
			data[100] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"cut off":   func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
		"too long":  func(path string, data []byte) error { return os.WriteFile(path, append(data, 0), 0o600) },
		"empty":     func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"elsewhere": func(path string, _ []byte) error { return os.Rename(filepath.Join(filepath.Dir(path), "other="), path) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), diskblobs.Options{})
			for _, key := range []string{"a/blob", "a/other"} {
				if _, err := s.Put(t.Context(), key, strings.NewReader("data of "+key), blobs.PutOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(s.Dir(), "v1", "keys", "a@", "blob=")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(path, data); err != nil {
				t.Fatal(err)
			}
			_, stat := s.Stat(t.Context(), "a/blob")
			_, _, opened := s.Open(t.Context(), "a/blob", blobs.Range{})
			_, list := s.List(t.Context(), blobs.Query{})
			for _, err := range []error{stat, opened, list} {
				if !errors.Is(err, blobs.ErrCorrupt) {
					t.Errorf("%v is not ErrCorrupt", err)
				}
			}
			if _, err := s.Put(t.Context(), "a/blob", strings.NewReader("new"), blobs.PutOptions{}); err != nil {
				t.Errorf("a damaged blob cannot be replaced: %v", err)
			}
		})
	}
}

// Folders of deleted blobs do not pile up, and a Put is not disturbed by their
// removal.
func TestFoldersAreRemoved(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), diskblobs.Options{})
	errs := make(chan error, 4)
	for i := range 4 {
		go func() {
			key := strings.Repeat("a/", 20) + string(rune('a'+i))
			for range 50 {
				if _, err := s.Put(t.Context(), key, strings.NewReader("data"), blobs.PutOptions{IfNew: true}); err != nil {
					errs <- err
					return
				}
				if err := s.Delete(t.Context(), key); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(s.Dir(), "v1", "keys")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// What cannot be opened says why.
func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := diskblobs.Open(file, diskblobs.Options{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file was opened: %v", err)
	}
}
