// The header of a blob's file.

package diskblobs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// headerSize is where the bytes of a blob begin in its file.
const headerSize = 1024

const magic = "gorgonb1"

// A header is what a file says about its blob.
type header struct {
	blobs.Info
	upload string // the upload that it was; "" for a Put
}

// Offsets in a header.
const (
	atSize     = len(magic)
	atModified = atSize + 8
	atDigest   = atModified + 8
	atUpload   = atDigest + 32
	atKey      = atUpload + 26 // its length in two bytes, then the key
	atType     = atKey + 2 + blobs.MaxKey
	atSum      = headerSize - 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (h header) bytes() []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	binary.BigEndian.PutUint64(b[atSize:], uint64(h.Size))
	binary.BigEndian.PutUint64(b[atModified:], uint64(h.Modified.Unix()))
	copy(b[atDigest:], h.SHA256[:])
	copy(b[atUpload:atKey], h.upload)
	putText(b[atKey:], h.Key)
	putText(b[atType:], h.Type)
	binary.BigEndian.PutUint32(b[atSum:], crc32.Checksum(b[:atSum], castagnoli))
	return b
}

func putText(b []byte, text string) {
	binary.BigEndian.PutUint16(b, uint16(len(text)))
	copy(b[2:], text)
}

func text(b []byte) string {
	n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
	return string(b[2 : 2+n])
}

func corrupt(why string) error { return fmt.Errorf("%w: %s", blobs.ErrCorrupt, why) }

// readHeader reads the header of a file, and compares it with the file.
func readHeader(f *os.File) (header, error) {
	b := make([]byte, headerSize)
	if _, err := f.ReadAt(b, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = corrupt("its file is too short")
		}
		return header{}, err
	}
	if string(b[:len(magic)]) != magic || binary.BigEndian.Uint32(b[atSum:]) != crc32.Checksum(b[:atSum], castagnoli) {
		return header{}, corrupt("the header of its file is not what was written")
	}
	size := int64(binary.BigEndian.Uint64(b[atSize:]))
	stat, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	if stat.Size() != headerSize+size {
		return header{}, corrupt("its file has another size than its header says")
	}
	h := header{Info: blobs.NewInfo(text(b[atKey:atType]), text(b[atType:atSum]), size,
		blobs.Digest(b[atDigest:atUpload]), time.Unix(int64(binary.BigEndian.Uint64(b[atModified:])), 0))}
	if b[atUpload] != 0 {
		h.upload = string(b[atUpload:atKey])
	}
	return h, nil
}

// openBlob opens the file of a key: blobs.ErrNotFound if there is none.
func (s *Store) openBlob(key string) (*os.File, header, error) {
	f, err := os.Open(s.keyPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, header{}, blobs.ErrNotFound
	}
	if err != nil {
		return nil, header{}, err
	}
	h, err := readHeader(f)
	if err == nil && h.Key != key {
		err = corrupt("its file is that of another key")
	}
	if err != nil {
		_ = f.Close()
		return nil, header{}, err
	}
	return f, h, nil
}

// describe reads the header of a key alone.
func (s *Store) describe(key string) (header, error) {
	f, h, err := s.openBlob(key)
	if err != nil {
		return h, err
	}
	return h, f.Close()
}
