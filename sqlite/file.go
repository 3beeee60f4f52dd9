// The file itself: opening it, and noticing that it was replaced.

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
	// lookEvery is the interval at which calls check that the file is still the
	// one that was opened.
	lookEvery = 250 * time.Millisecond

	// noticed is the time within which every store has checked.
	noticed = time.Second

	// pagesPerCheckpoint is how many pages of 4 KiB a writer collects in the
	// write-ahead log before it copies them into the database.
	pagesPerCheckpoint = 1000

	// keepLog is the size that the write-ahead log keeps when it restarts.
	keepLog = 16 << 20
)

// file is what is known about the file. Deleting it while it is open would
// split its users: some would continue with the deleted file.
type file struct {
	mu         sync.Mutex
	name       string // as it was given
	path       string // with symbolic links resolved
	info       fs.FileInfo
	met        time.Time // when it was opened
	next       time.Time // when to check again
	err        error     // the result of the last check
	note       note      // the note that tells others
	immutable  bool      // no log can be created beside the file, so it is read as if it never changed
	generation int       // counts the changes of an immutable file
}

// walPath returns the path of the write-ahead log.
func (f *file) walPath() string { return f.path + "-wal" }

// meet remembers which file was opened.
func (f *file) meet(name string) (err error) {
	f.name = name
	if f.path, err = filepath.EvalSymlinks(name); err == nil {
		f.info, err = os.Stat(f.path)
	}
	f.met = time.Now()
	f.next = f.met.Add(lookEvery)
	return err
}

// look says whether the file is still the one that was opened, checked at most
// a second ago.
func (f *file) look() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Now().Before(f.next) {
		return f.err
	}
	return f.lookNow()
}

// lookAgain is look with a check right now.
func (f *file) lookAgain() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lookNow()
}

// lookNow is lookAgain for a caller that holds mu.
func (f *file) lookNow() error {
	now := time.Now()
	f.next, f.err = now.Add(lookEvery), nil
	info, err := os.Stat(f.name)
	replaced := errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, f.info)
	if replaced {
		f.note.leave(f.atName())
	} else {
		f.note.remove()
	}
	switch {
	case replaced:
		f.err = fmt.Errorf("%s was removed or replaced while it was open: restart the programs that use it", f.name)
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

// atName returns the path of the file that is there now, with symbolic links
// resolved.
func (f *file) atName() string {
	path, err := filepath.EvalSymlinks(f.name)
	if err != nil { // what will be made there has the path that the old one had
		return f.path
	}
	return path
}

// age returns the generation that connections must have.
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
			return fmt.Errorf("%w: the file has layout %d and %d is needed, and it is read-only: open it once from a place that can write to it", pages.ErrLayout, found.version, len(layouts))
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
		"synchronous=NORMAL", // in write-ahead mode: consistent, and synced at checkpoints
		"fullfsync=ON",       // for systems where fsync alone does not reach the disk
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
	// Without a log beside it, and without the right to create one, no process
	// can be writing to the file from here. If another one does, look notices.
	if _, walErr := os.Stat(s.file.walPath()); errors.Is(walErr, fs.ErrNotExist) {
		if c, err := s.tryReader("&immutable=1"); err == nil {
			s.file.setImmutable(true)
			return c, nil
		}
	}
	return nil, err
}

// tryReader opens a connection and reads a little, as a test.
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
