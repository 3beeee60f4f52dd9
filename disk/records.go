// Reading, writing and deleting records.

package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// touchAfter is the age at which a read renews a record's file time, so that
// reads seldom write.
const touchAfter = time.Hour

func (s *Store) recordPath(id string) string { return s.path("pages", id[:2], id) }

// Get reads the record of a key. It fails with [pages.ErrNotFound] or
// [pages.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return pages.Record{}, err
	}
	defer end()
	path := s.recordPath(key.ID())
	b, used, err := read(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return pages.Record{}, pages.ErrNotFound
		}
		return pages.Record{}, fmt.Errorf("get %s: %w", key, err)
	}
	record, err := unframe(b, key)
	if err != nil {
		return pages.Record{}, fmt.Errorf("get %s: %w", key, err)
	}
	if now := time.Now(); !s.readOnly && now.Sub(used).Abs() > touchAfter {
		_ = os.Chtimes(path, time.Time{}, now) // a failure affects only the order of eviction
	}
	return record, nil
}

// read reads a whole file, of the size it has when it is opened: a record's
// file never changes, it is replaced.
func read(path string) ([]byte, time.Time, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	if !info.Mode().IsRegular() {
		return nil, time.Time{}, corrupt("it is not a regular file")
	}
	head := make([]byte, min(info.Size(), 64<<10))
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, time.Time{}, short(err)
	}
	if info.Size() == int64(len(head)) {
		return head, info.ModTime(), nil
	}
	// Before allocating memory for a large file, check that the lengths in its
	// heading agree with its size.
	if _, err := readHeading(head, info.Size()); err != nil {
		return nil, time.Time{}, err
	}
	b := make([]byte, info.Size())
	n := copy(b, head)
	if _, err := io.ReadFull(f, b[n:]); err != nil {
		return nil, time.Time{}, short(err)
	}
	return b, info.ModTime(), nil
}

func short(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return corrupt("it was truncated while it was read")
	}
	return err
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced]. Other
// errors: [pages.ErrReadOnly], and ENOSPC when the disk is full.
func (s *Store) Put(ctx context.Context, record pages.Record, fence pages.Fence) error {
	end, err := s.begin(ctx, true)
	if err != nil {
		return err
	}
	defer end()
	k := record.Key
	if len(k.Route) > maxKey || len(k.Path) > maxKey || len(k.Locale) > maxKey {
		return fmt.Errorf("put: a part of the key is longer than %d bytes", maxKey)
	}
	id := k.ID()
	err = s.inStripe(ctx, k, func() error {
		if err := s.pass(k, fence); err != nil {
			return err
		}
		return s.replace(ctx, id[:2], s.recordPath(id), s.sync, frame(record), record.Data)
	})
	return fault("put", k, err)
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	end, err := s.begin(ctx, true)
	if err != nil {
		return err
	}
	defer end()
	err = s.inStripe(ctx, key, func() error {
		if err := s.pass(key, fence); err != nil {
			return err
		}
		err := os.Remove(s.recordPath(key.ID()))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return fault("delete", key, err)
}

// inStripe runs f while holding the lock of a key's stripe.
func (s *Store) inStripe(ctx context.Context, key pages.Key, f func() error) error {
	unlock, err := s.lockStripe(ctx, key.Digest()[0])
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// replace writes a file through tmp/name, which belongs to the holder of the
// lock, so that readers see either the old or the new file.
func (s *Store) replace(ctx context.Context, name, path string, durable bool, parts ...[]byte) error {
	tmp := s.path("tmp", name)
	err := writeFile(tmp, durable, parts)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(s.path("tmp"), 0o755); err == nil {
			err = writeFile(tmp, durable, parts)
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = rename(tmp, path, durable)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}

func writeFile(path string, durable bool, parts [][]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err = f.Write(p); err != nil {
			break
		}
	}
	if err == nil && durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// rename moves a file to its final name, creating the directory on first use.
func rename(tmp, path string, durable bool) error {
	dir := dirOf(path)
	err := os.Rename(tmp, path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o755); err == nil && durable {
			err = syncDir(dirOf(dir))
		}
		if err == nil {
			err = os.Rename(tmp, path)
		}
	}
	if err == nil && durable {
		err = syncDir(dir)
	}
	return err
}

func dirOf(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if os.IsPathSeparator(path[i]) {
			return path[:i]
		}
	}
	return path
}

// syncDir makes renames within a directory survive power loss.
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
