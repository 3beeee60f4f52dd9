// Listing all records.

package disk

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// List calls yield for each record without reading any data. It skips records
// with a damaged heading. It holds no lock meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	return s.walk(ctx, func(f found) bool {
		key, err := f.key()
		if err != nil {
			return true // deleted in the meantime, or damaged
		}
		return yield(pages.Info{Key: key, Size: f.size, Used: f.used})
	})
}

// found is a record's file as the walk saw it.
type found struct {
	path string
	name string
	size int64
	used time.Time
}

func (f found) key() (pages.Key, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return pages.Key{}, err
	}
	defer file.Close()
	// The file may have been replaced since the walk saw it.
	info, err := file.Stat()
	if err != nil {
		return pages.Key{}, err
	}
	key, _, err := readKey(file, info.Size(), f.name)
	return key, err
}

// walk calls visit for each file that has the name of a record, reading a few
// hundred names at a time, until visit returns false.
func (s *Store) walk(ctx context.Context, visit func(found) bool) error {
	for stripe := range stripes {
		more, err := s.walkStripe(ctx, s.path("pages", stripeName(byte(stripe))), visit)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func (s *Store) walkStripe(ctx context.Context, dir string, visit func(found) bool) (more bool, err error) {
	if err := s.alive(ctx); err != nil {
		return false, err
	}
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		for _, name := range names {
			path := dir + string(os.PathSeparator) + name
			info, err := os.Lstat(path)
			if err != nil || !info.Mode().IsRegular() || len(name) != 64 {
				continue
			}
			if _, err := hex.DecodeString(name); err != nil {
				continue
			}
			if err := s.alive(ctx); err != nil {
				return false, err
			}
			if !visit(found{path: path, name: name, size: info.Size(), used: info.ModTime()}) {
				return false, nil
			}
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// alive is begin for long calls, which must not delay Close.
func (s *Store) alive(ctx context.Context) error {
	if s.closed.Load() {
		return pages.ErrClosed
	}
	return ctx.Err()
}
