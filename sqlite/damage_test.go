// Damaged files: never wrong data.

package sqlite_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

func TestDamagedRecord(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	data := strings.Repeat("what the page says ", 2000)
	put(t, s, key("/"), data)
	if err := s.Close(); err != nil { // so that no other code opens the file beside SQLite
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	says := []byte("what the page says")
	if n := bytes.Count(file, says); n < 1900 {
		t.Fatalf("the data is in the file %d times", n)
	}
	file[bytes.Index(file[len(file)/2:], says)+len(file)/2] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, sqlite.Options{})
	if _, err := s.Get(t.Context(), key("/")); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("a damaged record gave %v", err)
	}
	put(t, s, key("/"), data)
	if r, err := s.Get(t.Context(), key("/")); err != nil || string(r.Data) != data {
		t.Errorf("after it was put again: %v", err)
	}
	alter(t, path, "UPDATE records SET data = x'00'")
	if _, err := s.Get(t.Context(), key("/")); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("a record of other data gave %v", err)
	}
}

// Whatever bytes are damaged, and wherever the file is truncated, a read
// returns what was put, or an error.
func TestDamagedAnywhere(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	data := make(map[string]string)
	for _, name := range strings.Split("abcdefgh", "") {
		data[name] = strings.Repeat(name, 3000)
		put(t, s, key(name), data[name])
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		damaged := bytes.Clone(file)
		for range 200 {
			damaged[rand.IntN(len(damaged))] ^= byte(1 + rand.IntN(255))
		}
		copy(damaged, file[:100]) // let it still look like ours
		if rand.IntN(4) == 0 {
			damaged = damaged[:rand.IntN(len(damaged))]
		}
		path := newPath(t)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			continue
		}
		for name, want := range data {
			if r, err := s.Get(t.Context(), key(name)); err == nil && string(r.Data) != want {
				t.Errorf("record %s is %.40q", name, r.Data)
			}
		}
		_ = s.List(t.Context(), func(i pages.Info) bool {
			if data[i.Key.Path] == "" {
				t.Errorf("%q was listed", i.Key)
			}
			return true
		})
		_ = s.Put(t.Context(), pages.Record{Key: key("a")}, pages.Unfenced)
		_, _ = s.Bump(t.Context(), pages.Stale, "tag:a")
		_, _ = s.Sweep(t.Context(), pages.Bounds{Bytes: 1})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
