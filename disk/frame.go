// A record as a file's bytes.

package disk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/gorgon-go/gorgon/pages"
)

// A frame is: the magic, which holds the version; the CRC-32C of all that
// follows; the lengths of route, path, locale (4 bytes each) and data (8);
// then these four. Numbers are little-endian. Nothing follows.
const (
	frameMagic = "gorgonP1"
	frameHead  = len(frameMagic) + 4 + 3*4 + 8
	sumEnd     = len(frameMagic) + 4

	// maxKey is how long a key can be before it counts as damage, in bytes.
	maxKey = 1 << 20
)

func checksum(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the library
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// frame makes the part of a record's frame that precedes the data.
func frame(r pages.Record) []byte {
	k := r.Key
	b := make([]byte, 0, frameHead+len(k.Route)+len(k.Path)+len(k.Locale))
	b = append(b, frameMagic...)
	b = append(b, 0, 0, 0, 0)
	for _, part := range [...]string{k.Route, k.Path, k.Locale} {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(len(r.Data)))
	b = append(b, k.Route...)
	b = append(b, k.Path...)
	b = append(b, k.Locale...)
	binary.LittleEndian.PutUint32(b[len(frameMagic):], checksum(b[sumEnd:], r.Data))
	return b
}

func corrupt(why string) error { return fmt.Errorf("%w: %s", pages.ErrCorrupt, why) }

// sizes reads a frame's lengths: of the three parts of the key, and of the
// data. They have to add up to the file's size.
func sizes(head []byte, size int64) (key [3]int, err error) {
	if len(head) < frameHead || string(head[:len(frameMagic)]) != frameMagic {
		return key, corrupt("it is no record of this version")
	}
	rest := size - int64(frameHead)
	for i := range key {
		n := binary.LittleEndian.Uint32(head[sumEnd+4*i:])
		if n > maxKey {
			return key, corrupt("its key is too long")
		}
		key[i] = int(n)
		rest -= int64(n)
	}
	if rest < 0 || binary.LittleEndian.Uint64(head[sumEnd+12:]) != uint64(rest) {
		return key, corrupt("it is not of its length")
	}
	return key, nil
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

// unframe reads a whole file, which has to be the record of key.
func unframe(b []byte, key pages.Key) ([]byte, error) {
	n, err := sizes(b, int64(len(b)))
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(b[len(frameMagic):]) != checksum(b[sumEnd:]) {
		return nil, corrupt("its checksum does not match")
	}
	got, data := cutKey(b[frameHead:], n)
	if got != key {
		return nil, corrupt(fmt.Sprintf("it is that of %s", got))
	}
	return data, nil
}

// readKey reads a frame's key without the data, which the checksum covers;
// the file's name stands in for it.
func readKey(f io.ReaderAt, size int64, name string) (pages.Key, error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return pages.Key{}, err
	}
	lengths, err := sizes(head[:n], size)
	if err != nil {
		return pages.Key{}, err
	}
	if all := frameHead + lengths[0] + lengths[1] + lengths[2]; all > n {
		head = make([]byte, all)
		if _, err := f.ReadAt(head, 0); err != nil {
			return pages.Key{}, err
		}
	}
	key, _ := cutKey(head[frameHead:], lengths)
	if key.ID() != name {
		return pages.Key{}, corrupt("it lies under another's name")
	}
	return key, nil
}
