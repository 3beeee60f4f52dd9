// Damage to the record of purges: the sequence never goes back.

package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// Whatever happens to the two files that hold the purges, the sequence does not
// go back and purges stay in effect. Either each mark is unchanged, or
// everything counts as purged.
func TestDamagedPurges(t *testing.T) {
	damages := map[string]func(dir string, purges []byte){
		"nothing":       func(string, []byte) {},
		"log lost":      func(dir string, _ []byte) { os.Remove(dir + "/v1/purges") },
		"log empty":     func(dir string, _ []byte) { os.WriteFile(dir+"/v1/purges", nil, 0o644) },
		"log garbage":   func(dir string, b []byte) { os.WriteFile(dir+"/v1/purges", bytes.Repeat([]byte("x"), len(b)), 0o644) },
		"log zeros":     func(dir string, b []byte) { os.WriteFile(dir+"/v1/purges", make([]byte, len(b)), 0o644) },
		"tail added":    func(dir string, b []byte) { os.WriteFile(dir+"/v1/purges", append(b, "torn"...), 0o644) },
		"tail zeros":    func(dir string, b []byte) { os.WriteFile(dir+"/v1/purges", append(b, make([]byte, 4096)...), 0o644) },
		"header lost":   func(dir string, _ []byte) { os.Remove(dir + "/v1/epochs") },
		"header empty":  func(dir string, _ []byte) { os.WriteFile(dir+"/v1/epochs", nil, 0o644) },
		"header short":  func(dir string, _ []byte) { os.Truncate(dir+"/v1/epochs", 12) },
		"header zeros":  func(dir string, _ []byte) { os.WriteFile(dir+"/v1/epochs", make([]byte, 4096), 0o644) },
		"header ones":   func(dir string, _ []byte) { os.WriteFile(dir+"/v1/epochs", bytes.Repeat([]byte{255}, 4096), 0o644) },
		"sequence ones": func(dir string, _ []byte) { overwrite(dir+"/v1/epochs", 8, bytes.Repeat([]byte{255}, 8)) },
		"both lost": func(dir string, _ []byte) {
			os.Remove(dir + "/v1/purges")
			os.Remove(dir + "/v1/epochs")
		},
	}
	for _, living := range []bool{false, true} {
		for name, damage := range damages {
			t.Run(fmt.Sprintf("%s, living %v", name, living), func(t *testing.T) { damaged(t, living, damage) })
		}
	}
}

func overwrite(path string, at int64, b []byte) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, _ = f.WriteAt(b, at)
		_ = f.Close()
	}
}

// damaged damages a store in which a tag was purged, with or without a process
// that stays alive, and checks it through that process, another, and a third.
func damaged(t *testing.T, living bool, damage func(dir string, purges []byte)) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	put(t, s, key("/a"), "data")
	var last uint64
	for range 3 {
		last = bump(t, s, "tag:a", "tag:b")
	}
	if !living {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	damage(dir, slurp(t, dir+"/v1/purges"))
	handles := []*disk.Store{open(t, dir, disk.Options{}), open(t, dir, disk.Options{})}
	if living {
		handles = append([]*disk.Store{s}, handles...)
	}
	var before uint64
	for i, s := range handles {
		if n := s.Sequence(); n < last || n > 1<<53 {
			t.Errorf("handle %d: the sequence is %d after %d", i, n, last)
		}
		e, err := s.Epochs(t.Context(), "tag:a", "tag:never")
		if err != nil {
			t.Fatalf("handle %d: %v", i, err)
		}
		exact := e.Sequence == last && e.Marks[0].Expired == last && e.Marks[1].Sequence == 0
		all := e.Sequence > last && e.Marks[0].Sequence > last && e.Marks[1].Sequence > last
		if !exact && !all || e.Sequence < before {
			t.Errorf("handle %d: epochs are %+v after %d", i, e, last)
		}
		before = e.Sequence
		list, floor, err := s.Changes(t.Context(), last)
		if err != nil || all && floor <= last {
			t.Errorf("handle %d: changes are %+v after %d, %v", i, list, floor, err)
		}
	}
	for i, s := range handles {
		if n := bump(t, s, "tag:c"); n != before+1 || s.Sequence() != n {
			t.Errorf("handle %d: bump gave %d after %d, sequence %d", i, n, before, s.Sequence())
		} else {
			before = n
		}
	}
}

