// What SQLite's faults mean, and how to repair each.

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorgon-go/gorgon/pages"
)

// fault adds to an error what was being done with which file, and wraps the
// contract's error that it corresponds to, if any.
func (s *Store) fault(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pages.ErrClosed), err == context.Canceled, err == context.DeadlineExceeded:
		return err
	}
	switch primary(err) {
	case sqlite3.SQLITE_READONLY:
		err = fmt.Errorf("%w: let this process write to the file and its folder: %w", pages.ErrReadOnly, err)
	case sqlite3.SQLITE_FULL:
		err = fmt.Errorf("%w: make room: %w", syscall.ENOSPC, err)
	case sqlite3.SQLITE_NOTADB:
		err = fmt.Errorf("the file is not a SQLite database: name another one: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		err = fmt.Errorf("the file is damaged: stop the programs that use it, and delete it and the files beside it that end in -wal and -shm: %w", err)
	}
	return fmt.Errorf("%s sqlite: %s: %w", doing, s.path, err)
}

// faultOf is fault for an operation on one page.
func (s *Store) faultOf(doing string, key pages.Key, err error) error {
	if err == nil || errors.Is(err, pages.ErrNotFound) {
		return err
	}
	return s.fault(doing+" "+key.String()+" in", err)
}

// readOnly says whether the system refused a write.
func readOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// damaged says that SQLite read something it did not write.
func damaged(err error) bool {
	return primary(err) == sqlite3.SQLITE_CORRUPT || primary(err) == sqlite3.SQLITE_NOTADB
}
