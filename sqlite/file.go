// The file itself: opening it, and noticing that it became another one.

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// lookEvery is how often calls look whether the file is still the one
	// that was opened.
	lookEvery = time.Second

	// pagesPerCheckpoint is how many pages of 4 KiB a writer lets gather in
	// the write-ahead log before it copies them to where they belong.
	pagesPerCheckpoint = 1000

	// keepLog is how large the write-ahead log stays when it is begun anew.
	keepLog = 16 << 20
)

// file is what is known about the file. Deleting it under its users would
// split them: some would go on with the deleted one.
type file struct {
	mu         sync.Mutex
	path       string // with no symbolic links
	info       fs.FileInfo
	next       time.Time // when to look again
	err        error     // what the last look found
	immutable  bool      // no log can be made beside the file, so it is read as if it never changed
	generation int       // counts the changes of an immutable file
}

// walPath is where the write-ahead log is.
func (f *file) walPath() string { return f.path + "-wal" }

// meet remembers the file as it was opened.
func (f *file) meet(path string) (err error) {
	if f.path, err = filepath.EvalSymlinks(path); err == nil {
		f.info, err = os.Stat(f.path)
	}
	f.next = time.Now().Add(lookEvery)
	return err
}

// look says whether the file is still the one that was opened.
func (f *file) look() error {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Before(f.next) {
		return f.err
	}
	f.next, f.err = now.Add(lookEvery), nil
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(info, f.info):
		f.err = fmt.Errorf("%s was removed or replaced while it was open: restart the programs that use it", f.path)
	case err != nil:
		f.err = err
	case f.immutable:
		_, err := os.Stat(f.walPath())
		if err == nil || info.Size() != f.info.Size() || !info.ModTime().Equal(f.info.ModTime()) {
			f.info = info
			f.generation++
		}
	}
	return f.err
}

// age is the generation that connections have to be of.
func (f *file) age() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.generation
}

// open opens the first connection, and with it the file.
func (s *Store) open(ctx context.Context) error {
	_, statErr := os.Stat(s.path)
	err := s.patient(ctx, func() error { return s.openToWrite(ctx) })
	switch primary(err) {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
	default:
		if !errors.Is(err, pages.ErrReadOnly) {
			return err
		}
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		return unmakeable(s.path, err)
	}
	if err := s.file.meet(s.path); err != nil {
		return err
	}
	s.readOnly = true
	return s.patient(ctx, func() error {
		c, readErr := s.dialReader()
		if readErr != nil {
			return errors.Join(readErr, err)
		}
		defer c.close()
		found, err := look(c)
		if err != nil {
			return err
		}
		if found.version < len(layouts) {
			return fmt.Errorf("%w: the file has layout %d and %d is needed, and it is read-only: open it once where it can be written to", pages.ErrLayout, found.version, len(layouts))
		}
		return found.check()
	})
}

func (s *Store) openToWrite(ctx context.Context) error {
	c, err := s.dialWriter("rwc")
	if err != nil {
		return err
	}
	if err = migrate(ctx, c); err == nil {
		err = s.file.meet(s.path)
	}
	if err != nil {
		c.close()
		return err
	}
	s.writer = c
	return nil
}

// dialWriter opens a connection for writing.
func (s *Store) dialWriter(mode string) (*conn, error) {
	return dial(dsn(s.path, mode),
		"synchronous=NORMAL", // in a write-ahead log: consistent, and synced when it is copied
		"fullfsync=ON",       // where fsync alone does not reach the disk
		fmt.Sprint("wal_autocheckpoint=", pagesPerCheckpoint),
		fmt.Sprint("journal_size_limit=", keepLog))
}

// dialReader opens a connection for reading.
func (s *Store) dialReader() (*conn, error) {
	if !s.readOnly {
		return dial(dsn(s.path, "rw"), "query_only=ON")
	}
	c, err := s.tryReader("")
	if err == nil {
		s.file.setImmutable(false)
		return c, nil
	}
	// Without a log beside it, and nowhere to make one, nobody can be writing
	// to the file from here. If somebody else does, the look notices.
	if _, walErr := os.Stat(s.file.walPath()); errors.Is(walErr, fs.ErrNotExist) {
		if c, err := s.tryReader("&immutable=1"); err == nil {
			s.file.setImmutable(true)
			return c, nil
		}
	}
	return nil, err
}

// tryReader opens a connection and reads a little.
func (s *Store) tryReader(how string) (*conn, error) {
	c, err := dial(dsn(s.path, "ro") + how)
	if err != nil {
		return nil, err
	}
	if _, err := look(c); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (f *file) setImmutable(yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.immutable = yes
}
