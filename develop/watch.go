// Which files changed.

package develop

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing may happen before changes are taken: editors
// write a file in several steps.
const quiet = 30 * time.Millisecond

// skipped are folders that hold nothing an app is made of.
var skipped = []string{"node_modules", "pkg", "dist", "public", "testdata"}

// A watcher knows every file of a tree by the digest of its content, so that
// a touch changes nothing.
type watcher struct {
	*fsnotify.Watcher
	root  string
	also  []string // folders in spite of their names
	known map[string][sha256.Size]byte
	// Files of which something was heard since next returned.
	touched map[string]bool
}

func watch(root string) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w: allow more watches, as in sysctl fs.inotify.max_user_instances=1024", root, err)
	}
	w := &watcher{Watcher: n, root: root, known: map[string][sha256.Size]byte{}, touched: map[string]bool{}}
	if _, err := w.add(root); err != nil {
		n.Close()
		return nil, fmt.Errorf("watch %s: %w", root, err)
	}
	return w, nil
}

func (w *watcher) skips(name string) bool {
	base := filepath.Base(name)
	return name != w.root && !slices.Contains(w.also, name) && (strings.HasPrefix(base, ".") || slices.Contains(skipped, base))
}

// include watches a folder whose name says that it should not be.
func (w *watcher) include(folder string) error {
	if slices.Contains(w.also, folder) {
		return nil
	}
	w.also = append(w.also, folder)
	_, err := w.add(folder)
	return err
}

// includeFile watches a file whose name says that it should not be. Its folder
// is watched already.
func (w *watcher) includeFile(name string) {
	w.also = append(w.also, name)
	w.changed(name)
}

// know takes a file as it is for what was there before: the tool wrote it.
func (w *watcher) know(name string) { w.changed(name) }

// add watches a folder with all below it, and returns the files in it that
// are new.
func (w *watcher) add(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == w.root:
			return err
		case err != nil:
			return nil // gone again
		case d.IsDir() && w.skips(name):
			return fs.SkipDir
		case d.IsDir():
			return w.Add(name)
		case w.changed(name):
			found = append(found, name)
		}
		return nil
	})
	return found, err
}

// changed says whether a file's content is another than it was.
func (w *watcher) changed(name string) bool {
	if w.skips(name) || strings.HasSuffix(name, "~") || database(name) {
		return false
	}
	before, was := w.known[name]
	data, err := os.ReadFile(name)
	if err != nil {
		delete(w.known, name)
		return was
	}
	w.known[name] = sha256.Sum256(data)
	return !was || before != w.known[name]
}

// database says whether a file is a SQLite database, or lies beside one, as
// shop.db-wal does beside shop.db. The app writes to it while it runs, and sees
// what others write.
func database(name string) bool {
	folder, base := filepath.Split(name)
	for {
		if isSQLite(folder + base) {
			return true
		}
		i := strings.LastIndexByte(base, '-')
		if i <= 0 {
			return false
		}
		base = base[:i]
	}
}

// isSQLite says whether a file begins as each SQLite database does.
func isSQLite(name string) bool {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	begins := make([]byte, len(magic))
	_, err = io.ReadFull(f, begins)
	return err == nil && string(begins) == magic
}

// next waits for changes, and for a moment of quiet after them. Nothing is
// lost where ctx ends first: the next call returns it.
func (w *watcher) next(ctx context.Context, failed <-chan error) ([]string, error) {
	var calm <-chan time.Time
	if len(w.touched) > 0 {
		calm = time.After(quiet)
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-failed:
			return nil, err
		case err := <-w.Errors:
			return nil, fmt.Errorf("watch %s: %w", w.root, err)
		case e := <-w.Events:
			if e.Op != fsnotify.Chmod {
				w.touched[e.Name] = true
				calm = time.After(quiet)
			}
		case <-calm:
			var changed []string
			for name := range w.touched {
				if info, err := os.Stat(name); err == nil && info.IsDir() {
					if !w.skips(name) {
						found, err := w.add(name)
						if err != nil {
							return nil, err
						}
						changed = append(changed, found...)
					}
				} else if w.changed(name) {
					changed = append(changed, name)
				}
			}
			clear(w.touched)
			calm = nil
			if len(changed) > 0 {
				slices.Sort(changed)
				return slices.Compact(changed), nil
			}
		}
	}
}
