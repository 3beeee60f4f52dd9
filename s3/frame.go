// How objects are encoded: a magic, a checksum, then numbers and strings.

package s3

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// The kinds of objects.
const (
	recordKind = 'r'
	headKind   = 'h'
	baseKind   = 'b'
	leaseKind  = 'l'
	usesKind   = 'u'
	proofKind  = 'p'
)

const (
	magic     = "gorgon1"
	sumStart  = len(magic) + 1
	bodyStart = sumStart + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A writer makes the bytes of an object.
type writer struct{ b []byte }

func newWriter(kind byte, size int) *writer {
	w := &writer{make([]byte, 0, bodyStart+size)}
	w.b = append(append(w.b, magic...), kind, 0, 0, 0, 0)
	return w
}

func (w *writer) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *writer) string(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

// time writes a time, to the microsecond.
func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.number(0)
		return
	}
	w.number(uint64(max(1, t.UnixMicro())))
}

// bytes finishes the object.
func (w *writer) bytes() []byte {
	binary.LittleEndian.PutUint32(w.b[sumStart:], crc32.Checksum(w.b[bodyStart:], castagnoli))
	return w.b
}

// A reader decodes what a writer has encoded. After the first fault it reads
// nothing; fault returns that fault.
type reader struct {
	b   []byte
	bad bool
}

func newReader(kind byte, b []byte) (*reader, error) {
	if len(b) < bodyStart || string(b[:len(magic)]) != magic || b[len(magic)] != kind {
		return nil, fmt.Errorf("%w: it does not begin like an object of its kind", pages.ErrCorrupt)
	}
	if crc32.Checksum(b[bodyStart:], castagnoli) != binary.LittleEndian.Uint32(b[sumStart:]) {
		return nil, fmt.Errorf("%w: its checksum is wrong", pages.ErrCorrupt)
	}
	return &reader{b: b[bodyStart:]}, nil
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[size:]
	return n
}

// count reads the number of parts that follow, each of at least one byte.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) time() time.Time {
	n := r.number()
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(n)).UTC()
}

func (r *reader) fault() error {
	if r.bad {
		return fmt.Errorf("%w: it ends too early", pages.ErrCorrupt)
	}
	return nil
}

// fixed reads a number of eight bytes.
func (r *reader) fixed() uint64 {
	if len(r.b) < 8 {
		r.b, r.bad = nil, true
		return 0
	}
	n := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return n
}
