// Walking over all records.

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

// List calls yield for each record, reading no data. Records whose head is
// damaged are left out. It holds no lock meanwhile.
func (s *Store) List(ctx context.Context, yield func(pages.Info) bool) error {
	return s.walk(ctx, func(f found) bool {
		key, err := f.key()
		if err != nil {
			return true // gone in the meantime, or damaged
		}
		return yield(pages.Info{Key: key, Size: f.size, Used: f.used})
	})
}

// found is a file among the records.
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
	// The file may be another than the one that was seen.
	info, err := file.Stat()
	if err != nil {
		return pages.Key{}, err
	}
	return readKey(file, info.Size(), f.name)
}

// walk calls visit for each file that is named as a record, some hundred
// names at a time, until it returns false.
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

// alive is begin for calls that take long: they do not hold up Close.
func (s *Store) alive(ctx context.Context) error {
	if s.closed.Load() {
		return pages.ErrClosed
	}
	return ctx.Err()
}
