// Blobs: writing, reading and removing them.

package diskblobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gorgon-go/gorgon/blobs"
)

// Put stores a blob.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
	err := o.Check(key)
	end, err := s.begin(ctx, err)
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	tmp := s.temporary()
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return blobs.Info{}, fault("put", err)
	}
	defer os.Remove(tmp) // unless it was moved
	digest := sha256.New()
	size, reading, err := pour(ctx, f, headerSize, digest, r)
	if reading {
		return blobs.Info{}, errors.Join(err, f.Close()) // the reader's, as it is
	}
	var info blobs.Info
	if err == nil {
		info = blobs.NewInfo(key, o.Type, size, blobs.Digest(digest.Sum(nil)), s.now())
		err = seal(f, header{Info: info})
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.publish(tmp, key, o.IfNew)
	}
	if err != nil {
		return blobs.Info{}, fault("put", err)
	}
	return info, nil
}

// pour writes what a reader has into a file, from an offset on. It says whether
// the error is that of the reader, or of the context.
func pour(ctx context.Context, f *os.File, at int64, digest hash.Hash, r io.Reader) (size int64, reading bool, err error) {
	buffer := make([]byte, 128<<10)
	for {
		if err := ctx.Err(); err != nil {
			return size, true, err
		}
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := f.WriteAt(buffer[:n], at+size); err != nil {
				return size, false, err
			}
			_, _ = digest.Write(buffer[:n]) // a hash accepts everything
			size += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return size, false, nil
		}
		if err != nil {
			return size, true, err
		}
	}
}

// seal writes the header of a file, and makes the file survive power loss.
func seal(f *os.File, h header) error {
	_, err := f.WriteAt(h.bytes(), 0)
	if err != nil {
		return err
	}
	return f.Sync()
}

// publish moves a file to its key.
func (s *Store) publish(from, key string, ifNew bool) error {
	to := s.keyPath(key)
	move := os.Rename
	if ifNew {
		move = os.Link
	}
	err := move(from, to)
	for tries := 0; absent(err) && tries < 100; tries++ { // a Delete may remove the folder in between
		if _, gone := os.Lstat(from); gone != nil {
			return gone
		}
		if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
			err = move(from, to)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return blobs.ErrExists
	case err != nil:
		return err
	case ifNew:
		_ = os.Remove(from) // it has two names now
	}
	for dir := filepath.Dir(to); len(dir) >= len(s.root); dir = filepath.Dir(dir) {
		if err := syncDir(dir); err != nil && !absent(err) {
			return err
		}
	}
	return nil
}

// syncDir makes the names in a directory survive power loss.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // this platform cannot sync directories
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open reads a blob, or a part of it.
func (s *Store) Open(ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
	end, err := s.begin(ctx, blobs.CheckKey(key), part.Check())
	if err != nil {
		return nil, blobs.Info{}, err
	}
	defer end()
	f, h, err := s.openBlob(key)
	if err != nil {
		return nil, blobs.Info{}, fault("open", err)
	}
	first, last, err := part.In(h.Size)
	if err != nil {
		return nil, h.Info, errors.Join(err, f.Close())
	}
	return &reader{io.NewSectionReader(f, headerSize+first, last-first), f}, h.Info, nil
}

// A reader reads a part of a file.
type reader struct {
	*io.SectionReader
	file *os.File
}

func (r *reader) Close() error { return r.file.Close() }

// Stat describes a blob.
func (s *Store) Stat(ctx context.Context, key string) (blobs.Info, error) {
	end, err := s.begin(ctx, blobs.CheckKey(key))
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	h, err := s.describe(key)
	return h.Info, fault("stat", err)
}

// Delete removes a blob, and the folders that have become empty.
func (s *Store) Delete(ctx context.Context, key string) error {
	end, err := s.begin(ctx, blobs.CheckKey(key))
	if err != nil {
		return err
	}
	defer end()
	path := s.keyPath(key)
	if err := os.Remove(path); err != nil {
		if absent(err) {
			err = nil
		}
		return fault("delete", err)
	}
	dir := filepath.Dir(path)
	if err := syncDir(dir); err != nil && !absent(err) {
		return fault("delete", err)
	}
	for top := s.path("keys"); dir != top && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
	}
	return nil
}

// damaged names the file of a blob that cannot be read.
func damaged(path string, err error) error {
	return fmt.Errorf("%s: %w (remove the file, or restore it from a backup)", path, err)
}
