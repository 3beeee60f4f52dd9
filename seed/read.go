// Reading records: found by hash, checked by digest.

package seed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/gorgon-go/gorgon/pages"
)

// Entry reads a page and checks its digest. Its State, HTML and twins are
// parts of the mapped file. Errors: pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) Entry(key pages.Key) (*pages.Entry, error) {
	return find(s, pageKind, key.String(), key.Digest(), decodePage)
}

// File reads the file served at path and checks its digest. Its byte slices
// are parts of the mapped file: a server may keep the File, and so check it
// once. Errors: pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) File(path string) (File, error) {
	return find(s, fileKind, path, digestOf(path), decodeFile)
}

// Value reads a build value, which is JSON, and checks its digest. It is a
// part of the mapped file. Errors: pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) Value(name string) ([]byte, error) {
	v, err := find(s, valueKind, name, digestOf(name), decodeValue)
	return v.json, err
}

func decodePage(record []byte) (*pages.Entry, [sha256.Size]byte, error) {
	e, err := pages.Decode(record)
	if err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	return e, e.Key.Digest(), nil
}

// A decoder reads a record, and says the digest of its key.
type decoder[T any] func(record []byte) (T, [sha256.Size]byte, error)

// find reads the record of a key.
func find[T any](s *Seed, kind int, name string, key [sha256.Size]byte, decode decoder[T]) (found T, err error) {
	// Runs after rescue, so that its error is named too. A page that is not
	// there is ordinary, and its error costs nothing.
	defer func() {
		if err != nil && err != pages.ErrNotFound {
			err = fmt.Errorf("seed: %s %s: %w", kindNames[kind], name, err)
		}
	}()
	defer rescue(debug.SetPanicOnFault(true), pages.ErrCorrupt, &err)
	var none T
	if s.data == nil {
		return none, errClosed
	}
	t, hash := s.tables[kind], s.hash(key)
	// Records can share a hash, and then one of them may be damaged: the key
	// looked for may have been in that one.
	missing := pages.ErrNotFound
	for i := t.search(hash); i < t.len() && t.hash(i) == hash; i++ {
		v, digest, err := read(s, t.slot(i), decode)
		switch {
		case err != nil:
			missing = err
		case digest == key:
			return v, nil
		}
	}
	return none, missing
}

// read reads the record of a slot. Its errors are pages.ErrCorrupt.
func read[T any](s *Seed, at slot, decode decoder[T]) (v T, key [sha256.Size]byte, err error) {
	var none T
	if at.offset < headSize || at.offset > uint64(len(s.records)) || uint64(at.length) > uint64(len(s.records))-at.offset {
		return none, key, fmt.Errorf("%w: it lies outside the file", pages.ErrCorrupt)
	}
	end := at.offset + uint64(at.length)
	record := s.records[at.offset:end:end]
	if sum := sha256.Sum256(record); [sumSize]byte(sum[:sumSize]) != at.sum {
		return none, key, fmt.Errorf("%w: its digest is wrong", pages.ErrCorrupt)
	}
	v, key, err = decode(record)
	switch {
	case errors.Is(err, pages.ErrCorrupt):
		return none, key, err
	case err != nil:
		return none, key, fmt.Errorf("%w: %v", pages.ErrCorrupt, err)
	case s.hash(key) != at.hash:
		return none, key, fmt.Errorf("%w: it is kept under another name than its own", pages.ErrCorrupt)
	}
	return v, key, nil
}
