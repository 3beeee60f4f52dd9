// Damage is noticed, wherever it is, and never gives wrong data.

package seed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
)

// bytesOf returns the bytes of a seed of n pages.
func bytesOf(t testing.TB, n int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.seed")
	write(t, path, n)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func isOpenError(err error) bool {
	return errors.Is(err, ErrNotSeed) || errors.Is(err, ErrCut) || errors.Is(err, ErrAltered) || errors.Is(err, ErrVersion)
}

func TestEveryFlippedByteIsNoticed(t *testing.T) {
	const n = 6
	data := bytesOf(t, n)
	opened := 0
	for i := range data {
		bad := slices.Clone(data)
		bad[i] ^= 1 << (i % 8)
		s, err := OpenBytes(bad)
		if err != nil {
			if !isOpenError(err) {
				t.Fatalf("byte %d: %v", i, err)
			}
			continue
		}
		opened++
		if broken := brokenRecords(t, s, n); broken != 1 {
			t.Fatalf("byte %d: %d records are corrupt", i, broken)
		}
		if err := s.Verify(); !errors.Is(err, pages.ErrCorrupt) {
			t.Fatalf("byte %d: verify says %v", i, err)
		}
	}
	if opened == 0 {
		t.Error("damage to a record closes the whole seed")
	}
}

// brokenRecords counts the records that are reported as corrupt, and compares
// the others.
func brokenRecords(t *testing.T, s *Seed, n int) (broken int) {
	t.Helper()
	check := func(what string, same bool, err error) {
		switch {
		case errors.Is(err, pages.ErrCorrupt) && strings.Contains(err.Error(), what):
			broken++
		case err != nil || !same:
			t.Fatalf("%s: same %v, %v", what, same, err)
		}
	}
	for i := range n {
		e, err := s.Entry(keyOf(i))
		check(keyOf(i).String(), reflect.DeepEqual(e, entryOf(i)), err)
	}
	for _, f := range files {
		got, err := s.File(f.Path)
		check(f.Path, reflect.DeepEqual(got, f), err)
	}
	for name, want := range values {
		got, err := s.Value(name)
		check(name, string(got) == want, err)
	}
	return broken
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	data := bytesOf(t, 4)
	for n := range len(data) {
		if _, err := OpenBytes(data[:n]); !errors.Is(err, ErrCut) {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
		if n > 0 { // truncated at the beginning
			if _, err := OpenBytes(data[n:]); !isOpenError(err) {
				t.Fatalf("without the first %d bytes: %v", n, err)
			}
		}
	}
}

func TestErrorsOfOpenNameFileAndMend(t *testing.T) {
	data := bytesOf(t, 4)
	altered := slices.Clone(data)
	altered[len(data)-footerSize-3] ^= 1
	newer := slices.Clone(data)
	binary.BigEndian.PutUint32(newer[len(newer)-12:], Version+1)
	for _, c := range []struct {
		name string
		data []byte
		want error
		hint string
	}{
		{"text", bytes.Repeat([]byte("not a seed"), 100), ErrNotSeed, "build again"},
		{"short text", []byte("no"), ErrNotSeed, "build again"},
		{"empty", nil, ErrCut, "build again"},
		{"cut", data[:len(data)/2], ErrCut, "build again"},
		{"altered", altered, ErrAltered, "build again"},
		{"newer", newer, ErrVersion, "build again with this program, or deploy again where the seed is that of a package"},
	} {
		path := filepath.Join(t.TempDir(), "app.seed")
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if s != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "("+c.hint+")") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "no.seed")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "build first") || strings.Count(err.Error(), missing) != 1 {
		t.Errorf("missing: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNotSeed) {
		t.Errorf("a folder: %v", err)
	}
}

// An index that is consistent in itself may still point anywhere.
func TestIndexThatPointsAnywhere(t *testing.T) {
	data := bytesOf(t, 3)
	index := binary.BigEndian.Uint64(data[len(data)-footerSize:])
	for _, offset := range []uint64{0, 1, headSize - 1, index, index + 1, 1 << 40, 1 << 63, 1<<64 - 1} {
		for _, length := range []uint32{0, 1, 1 << 31, 1<<32 - 1} {
			bad := slices.Clone(data)
			for i := range 3 {
				at := int(index) + i*slotSize
				binary.BigEndian.PutUint64(bad[at+8:], offset)
				binary.BigEndian.PutUint32(bad[at+16:], length)
			}
			reseal(bad)
			s, err := OpenBytes(bad)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if _, err := s.Entry(keyOf(i)); !errors.Is(err, pages.ErrCorrupt) {
					t.Errorf("offset %d length %d: %v", offset, length, err)
				}
			}
			if err := s.Verify(); !errors.Is(err, pages.ErrCorrupt) {
				t.Errorf("verify: %v", err)
			}
		}
	}
}

// reseal writes a matching digest into a footer, if the footer makes sense.
func reseal(data []byte) {
	if len(data) < headSize+footerSize {
		return
	}
	tail := data[len(data)-footerSize:]
	index := binary.BigEndian.Uint64(tail)
	if index > uint64(len(data)-footerSize) {
		return
	}
	sum := seal(data[:headSize], data[index:len(data)-footerSize], tail[:sealedSize])
	copy(tail[sealedSize:], sum[:])
}

func TestVerifyFindsGapsAndDisorder(t *testing.T) {
	data := bytesOf(t, 3)
	index := int(binary.BigEndian.Uint64(data[len(data)-footerSize:]))

	swapped := slices.Clone(data)
	first, second := swapped[index:index+slotSize], swapped[index+slotSize:index+2*slotSize]
	keep := slices.Clone(first)
	copy(first, second)
	copy(second, keep)

	gap := slices.Insert(slices.Clone(data), index, 'x')
	tail := gap[len(gap)-footerSize:]
	binary.BigEndian.PutUint64(tail, uint64(index+1))
	binary.BigEndian.PutUint64(tail[24:], uint64(len(gap)))

	for name, bad := range map[string][]byte{"disorder": swapped, "gap": gap} {
		reseal(bad)
		s, err := OpenBytes(bad)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Verify(); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Truncating a mapped file must not end the process.
func TestFileCutWhileOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("mapped files cannot be truncated on this system")
	}
	path := filepath.Join(t.TempDir(), "app.seed")
	write(t, path, 500)
	s := open(t, path)
	if err := os.Truncate(path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Entry(keyOf(499)); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("page: %v", err)
	}
	if _, err := s.File(files[0].Path); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("file: %v", err)
	}
	if err := s.Verify(); !errors.Is(err, ErrAltered) {
		t.Errorf("verify: %v", err)
	}
	for range s.Entries() {
		break
	}
}
