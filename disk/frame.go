// A record in the form of a file.

package disk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/gorgon-go/gorgon/pages"
)

// A frame is: the magic, which includes the version; the CRC-32C of everything
// after it; the lengths of route, path, locale (4 bytes each) and data (8); the
// epoch (8), which version 1 lacks; then these four values. Numbers are
// little-endian. Nothing follows.
const (
	frameMagic  = "gorgonP2"
	frameMagic1 = "gorgonP1"
	frameHead1  = len(frameMagic) + 4 + 3*4 + 8
	frameHead   = frameHead1 + 8
	sumEnd      = len(frameMagic) + 4

	// maxKey is the length in bytes above which a key counts as damaged.
	maxKey = 1 << 20
)

func checksum(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // the library builds its table once
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// frame returns the part of a record's frame that precedes the data.
func frame(r pages.Record) []byte {
	k := r.Key
	b := make([]byte, 0, frameHead+len(k.Route)+len(k.Path)+len(k.Locale))
	b = append(b, frameMagic...)
	b = append(b, 0, 0, 0, 0)
	for _, part := range [...]string{k.Route, k.Path, k.Locale} {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(len(r.Data)))
	b = binary.LittleEndian.AppendUint64(b, r.Epoch)
	b = append(b, k.Route...)
	b = append(b, k.Path...)
	b = append(b, k.Locale...)
	binary.LittleEndian.PutUint32(b[len(frameMagic):], checksum(b[sumEnd:], r.Data))
	return b
}

func corrupt(why string) error { return fmt.Errorf("%w: %s", pages.ErrCorrupt, why) }

// A heading is the part of a frame before the key.
type heading struct {
	size  int    // of the heading itself
	key   [3]int // their lengths
	epoch uint64
}

// readHeading reads the beginning of a frame. The lengths must add up to the
// size of the file.
func readHeading(head []byte, size int64) (h heading, err error) {
	switch {
	case len(head) >= frameHead && string(head[:len(frameMagic)]) == frameMagic:
		h.size, h.epoch = frameHead, binary.LittleEndian.Uint64(head[frameHead1:])
	case len(head) >= frameHead1 && string(head[:len(frameMagic)]) == frameMagic1:
		h.size = frameHead1
	default:
		return h, corrupt("it is not a record of this version")
	}
	rest := size - int64(h.size)
	for i := range h.key {
		n := binary.LittleEndian.Uint32(head[sumEnd+4*i:])
		if n > maxKey {
			return h, corrupt("its key is too long")
		}
		h.key[i] = int(n)
		rest -= int64(n)
	}
	if rest < 0 || binary.LittleEndian.Uint64(head[sumEnd+12:]) != uint64(rest) {
		return h, corrupt("its length is wrong")
	}
	return h, nil
}

func cutKey(b []byte, sizes [3]int) (key pages.Key, rest []byte) {
	cut := func(n int) string {
		part := string(b[:n])
		b = b[n:]
		return part
	}
	key = pages.Key{Route: cut(sizes[0]), Path: cut(sizes[1]), Locale: cut(sizes[2])}
	return key, b
}

// unframe reads a whole file, which must be the record of key.
func unframe(b []byte, key pages.Key) (pages.Record, error) {
	h, err := readHeading(b, int64(len(b)))
	if err != nil {
		return pages.Record{}, err
	}
	if binary.LittleEndian.Uint32(b[len(frameMagic):]) != checksum(b[sumEnd:]) {
		return pages.Record{}, corrupt("its checksum does not match")
	}
	got, data := cutKey(b[h.size:], h.key)
	if got != key {
		return pages.Record{}, corrupt(fmt.Sprintf("it is the record of %s", got))
	}
	return pages.Record{Key: key, Data: data, Epoch: h.epoch}, nil
}

// readKey reads the key and the epoch of a frame without the data. The checksum
// covers the data, so the file's name is checked instead.
func readKey(f io.ReaderAt, size int64, name string) (key pages.Key, epoch uint64, err error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return key, 0, err
	}
	h, err := readHeading(head[:n], size)
	if err != nil {
		return key, 0, err
	}
	if all := h.size + h.key[0] + h.key[1] + h.key[2]; all > n {
		head = make([]byte, all)
		if _, err := f.ReadAt(head, 0); err != nil {
			return key, 0, err
		}
	}
	if key, _ = cutKey(head[h.size:], h.key); key.ID() != name {
		return pages.Key{}, 0, corrupt("it has the file name of another record")
	}
	return key, h.epoch, nil
}
