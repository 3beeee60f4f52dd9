// Writing a seed: records into a temporary file, which becomes the seed.

package seed

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// A Writer writes a seed. The same calls in the same order give the same
// bytes. It is safe for concurrent use. It ends with Commit or Abort.
type Writer struct {
	path string
	hash func(digest [sha256.Size]byte) uint64

	mu     sync.Mutex
	file   *os.File
	out    *bufio.Writer
	at     uint64 // the offset of the next record
	slots  [kinds][]slot
	seen   [kinds]map[[sumSize]byte]struct{} // keys, to refuse duplicates
	values []string
	err    error // the first write error: nothing more is written after it
	ended  bool

	sync   func(*os.File) error // (*os.File).Sync; tests replace it
	early  sync.Mutex           // held while the file is synced ahead of Commit
	lost   error                // the error of such a sync; guarded by early
	synced uint64               // the offset up to which a sync was started
}

const (
	partial    = ".partial" // the end of the names of temporary files
	bufferSize = 256 << 10  // bytes
	syncEvery  = 16 << 20   // bytes
)

// errEnded is the error of every method after Commit or Abort.
var errEnded = errors.New("the writer has ended")

// Create begins a seed that will be at path, in a folder that exists. The file
// that is there stays until Commit. Create removes temporary files that a crash
// left; it also removes the one of another build to the same path that is still
// running, whose Commit then fails.
func Create(path string) (*Writer, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	clean(dir, base)
	file, err := os.CreateTemp(dir, base+".*"+partial)
	if err != nil {
		return nil, &gorgon.Error{Op: "write seed", Path: path, Err: err, Hint: "create the folder, and make it writable"}
	}
	w := &Writer{path: path, hash: prefix, sync: (*os.File).Sync, file: file, out: bufio.NewWriterSize(file, bufferSize)}
	for i := range w.seen {
		w.seen[i] = map[[sumSize]byte]struct{}{}
	}
	w.write(appendHead(nil))
	return w, nil
}

// clean removes temporary files of earlier writers. A file that cannot be
// removed does no harm.
func clean(dir, base string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return // CreateTemp reports the reason
	}
	for _, f := range files {
		if name := f.Name(); strings.HasPrefix(name, base+".") && strings.HasSuffix(name, partial) {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// Entry writes a page: data is the encoded [pages.Entry] with this key, as
// [Pack] or pages.Entry.Encode makes it. Writing a key twice is an error.
func (w *Writer) Entry(key pages.Key, data []byte) error {
	return w.record(pageKind, key.String(), key.Digest(), data)
}

// File writes a file. Writing a path twice is an error.
func (w *Writer) File(f File) error {
	parts, err := f.parts()
	if err != nil {
		return fmt.Errorf("seed: file %s: %w", f.Path, err)
	}
	return w.record(fileKind, f.Path, digestOf(f.Path), parts...)
}

// Value writes a build value, which is JSON. Writing a name twice is an error.
func (w *Writer) Value(name string, json []byte) error {
	return w.record(valueKind, name, digestOf(name), value{name, json}.parts()...)
}

func (w *Writer) record(kind int, name string, key [sha256.Size]byte, parts ...[]byte) error {
	s := slot{hash: w.hash(key)}
	size, sum := digestParts(parts)
	if size > maxRecord {
		return fmt.Errorf("seed: %s %s: it has %d bytes, but a record can have at most 4 GiB", kindNames[kind], name, size)
	}
	s.length, s.sum = uint32(size), [sumSize]byte(sum[:])

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return w.fault(errEnded)
	}
	id := [sumSize]byte(key[:])
	if _, again := w.seen[kind][id]; again {
		return fmt.Errorf("seed: %s %s: it is written twice", kindNames[kind], name)
	}
	s.offset = w.at
	for _, p := range parts {
		w.write(p)
	}
	if w.err != nil {
		return w.fault(w.err)
	}
	w.seen[kind][id] = struct{}{}
	w.slots[kind] = append(w.slots[kind], s)
	if kind == valueKind {
		w.values = append(w.values, name)
	}
	return nil
}

func digestParts(parts [][]byte) (size uint64, sum [sha256.Size]byte) {
	if len(parts) == 1 { // for a page, nothing is allocated
		return uint64(len(parts[0])), sha256.Sum256(parts[0])
	}
	h := sha256.New()
	for _, p := range parts {
		size += uint64(len(p))
		h.Write(p)
	}
	h.Sum(sum[:0])
	return size, sum
}

func (w *Writer) write(p []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(p)
	}
	w.at += uint64(len(p))
	if w.at-w.synced >= syncEvery && w.early.TryLock() {
		// The disk works while pages are generated, so that little is left for
		// Commit.
		w.synced = w.at
		go func() {
			defer w.early.Unlock()
			// A system reports lost bytes once: the sync of Commit would find
			// no fault.
			w.lost = errors.Join(w.lost, w.sync(w.file))
		}()
	}
}

// Abort ends the writer without a seed; the file at its path stays. After
// Commit it has no effect, so that it can be deferred.
func (w *Writer) Abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.discard()
	}
}

// discard removes the temporary file. If that fails, the next Create removes
// it.
func (w *Writer) discard() {
	w.ended = true
	w.early.Lock()
	defer w.early.Unlock()
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

func (w *Writer) fault(err error) error {
	return &gorgon.Error{Op: "write seed", Path: w.path, Err: err}
}
