// What is done beside the calls, now and then.

package sqlite

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	// maintainEvery is how often it is looked whether there is something to do.
	maintainEvery = 2 * time.Second

	// maxLog is how large the write-ahead log may grow. Each writer copies it
	// to where it belongs as it goes, but it is begun anew only when nobody
	// reads it: where somebody always does, they have to be stopped for once.
	maxLog = 64 << 20

	// maintainTime is how long it may wait for others.
	maintainTime = time.Second

	// restartWait is for how many milliseconds those who write are stopped to
	// wait for those who read.
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
		// What fails is done by the next one; what can be done about it, the
		// calls tell.
		_ = s.writeTouches(ctx)
		if info, err := os.Stat(s.file.walPath()); err == nil && info.Size() > maxLog {
			_ = s.restartLog(ctx)
		}
		cancel()
	}
}

// restartLog copies all of the write-ahead log to where it belongs and begins
// it anew. Other writers wait meanwhile, new readers do not.
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
