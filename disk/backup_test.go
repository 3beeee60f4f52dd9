// Backups that are restored under running programs, after which a program that
// knew nothing of the lost purges purges as often.

package disk_test

import (
	"os"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// restored purges a store, restores a backup from before, and purges it as often
// through a handle that knew nothing. It returns a handle that has seen the lost
// purges, and the last number.
func restored(t *testing.T, dir string, restore func(path string, content []byte), purge func(s *disk.Store) uint64) (*disk.Store, uint64) {
	s, other := open(t, dir, disk.Options{}), open(t, dir, disk.Options{})
	bump(t, s, "tag:a")
	files := map[string][]byte{}
	for _, path := range []string{dir + "/v1/purges", dir + "/v1/epochs"} {
		files[path] = slurp(t, path)
	}
	last := purge(s)
	if n := other.Sequence(); n != last {
		t.Fatalf("the other's sequence is %d after %d", n, last)
	}
	for path, content := range files {
		restore(path, content)
	}
	if n := purge(open(t, dir, disk.Options{})); n < last {
		t.Fatalf("the purge after the restore is %d, the lost one was %d", n, last)
	}
	return other, last
}

// raised waits until a handle counts everything as purged, and asks it for
// nothing but its sequence.
func raised(t *testing.T, s *disk.Store, last uint64) {
	for limit := time.Now().Add(20 * time.Second); s.Sequence() <= last; {
		if time.Now().After(limit) {
			t.Fatalf("the sequence is still %d", last)
		}
		time.Sleep(time.Millisecond)
	}
	e, err := s.Epochs(t.Context(), pages.All)
	if err != nil || e.Marks[0].Expired <= last {
		t.Errorf("after %d the state is %+v, %v", last, e, err)
	}
}

// Some tools write a file beside the old one, and rename it.
func TestRestoredFilesRenamed(t *testing.T) {
	other, last := restored(t, t.TempDir(), func(path string, content []byte) {
		write(t, path+".restored", content)
		if err := os.Rename(path+".restored", path); err != nil {
			t.Fatal(err)
		}
	}, func(s *disk.Store) uint64 { return bump(t, s, "tag:b") })
	raised(t, other, last)
}

// Earlier versions do not write the time of a purge into the epochs file.
func TestRestoredAndPurgedByEarlierVersions(t *testing.T) {
	dir := t.TempDir()
	other, last := restored(t, dir, func(path string, content []byte) { write(t, path, content) },
		func(s *disk.Store) uint64 {
			n := bump(t, s, "tag:b")
			overwrite(dir+"/v1/epochs", 40, make([]byte, 8))
			return n
		})
	raised(t, other, last)
}
