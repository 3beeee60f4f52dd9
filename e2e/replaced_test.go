// A folder or file that is put in the place of the one that servers have open,
// and purges from the command line after that.

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// purgeOf is the command line of a purge of every page with the tag.
func (s *stand) purgeOf(t *testing.T) *exec.Cmd {
	return s.command(t.Context(), "purge", "--dist", s.dist, "--store", s.store, "--tag", "all-made", "--expire")
}

// replacements are the ways to take away what is at a path.
var replacements = map[string]func(t *testing.T, path string){
	"removed": func(t *testing.T, path string) {
		for _, end := range []string{"", "-wal", "-shm"} {
			err := os.RemoveAll(path + end)
			for tries := 0; err != nil && tries < 1000; tries++ { // servers write to it meanwhile
				err = os.RemoveAll(path + end)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	},
	"moved away": func(t *testing.T, path string) {
		found, err := filepath.Glob(path + "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range found {
			if err := os.Rename(from, filepath.Join(t.TempDir(), filepath.Base(from))); err != nil {
				t.Fatal(err)
			}
		}
	},
}

// TestReplacedFolders: servers of a disk store go over to what is there, and a
// purge is not reported before they have.
func TestReplacedFolders(t *testing.T) {
	t.Parallel()
	for name, replace := range replacements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, self(t))
			s.build()
			servers := s.several(2)
			for round := range 3 {
				for _, v := range servers {
					v.want("/made/1", "")
					v.want("/made/1", "gorgon; hit")
				}
				replace(t, strings.TrimPrefix(s.store, "disk:"))
				data := strconv.Itoa(round)
				s.set(site.Data, data)
				s.purge("--tag", "all-made", "--expire")
				for _, v := range servers {
					a, shown, err := v.page("/made/1")
					if err != nil || shown.Data != data && !strings.Contains(a.cache(), "degraded") {
						t.Errorf("after a purge that was reported as done: %+v, %v, %v", shown, a, err)
					}
				}
			}
			for _, v := range servers {
				v.stop()
			}
			if out, err := s.purgeOf(t).CombinedOutput(); err != nil || !strings.Contains(string(out), "no server has the store") {
				t.Errorf("with no server: %v\n%s", err, out)
			}
		})
	}
}

// TestReplacedFiles: servers of a SQLite store stay with what they opened, so a
// purge of what is there now fails until they are restarted.
func TestReplacedFiles(t *testing.T) {
	t.Parallel()
	for name, replace := range replacements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, self(t))
			path := t.TempDir() + "/pages.db"
			s.store = "sqlite:" + path
			s.build()
			servers := s.several(2)
			for _, v := range servers {
				v.want("/made/1", "")
			}
			s.purge("--tag", "all-made", "--expire")
			replace(t, path)
			s.set(site.Data, "new")
			for range 2 {
				out, err := s.purgeOf(t).CombinedOutput()
				if err == nil || !strings.Contains(string(out), "restart the servers") || strings.Contains(string(out), "purged ") {
					t.Errorf("a purge that no server hears: %v\n%s", err, out)
				}
			}
			servers[0].stop()
			if out, err := s.purgeOf(t).CombinedOutput(); err == nil || !strings.Contains(string(out), "restart the servers") {
				t.Errorf("a purge that one server does not hear: %v\n%s", err, out)
			}
			servers[1].kill() // it takes nothing back of what it said
			v := s.serve()
			s.purge("--tag", "all-made", "--expire")
			if shown := v.want("/made/1", ""); shown.Data != "new" {
				t.Errorf("after a restart: %+v", shown)
			}
			if left, err := filepath.Glob(path + "*"); err != nil || len(left) > 3 {
				t.Errorf("beside the file is left: %q, %v", left, err)
			}
		})
	}
}
