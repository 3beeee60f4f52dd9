// The layout of the file, and upgrading it.

package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon/pages"
)

//go:embed schema/1.sql
var layout1 string

//go:embed schema/2.sql
var layout2 string

// layouts are the steps from each layout to the next, in order. A released step
// never changes. The version of a layout is the number of steps taken.
var layouts = [...]string{layout1, layout2}

// application marks the file as ours: "GRGN".
const application = 0x4752474e

// found is what a file says about itself.
type found struct {
	application int
	version     int
	parts       int // number of tables and other objects
}

func look(c *conn) (f found, err error) {
	err = c.row(`SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`, nil,
		&f.application, &f.version, &f.parts)
	return f, err
}

// check says whether the file is ours and has a known layout.
func (f found) check() error {
	switch {
	case f.application != application && (f.application != 0 || f.version != 0 || f.parts > 0):
		return errors.New("the file is the SQLite database of another program: name another file")
	case f.version > len(layouts):
		return fmt.Errorf("%w: the file has layout %d, and this program knows %d: upgrade the program, or name another file",
			pages.ErrLayout, f.version, len(layouts))
	}
	return nil
}

// migrate brings the layout up to date, one process at a time.
func migrate(ctx context.Context, c *conn) error {
	if ok, err := c.canWrite(); err != nil || !ok {
		return errors.Join(err, pages.ErrReadOnly)
	}
	before, err := look(c)
	if err != nil {
		return err
	}
	if err := before.check(); err != nil || before.version == len(layouts) {
		return err
	}
	if before.version == 0 {
		// Both must come before the first table. They are not part of a
		// transaction, but doing them twice does no harm.
		if err := c.run("PRAGMA auto_vacuum=INCREMENTAL"); err != nil {
			return err
		}
		var mode string
		if err := c.row("PRAGMA journal_mode=WAL", nil, &mode); err != nil {
			return err
		}
		if mode != "wal" {
			return fmt.Errorf("the file's journal is %q instead of a write-ahead log: its file system has no shared memory: name a file on a local disk", mode)
		}
	}
	if err := c.durable(true); err != nil {
		return err
	}
	return c.transact("EXCLUSIVE", func() error {
		now, err := look(c) // another process may have come first
		if err != nil {
			return err
		}
		if err := now.check(); err != nil {
			return err
		}
		for n := now.version; n < len(layouts); n++ {
			if err := c.run(layouts[n]); err != nil {
				return fmt.Errorf("make layout %d: %w", n+1, err)
			}
		}
		if err := c.run(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d", application, len(layouts))); err != nil {
			return err
		}
		return ctx.Err()
	})
}
