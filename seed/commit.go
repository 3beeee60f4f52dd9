// Finishing a seed: index, manifest and footer, and then the rename.

package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// Commit finishes the seed and moves it to its path, replacing the previous one
// in one step that survives power loss. It returns the size of the seed in
// bytes. If it fails, the previous seed stays, unless only syncing the folder
// failed.
func (w *Writer) Commit(m Manifest) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return 0, w.fault(errEnded)
	}
	err := w.finish(m)
	if err == nil {
		err = w.publish()
	}
	if err != nil {
		w.discard()
		return 0, w.fault(err)
	}
	w.ended = true
	return int64(w.at), nil
}

// finish writes the parts after the records.
func (w *Writer) finish(m Manifest) error {
	m.Format, m.Values = Version, w.values
	m.Pages, m.Files = len(w.slots[pageKind]), len(w.slots[fileKind])
	manifest, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f := footer{index: w.at, manifest: uint32(len(manifest))}
	var index []byte
	for kind, slots := range w.slots {
		if uint64(len(slots)) > maxRecord || uint64(len(manifest)) > maxRecord {
			return fmt.Errorf("it has more %ss than a seed can hold", kindNames[kind])
		}
		f.counts[kind] = uint32(len(slots))
		slices.SortFunc(slots, compareSlots)
		index = slices.Grow(index, len(slots)*slotSize+len(manifest))
		for _, s := range slots {
			index = s.append(index)
		}
	}
	index = append(index, manifest...)
	f.length = w.at + uint64(len(index)) + footerSize
	w.write(index)
	w.write(f.append(nil, appendHead(nil), index))
	if w.err != nil {
		return w.err
	}
	return w.out.Flush()
}

// publish turns the temporary file into the seed: its content is on disk before
// its name is.
func (w *Writer) publish() error {
	w.early.Lock()
	defer w.early.Unlock()
	// Temporary files are private, and a seed is often served by another user.
	if err := errors.Join(w.lost, w.file.Chmod(0o644), w.sync(w.file), w.file.Close()); err != nil {
		return err
	}
	switch err := os.Rename(w.file.Name(), w.path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("another build to the same path has begun since: %w", err)
	case err != nil:
		return err
	}
	return syncFolder(filepath.Dir(w.path))
}

// syncFolder syncs the names in a folder to disk.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // this system cannot sync folders
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
