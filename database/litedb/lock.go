// A lock between processes.

package litedb

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// lockEvery is how often a process that waits for the lock tries it.
const lockEvery = 25 * time.Millisecond

// Lock locks a file beside the database, since f writes to the database itself.
// The system frees the lock of a process that has died.
func (e *engine) Lock(ctx context.Context, f func(context.Context) error) error {
	if err := e.place.check(); err != nil {
		return err
	}
	path := e.place.path + "-" + e.config.Schema + ".lock"
	lock := flock.New(path, flock.SetPermissions(0o644))
	defer lock.Close()
	if _, err := lock.TryLockContext(ctx, lockEvery); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return f(ctx)
}
