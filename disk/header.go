// The epochs file: the sequence, where every process sees it without asking.

package disk

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/edsrzf/mmap-go"
)

// The file has a fixed size and is never cut or grown, so that a mapping of
// it stays valid. Its fields are 8 bytes each, little-endian.
const (
	headerSize     = 4096
	headerMagic    = "gorgonE1"
	headerSequence = 8  // of the last purge that returned
	headerMirror   = 16 // the same with all bits flipped; written first
	headerWaiting  = 24 // when a purge began to wait, in Unix nanoseconds, or 0
	headerProbe    = 32 // for testing whether the mapping tells the truth
)

var errHeader = errors.New("the epochs file is lost or damaged")

// A header is the epochs file as one process sees it.
type header struct {
	file   *os.File
	info   os.FileInfo
	mapped []byte // nil where the file cannot be mapped
}

// headerBytes is a new epochs file.
func headerBytes(sequence uint64) []byte {
	b := make([]byte, headerSize)
	copy(b, headerMagic)
	binary.LittleEndian.PutUint64(b[headerSequence:], sequence)
	binary.LittleEndian.PutUint64(b[headerMirror:], ^sequence)
	return b
}

// openHeader opens and maps an epochs file. One that is missing, too short or
// not ours is errHeader.
func openHeader(path string, readOnly bool) (*header, error) {
	mode, prot := os.O_RDWR, mmap.RDWR
	if readOnly {
		mode, prot = os.O_RDONLY, mmap.RDONLY
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, missing(errHeader, err)
	}
	h := &header{file: f}
	magic := make([]byte, len(headerMagic))
	h.info, err = f.Stat()
	if err == nil {
		_, err = f.ReadAt(magic, 0)
	}
	if err != nil && err != io.EOF {
		return nil, errors.Join(err, f.Close())
	}
	if h.info.Size() < headerSize || string(magic) != headerMagic {
		return nil, errors.Join(errHeader, f.Close())
	}
	m, err := mmap.MapRegion(f, headerSize, prot, 0, 0)
	if err != nil {
		return h, nil //nolint:nilerr // reads and writes do, only slower
	}
	h.mapped = m
	// Not unmapped by Close, since Sequence may be reading at that moment;
	// once nobody can.
	runtime.AddCleanup(h, func(m mmap.MMap) { _ = m.Unmap() }, m)
	if !readOnly && !h.coherent() {
		h.mapped = nil
	}
	return h, nil
}

// coherent finds out whether the mapping and the file show the same: some
// network and user-space file systems keep them apart.
func (h *header) coherent() bool {
	for range 5 { // another process may be testing at the same moment
		nonce := uint64(time.Now().UnixNano()) ^ uint64(os.Getpid())
		if _, err := h.file.WriteAt(binary.LittleEndian.AppendUint64(nil, nonce), headerProbe); err != nil {
			return false
		}
		if n, ok := h.load(headerProbe); !ok || n != nonce {
			continue
		}
		h.store(headerProbe, ^nonce)
		if n, ok := h.read(headerProbe); ok && n == ^nonce {
			return true
		}
	}
	return false
}

// load reads a field; false if the file was cut short by somebody, in which
// case touching the mapping is a fault that has to be caught.
func (h *header) load(field int) (n uint64, ok bool) {
	if h.mapped == nil {
		return h.read(field)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			n, ok = 0, false
		}
		runtime.KeepAlive(h)
	}()
	return h.peek(field), true
}

// peek reads a field of the mapping, whatever becomes of it.
func (h *header) peek(field int) uint64 {
	v := atomic.LoadUint64((*uint64)(unsafe.Pointer(&h.mapped[field])))
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Pointer(&v))[:])
}

func (h *header) read(field int) (uint64, bool) {
	var b [8]byte
	_, err := h.file.ReadAt(b[:], int64(field))
	return binary.LittleEndian.Uint64(b[:]), err == nil
}

// store writes a field, by the mapping so that readers see all 8 bytes change
// at once. A mapping that faults means the same as in load.
func (h *header) store(field int, n uint64) (ok bool) {
	b := binary.LittleEndian.AppendUint64(nil, n)
	if h.mapped == nil {
		_, err := h.file.WriteAt(b, int64(field))
		return err == nil
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			ok = false
		}
		runtime.KeepAlive(h)
	}()
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&h.mapped[field])), *(*uint64)(unsafe.Pointer(&b[0])))
	return true
}

// sequence is the number of the last purge that returned; false if the two
// copies disagree, which is damage or a process that was killed between them.
func (h *header) sequence() (n uint64, ok bool) {
	if h.mapped == nil {
		n, ok1 := h.read(headerSequence)
		mirror, ok2 := h.read(headerMirror)
		return n, ok1 && ok2 && n == ^mirror
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			n, ok = 0, false
		}
		runtime.KeepAlive(h)
	}()
	n = h.peek(headerSequence)
	return n, n == ^h.peek(headerMirror)
}

// intact says whether the file still begins as one of ours.
func (h *header) intact() bool {
	magic, ok := h.load(0)
	return ok && magic == binary.LittleEndian.Uint64([]byte(headerMagic))
}

// advance publishes a sequence. The caller holds the fence's lock alone.
func (h *header) advance(n uint64) bool {
	return h.store(headerMirror, ^n) && h.store(headerSequence, n)
}

func (h *header) close() error { return h.file.Close() }