// The same with one byte of the log changed, at any position, or with the log
// truncated at any position.
func TestDamagedLogBytes(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	bump(t, s, "tag:a")
	bump(t, s, "tag:b", pages.All)
	last := bump(t, s, "tag:a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log, header := slurp(t, dir+"/v1/purges"), slurp(t, dir+"/v1/epochs")
	look := func(what string, b []byte) {
		write(t, dir+"/v1/purges", b)
		write(t, dir+"/v1/epochs", header)
		s, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Fatal(what, err)
		}
		defer s.Close()
		e, err := s.Epochs(t.Context(), "tag:a")
		if err != nil || e.Sequence < last || e.Marks[0].Sequence < last || s.Sequence() != e.Sequence {
			t.Errorf("%s: %+v, sequence %d, %v", what, e, s.Sequence(), err)
		}
	}
	for i := range log {
		b := bytes.Clone(log)
		b[i] ^= 0x41
		look(fmt.Sprintf("byte %d changed", i), b)
		look(fmt.Sprintf("cut to %d", i), log[:i])
	}
}

// If an epochs file is truncated under a process that has it mapped, the memory
// fault must not end the process.
func TestHeaderCutWhileMapped(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	last := bump(t, s, "tag:a")
	if err := os.Truncate(dir+"/v1/epochs", 0); err != nil {
		t.Fatal(err)
	}
	if n := s.Sequence(); n < last {
		t.Errorf("the sequence went back to %d", n)
	}
	if n := bump(t, s, "tag:a"); n <= last || s.Sequence() != n {
		t.Errorf("after %d came %d, sequence %d", last, n, s.Sequence())
	}
}

// A process that is killed between writing the two copies of the sequence
// leaves them different; the next process that reads them makes them agree.
func TestHeaderHalfWritten(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir, disk.Options{}), open(t, dir, disk.Options{})
	last := bump(t, s, "tag:a")
	good := slurp(t, dir+"/v1/epochs")[8:24]
	overwrite(dir+"/v1/epochs", 16, make([]byte, 8))
	for _, s := range []*disk.Store{other, s} {
		if n := s.Sequence(); n != last {
			t.Errorf("the sequence is %d instead of %d", n, last)
		}
	}
	if got := slurp(t, dir+"/v1/epochs")[8:24]; !bytes.Equal(got, good) {
		t.Errorf("the copies are %x instead of %x", got, good)
	}
}

// If everything is deleted under a running process, it goes on, and what it
// knew counts as purged.
func TestDirectoryDeleted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	put(t, s, key("/a"), "data")
	last := bump(t, s, "tag:a")
	if err := os.RemoveAll(dir + "/v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), key("/a")); !errors.Is(err, pages.ErrNotFound) {
		t.Error(err)
	}
	put(t, s, key("/a"), "again")
	if _, err := s.Lease(t.Context(), key("/a"), claim(), time.Second); err != nil {
		t.Error(err)
	}
	if n := bump(t, s, "tag:b"); n <= last || s.Sequence() != n {
		t.Errorf("bump gave %d after %d, sequence %d", n, last, s.Sequence())
	}
}

// The log is rewritten when it has grown, while another process reads it.
func TestCompaction(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir, disk.Options{}), open(t, dir, disk.Options{})
	long := strings.Repeat("x", 1<<20)
	var last uint64
	for i := range 9 {
		last = bump(t, s, pages.TagSubject(long), pages.TagSubject(fmt.Sprint(i%3)))
		if n := other.Sequence(); n != last {
			t.Fatalf("the other's sequence is %d after %d", n, last)
		}
	}
	info, err := os.Stat(dir + "/v1/purges")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*disk.Store{s, other, open(t, dir, disk.Options{})} {
		e, err := s.Epochs(t.Context(), "tag:"+long, "tag:0", "tag:1", "tag:2", "tag:3")
		if err != nil || e.Sequence != 9 || e.Marks[0].Expired != 9 || e.Marks[1].Expired != 7 ||
			e.Marks[2].Expired != 8 || e.Marks[3].Expired != 9 || e.Marks[4].Sequence != 0 {
			t.Errorf("epochs are %+v, %v", e, err)
		}
		if list, _, err := s.Changes(t.Context(), 8); err != nil || len(list) != 2 || list[1].Subject != "tag:2" {
			t.Errorf("changes are %d, %v", len(list), err)
		}
	}
	if n := bump(t, other, "tag:z"); n != 10 || s.Sequence() != 10 {
		t.Errorf("bump gave %d, sequence %d", n, s.Sequence())
	}
	t.Logf("the log has %d bytes", info.Size())
}
