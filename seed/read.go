// Reading records: found by hash, checked by digest.

package seed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Entry reads a page and checks its digest. What it has is parts of the mapped
// file; the rest is packed, and decoded when it is asked for. Errors:
// pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) Entry(key pages.Key) (*pages.Entry, error) {
	e, err := find(s, pageKind, key.String(), key.Digest(), s.decodePage)
	if err != nil {
		return nil, err
	}
	return s.dated(e), nil
}

// File reads the file served at path and checks its digest. Its byte slices are
// parts of the mapped file: a server may keep the File, so that it is checked
// only once. Errors: pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) File(path string) (File, error) {
	return find(s, fileKind, path, digestOf(path), decodeFile)
}

// HasFile says whether the index has a file that is served at path. It reads no
// record, so it is cheap enough for every link of a page.
func (s *Seed) HasFile(path string) (has bool) {
	var err error
	defer rescue(debug.SetPanicOnFault(true), pages.ErrCorrupt, &err) // an index that cannot be read has no files
	if s.data == nil {
		return false
	}
	t, hash := s.tables[fileKind], s.hash(digestOf(path))
	i := t.search(hash)
	return i < t.len() && t.hash(i) == hash
}

// Site returns where app is served, according to the build that wrote the seed.
func (s *Seed) Site(app gorgon.App) viewctx.Site {
	return viewctx.Site{Base: s.manifest.Base, Origin: app.Origin, Locales: app.Locales.Tags, Assets: s.manifest.Assets, File: s.HasFile}
}

// Value reads a build value, which is JSON, and checks its digest. It is a
// part of the mapped file. Errors: pages.ErrNotFound, pages.ErrCorrupt.
func (s *Seed) Value(name string) ([]byte, error) {
	v, err := find(s, valueKind, name, digestOf(name), decodeValue)
	return v.json, err
}

// A decoder decodes a record, and returns the digest of its key.
type decoder[T any] func(record []byte) (T, [sha256.Size]byte, error)

// find reads the record of a key.
func find[T any](s *Seed, kind int, name string, key [sha256.Size]byte, decode decoder[T]) (found T, err error) {
	// Deferred after rescue, so that its error is named too. A missing page is
	// normal, and its error costs nothing.
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
	// Records can share a hash, and one of them may be damaged: that one may
	// have had the requested key.
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

// read reads the record of a slot. It fails with pages.ErrCorrupt.
func read[T any](s *Seed, at slot, decode decoder[T]) (v T, key [sha256.Size]byte, err error) {
	var none T
	if at.offset < headSize || at.offset > uint64(len(s.records)) || uint64(at.length) > uint64(len(s.records))-at.offset {
		return none, key, fmt.Errorf("%w: it is outside the file", pages.ErrCorrupt)
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
		return none, key, fmt.Errorf("%w: it is stored under another name than its own", pages.ErrCorrupt)
	}
	return v, key, nil
}
