// The fixed-width parts of the format: slots and the footer.

package seed

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// Version is the version of the format that this package reads and writes.
const Version = 2

const (
	headMagic  = "\x89gorgon\n"
	tailMagic  = "\ngorgon\x89"
	headSize   = 12
	slotSize   = 36
	footerSize = 76
	sealedSize = 32 // of the footer: the part its digest covers
	sumSize    = 16
)

// The kinds of records, in the order of their slots in the index.
const (
	pageKind = iota
	fileKind
	valueKind
	kinds
)

// kindNames are the kinds in messages.
var kindNames = [kinds]string{"page", "file", "value"}

// A slot says where a record is, and what its digest must be.
type slot struct {
	hash   uint64
	offset uint64
	length uint32
	sum    [sumSize]byte
}

func (s slot) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, s.hash)
	b = binary.BigEndian.AppendUint64(b, s.offset)
	b = binary.BigEndian.AppendUint32(b, s.length)
	return append(b, s.sum[:]...)
}

func compareSlots(a, b slot) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.offset, b.offset))
}

// A table is the slots of one kind.
type table []byte

func (t table) len() int { return len(t) / slotSize }

func (t table) hash(i int) uint64 { return binary.BigEndian.Uint64(t[i*slotSize:]) }

func (t table) slot(i int) slot {
	b := t[i*slotSize : (i+1)*slotSize]
	s := slot{
		hash:   binary.BigEndian.Uint64(b),
		offset: binary.BigEndian.Uint64(b[8:]),
		length: binary.BigEndian.Uint32(b[16:]),
	}
	copy(s.sum[:], b[20:])
	return s
}

// search returns the position of the first slot with that hash or a higher one.
func (t table) search(hash uint64) int {
	low, high := 0, t.len()
	for low < high {
		middle := int(uint(low+high) / 2)
		if t.hash(middle) < hash {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// prefix returns the hash of a key's digest.
func prefix(digest [sha256.Size]byte) uint64 { return binary.BigEndian.Uint64(digest[:]) }

func appendHead(b []byte) []byte {
	return binary.BigEndian.AppendUint32(append(b, headMagic...), Version)
}

// A footer is the part of a seed that is read first.
type footer struct {
	index    uint64
	counts   [kinds]uint32
	manifest uint32
	length   uint64
}

// append appends the footer to an index.
func (f footer) append(b []byte, head, index []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint64(b, f.index)
	for _, n := range f.counts {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, f.manifest)
	b = binary.BigEndian.AppendUint64(b, f.length)
	sum := seal(head, index, b[start:])
	b = append(b, sum[:]...)
	b = binary.BigEndian.AppendUint32(b, Version)
	return append(b, tailMagic...)
}

func seal(head, index, sealed []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(head)
	h.Write(index)
	h.Write(sealed)
	h.Sum(sum[:0])
	return sum
}

// unpack finds the seed at the end of data and checks everything but its
// records. It returns the seed's own bytes and its footer.
func unpack(data []byte) ([]byte, footer, error) {
	var f footer
	size := len(data)
	if size < headSize+footerSize || string(data[size-len(tailMagic):]) != tailMagic {
		if bytes.HasPrefix(data, []byte(headMagic)) || bytes.HasPrefix([]byte(headMagic), data) {
			return nil, f, fmt.Errorf("%w: it has %d bytes and no end", ErrCut, size)
		}
		return nil, f, ErrNotSeed
	}
	tail := data[size-footerSize:]
	if v := binary.BigEndian.Uint32(tail[64:]); v != Version {
		return nil, f, fmt.Errorf("%w: it has format %d, this program reads %d", ErrVersion, v, Version)
	}
	f.index = binary.BigEndian.Uint64(tail)
	var slots uint64
	for i := range f.counts {
		f.counts[i] = binary.BigEndian.Uint32(tail[8+4*i:])
		slots += uint64(f.counts[i])
	}
	f.manifest = binary.BigEndian.Uint32(tail[20:])
	f.length = binary.BigEndian.Uint64(tail[24:])
	switch {
	case f.length > uint64(size):
		return nil, f, fmt.Errorf("%w: it has %d bytes instead of %d", ErrCut, size, f.length)
	case f.length < headSize+footerSize,
		f.index < headSize || f.index > f.length, // checked before the sum below, so that it cannot overflow
		f.index+slots*slotSize+uint64(f.manifest)+footerSize != f.length:
		return nil, f, fmt.Errorf("%w: its parts do not add up", ErrAltered)
	}
	data = data[uint64(size)-f.length:]
	sum := seal(data[:headSize], data[f.index:f.length-footerSize], tail[:sealedSize])
	if !bytes.Equal(sum[:], tail[sealedSize:sealedSize+sha256.Size]) || !bytes.Equal(data[:headSize], appendHead(nil)) {
		return nil, f, fmt.Errorf("%w: its index is not what was written", ErrAltered)
	}
	return data, f, nil
}

// tables splits the index into its tables and the manifest.
func (f footer) tables(data []byte) (t [kinds]table, manifest []byte) {
	rest := data[f.index : f.length-footerSize]
	for i, n := range f.counts {
		t[i], rest = table(rest[:int(n)*slotSize]), rest[int(n)*slotSize:]
	}
	return t, rest
}

// maxRecord is the largest length that a slot can hold.
const maxRecord = math.MaxUint32

// Length returns the size of the seed at the end of a file. It reads only the
// end of the file and checks nothing else. It fails with [ErrNotSeed] if there
// is none, or [ErrCut].
func Length(f interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() < footerSize {
		return 0, ErrNotSeed
	}
	tail := make([]byte, footerSize)
	if _, err := f.ReadAt(tail, info.Size()-footerSize); err != nil {
		return 0, err
	}
	if string(tail[footerSize-len(tailMagic):]) != tailMagic {
		return 0, ErrNotSeed
	}
	length := binary.BigEndian.Uint64(tail[24:])
	if length > uint64(info.Size()) {
		return 0, fmt.Errorf("%w: it has %d bytes instead of %d", ErrCut, info.Size(), length)
	}
	return int64(length), nil
}
