// Damage: no wrong data, no panic, no purge forgotten.

package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

func recordFile(dir string, k pages.Key) string {
	return filepath.Join(dir, "v1", "pages", k.ID()[:2], k.ID())
}

func write(tb testing.TB, path string, b []byte) {
	tb.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		tb.Fatal(err)
	}
}

func slurp(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func put(tb testing.TB, s *disk.Store, k pages.Key, data string) {
	tb.Helper()
	if err := s.Put(tb.Context(), pages.Record{Key: k, Data: []byte(data)}, pages.Unfenced); err != nil {
		tb.Fatal(err)
	}
}

func bump(tb testing.TB, s *disk.Store, subjects ...string) uint64 {
	tb.Helper()
	n, err := s.Bump(tb.Context(), pages.Expire, subjects...)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// Every bit of a record flipped, the file truncated to every length, and bytes
// appended.
func TestDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	k := pages.Key{Route: "/{id}", Path: "/one", Locale: "de"}
	put(t, s, k, "the data of one")
	good := slurp(t, recordFile(dir, k))
	broken := func(what string, b []byte) {
		t.Helper()
		write(t, recordFile(dir, k), b)
		if r, err := s.Get(t.Context(), k); !errors.Is(err, pages.ErrCorrupt) {
			t.Errorf("%s: got %q, %v", what, r.Data, err)
		}
	}
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			broken(fmt.Sprintf("bit %d of byte %d flipped", bit, i), b)
		}
		broken(fmt.Sprintf("cut to %d bytes", i), good[:i])
	}
	broken("a byte more", append(bytes.Clone(good), 0))
	broken("zeros", make([]byte, len(good)))
	broken("a hole", make([]byte, 1<<20))

	other := pages.Key{Route: "/{id}", Path: "/two"}
	put(t, s, other, "the data of two")
	broken("the record of another", slurp(t, recordFile(dir, other)))

	put(t, s, k, "repaired")
	if r, err := s.Get(t.Context(), k); err != nil || string(r.Data) != "repaired" {
		t.Errorf("a damaged record was not replaced: %q, %v", r.Data, err)
	}
}

// Damaged records are not listed, and a sweep by route removes them.
func TestDamagedRecordIsSwept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	put(t, s, key("/good"), "data")
	put(t, s, key("/bad"), "data")
	write(t, recordFile(dir, key("/bad")), []byte("garbage"))
	n := 0
	if err := s.List(t.Context(), func(pages.Info) bool { n++; return true }); err != nil || n != 1 {
		t.Errorf("%d records were listed, %v", n, err)
	}
	swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 10})
	if err != nil || swept.Removed != 1 || swept.Kept != 1 {
		t.Errorf("swept %+v, %v", swept, err)
	}
}

// If a lease file is lost or damaged, its holders are refused and tokens still
// grow.
func TestDamagedLeases(t *testing.T) {
	for _, b := range []string{"", "garbage", strings.Repeat("\x00", 60)} {
		dir := t.TempDir()
		s := open(t, dir, disk.Options{})
		l, err := s.Lease(t.Context(), key("/a"), claim(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "v1", "leases", key("/a").ID()[:2]), []byte(b))
		if err := s.Put(t.Context(), pages.Record{Key: key("/a")}, pages.Fence{Token: l.Token}); !errors.Is(err, pages.ErrFenced) {
			t.Errorf("%q: put gave %v", b, err)
		}
		again, err := s.Lease(t.Context(), key("/a"), claim(), time.Minute)
		if err != nil || again.Token <= l.Token {
			t.Errorf("%q: after token %d came %d, %v", b, l.Token, again.Token, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	dir := f.TempDir()
	s := open(f, dir, disk.Options{})
	k := key("/a")
	put(f, s, k, "data")
	f.Add(slurp(f, recordFile(dir, k)))
	f.Add([]byte("gorgonP1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		write(t, recordFile(dir, k), b)
		r, err := s.Get(t.Context(), k)
		if err != nil && !errors.Is(err, pages.ErrCorrupt) || err == nil && r.Key != k {
			t.Errorf("got %+v, %v", r, err)
		}
		if err := s.List(t.Context(), func(i pages.Info) bool { return i.Key == k }); err != nil {
			t.Error(err)
		}
	})
}
