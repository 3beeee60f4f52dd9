// Files and values, and their encoding.

package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
)

// A File is an asset or a static file.
type File struct {
	Path        string // the path it is served at, decoded, without the base path
	ContentType string
	Immutable   bool   // its path contains its digest
	ETag        string // without quotes
	Data        []byte
	Gzip        []byte // the data compressed; nil if compression is not worth it
	Brotli      []byte
	Zstd        []byte
}

// about is the JSON part of an encoded file; its names are the format.
type about struct {
	Path        string `json:"path"`
	ContentType string `json:"type"`
	Immutable   bool   `json:"immutable,omitempty"`
	ETag        string `json:"etag"`
}

var errShape = errors.New("its lengths do not add up")

// parts are the byte strings of a file's record, after the lengths.
func (f File) parts() ([][]byte, error) {
	meta, err := json.Marshal(about{f.Path, f.ContentType, f.Immutable, f.ETag})
	if err != nil {
		return nil, err
	}
	parts := [][]byte{nil, meta, f.Data, f.Gzip, f.Brotli, f.Zstd}
	for _, p := range parts[1:] {
		parts[0] = binary.AppendUvarint(parts[0], uint64(len(p)))
	}
	return parts, nil
}

func decodeFile(record []byte) (File, [sha256.Size]byte, error) {
	var f File
	var meta []byte
	parts := [...]*[]byte{&meta, &f.Data, &f.Gzip, &f.Brotli, &f.Zstd}
	var lengths [len(parts)]uint64
	for i := range lengths {
		n, w := binary.Uvarint(record)
		if w <= 0 {
			return File{}, [sha256.Size]byte{}, errShape
		}
		lengths[i], record = n, record[w:]
	}
	for i, n := range lengths {
		if n > uint64(len(record)) {
			return File{}, [sha256.Size]byte{}, errShape
		}
		if n > 0 {
			*parts[i] = record[:n:n]
		}
		record = record[n:]
	}
	if len(record) > 0 {
		return File{}, [sha256.Size]byte{}, errShape
	}
	var a about
	if err := json.Unmarshal(meta, &a); err != nil {
		return File{}, [sha256.Size]byte{}, err
	}
	f.Path, f.ContentType, f.Immutable, f.ETag = a.Path, a.ContentType, a.Immutable, a.ETag
	return f, digestOf(f.Path), nil
}

// A value is a build value with its name.
type value struct {
	name string
	json []byte
}

func (v value) parts() [][]byte {
	return [][]byte{binary.AppendUvarint(nil, uint64(len(v.name))), []byte(v.name), v.json}
}

func decodeValue(record []byte) (value, [sha256.Size]byte, error) {
	n, w := binary.Uvarint(record)
	if w <= 0 || n > uint64(len(record)-w) {
		return value{}, [sha256.Size]byte{}, errShape
	}
	record = record[w:]
	v := value{string(record[:n]), record[n:len(record):len(record)]}
	return v, digestOf(v.name), nil
}

// digestOf returns the digest of a key that is a plain string.
func digestOf(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }
