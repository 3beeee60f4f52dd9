// What SQLite's faults mean, and how to repair each.

package litedb

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrLost is the fault of each further statement, and of the commit, of a
// transaction that SQLite itself has rolled back.
var ErrLost = errors.New("SQLite has rolled back this transaction after an earlier error: roll it back and begin again")

// ErrReadOnly is the fault of a write in a transaction that began with
// sql.TxOptions.ReadOnly.
var ErrReadOnly = errors.New("the transaction is for reading only, see sql.TxOptions.ReadOnly: begin it without")

// code is SQLite's code of an error; 0 if it is another's.
func code(err error) int {
	if e := new(sqlite.Error); errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// primary is the code without its detail.
func primary(err error) int { return code(err) & 0xff }

// fault adds to an error of the engine's own statements which file it is about,
// and what to do.
func (p place) fault(doing string, err error) error {
	switch primary(err) {
	case sqlite3.SQLITE_READONLY:
		err = fmt.Errorf("let this process write to the file and its folder: %w", err)
	case sqlite3.SQLITE_CANTOPEN:
		err = fmt.Errorf("let this process read and write the file and its folder: %w", err)
	case sqlite3.SQLITE_FULL:
		err = fmt.Errorf("make room on the disk: %w", err)
	case sqlite3.SQLITE_NOTADB:
		err = fmt.Errorf("the file is not a SQLite database: name another one: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		err = fmt.Errorf("the file is damaged: restore a backup: %w", err)
	}
	return fmt.Errorf("%s %s: %w", doing, p.path, err)
}

// Retry: another process had the lock for too long, or a transaction that read
// first could not write then since another has written meanwhile.
func (e *engine) Retry(err error) bool {
	return primary(err) == sqlite3.SQLITE_BUSY || primary(err) == sqlite3.SQLITE_LOCKED
}
