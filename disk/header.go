// The epochs file: the sequence, visible to every process without a system
// call.

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

// The file has a fixed size and is never truncated or extended, so that
// mappings of it stay valid. Its fields are 8 bytes each, little-endian.
const (
	headerSize     = 4096
	headerMagic    = "gorgonE1"
	headerSequence = 8  // the number of the last purge that returned
	headerMirror   = 16 // the same with all bits inverted; written first
	// earlier versions write at 24 when a purge began to wait
	headerProbe = 32 // for checking that the mapping and the file agree
	headerMade  = 40 // when that purge was made; earlier versions leave it as it is
)

var errHeader = errors.New("the epochs file is lost or damaged")

// A header is the epochs file as this process has it open.
type header struct {
	file   *os.File
	info   os.FileInfo
	mapped []byte // nil where the file cannot be mapped
}

// headerBytes returns the content of a new epochs file.
func headerBytes(last moment) []byte {
	b := make([]byte, headerSize)
	copy(b, headerMagic)
	binary.LittleEndian.PutUint64(b[headerSequence:], last.sequence)
	binary.LittleEndian.PutUint64(b[headerMirror:], ^last.sequence)
	binary.LittleEndian.PutUint64(b[headerMade:], uint64(last.made))
	return b
}

// openHeader opens and maps an epochs file. If it is missing, too short or has
// another format, the error is errHeader.
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
	// Close does not unmap it, since Sequence may be reading at that moment;
	// the garbage collector does once there are no more readers.
	runtime.AddCleanup(h, func(m mmap.MMap) { _ = m.Unmap() }, m)
	if !readOnly && !h.coherent() {
		h.mapped = nil
	}
	return h, nil
}

// coherent checks that the mapping and the file show the same content: some
// network and user-space file systems do not keep them in step.
func (h *header) coherent() bool {
	for range 5 { // another process may be checking at the same moment
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

// load reads a field. It returns false if another process truncated the file:
// touching the mapping is then a memory fault, which load recovers from.
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

// peek reads a field of the mapping, whatever happened to the file.
func (h *header) peek(field int) uint64 {
	v := atomic.LoadUint64((*uint64)(unsafe.Pointer(&h.mapped[field])))
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Pointer(&v))[:])
}

func (h *header) read(field int) (uint64, bool) {
	var b [8]byte
	_, err := h.file.ReadAt(b[:], int64(field))
	return binary.LittleEndian.Uint64(b[:]), err == nil
}

// store writes a field through the mapping, so that readers see all 8 bytes
// change at once. A mapping that faults is treated as in load.
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

// last returns the last purge that returned. It returns false if the two copies
// of its number disagree: the file is damaged, or a process was killed between
// the two writes.
func (h *header) last() (m moment, ok bool) {
	if h.mapped == nil {
		n, ok1 := h.read(headerSequence)
		mirror, ok2 := h.read(headerMirror)
		made, ok3 := h.read(headerMade)
		return moment{n, int64(made)}, ok1 && ok2 && ok3 && n == ^mirror
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			m, ok = moment{}, false
		}
		runtime.KeepAlive(h)
	}()
	n := h.peek(headerSequence)
	mirror := h.peek(headerMirror)
	return moment{n, int64(h.peek(headerMade))}, n == ^mirror
}

// intact says whether the file still begins with our magic.
func (h *header) intact() bool {
	magic, ok := h.load(0)
	return ok && magic == binary.LittleEndian.Uint64([]byte(headerMagic))
}

// advance publishes a purge. The caller holds the fence's lock exclusively.
func (h *header) advance(m moment) bool {
	return h.store(headerMirror, ^m.sequence) && h.store(headerMade, uint64(m.made)) && h.store(headerSequence, m.sequence)
}

// retire makes the processes that have the file mapped look for the one that
// replaced it: its two copies of the sequence never agree again.
func (h *header) retire() {
	if n, ok := h.load(headerSequence); ok {
		h.store(headerMirror, n)
	}
}

func (h *header) close() error { return h.file.Close() }
