// Periodic maintenance, apart from calls.

package sqlite

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	// maintainEvery is how often the store checks whether maintenance is due.
	maintainEvery = 2 * time.Second

	// maxLog is the size that the write-ahead log may reach. Each writer
	// checkpoints it as it goes, but the log restarts only while there is no
	// reader: if there is always one, writers must be paused for a moment.
	maxLog = 64 << 20

	// maintainTime is how long maintenance may wait for other processes.
	maintainTime = time.Second

	// restartWait is for how many milliseconds writers are paused to wait for
	// readers.
	restartWait = 500
)

// maintain runs until Close.
func (s *Store) maintain() {
	tick := time.NewTicker(maintainEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), maintainTime)
		// If it fails, the next run tries again; the calls report faults that
		// need action.
		_ = s.writeTouches(ctx)
		if info, err := os.Stat(s.file.walPath()); err == nil && info.Size() > maxLog {
			_ = s.restartLog(ctx)
		}
		cancel()
	}
}

// restartLog checkpoints the whole write-ahead log and restarts it. Other
// writers wait meanwhile, new readers do not.
func (s *Store) restartLog(ctx context.Context) error {
	return s.exclusive(ctx, func(c *conn) error {
		if err := c.run(fmt.Sprint("PRAGMA busy_timeout=", restartWait)); err != nil {
			return err
		}
		defer func() { _ = c.run("PRAGMA busy_timeout=0") }()
		var blocked, pages, copied int
		return c.row("PRAGMA wal_checkpoint(TRUNCATE)", nil, &blocked, &pages, &copied)
	})
}
