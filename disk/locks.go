// Locks between goroutines and between processes.

package disk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
	"github.com/gorgon-go/gorgon/pages"
)

// stripes is the number of locks that the keys share, by the first byte of a
// key's digest.
const stripes = 256

func stripeName(stripe byte) string { return hex.EncodeToString([]byte{stripe}) }

// stripeOf returns the stripe that a temporary file belongs to, by its name.
func stripeOf(tmp string) (byte, bool) {
	if len(tmp) < 2 {
		return 0, false
	}
	b, err := hex.DecodeString(tmp[:2])
	if err != nil {
		return 0, false
	}
	return b[0], len(tmp) == 2 || tmp[2] == '.'
}

// flock acquires a lock file. It polls instead of blocking, so that it still
// obeys its context while a paused process holds the lock.
func (s *Store) flock(ctx context.Context, name string) (unlock func(), err error) {
	f := flock.New(s.path("locks", name), flock.SetPermissions(0o644))
	made := false
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 2*time.Millisecond) {
		ok, err := f.TryLock()
		switch {
		case ok:
			return func() { _ = f.Unlock() }, nil
		case errors.Is(err, fs.ErrNotExist) && !made:
			// The directory was deleted: create it and try again.
			made = true
			if err := os.MkdirAll(s.path("locks"), 0o755); err != nil {
				return nil, err
			}
			continue
		case err != nil:
			return nil, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, fmt.Errorf("waiting for lock %s: %w", name, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lockStripe acquires the lock for writing the records and leases of a stripe.
func (s *Store) lockStripe(ctx context.Context, stripe byte) (unlock func(), err error) {
	inner := s.stripes[stripe]
	select {
	case inner <- struct{}{}:
	default:
		select {
		case inner <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	outer, err := s.flock(ctx, stripeName(stripe))
	if err != nil {
		<-inner
		return nil, err
	}
	return func() { outer(); <-inner }, nil
}

// lockFence acquires the lock that is held during a purge.
func (s *Store) lockFence(ctx context.Context) (unlock func(), err error) {
	return s.flock(ctx, "fence")
}

// pass checks the fence: may the key be written? The caller holds the key's
// stripe until it has written.
func (s *Store) pass(key pages.Key, fence pages.Fence) error {
	if fence.Token != 0 {
		if err := s.passToken(key, fence.Token); err != nil {
			return err
		}
	}
	if fence == pages.Unfenced {
		return nil
	}
	epoch, err := s.epochOf(key.ID())
	if err == nil && epoch > fence.Epoch {
		err = fmt.Errorf("write %s: %w: the store has a record of a later epoch", key, pages.ErrFenced)
	}
	return err
}

// epochOf reads the epoch of a record. It is 0 if there is none, or a corrupt
// one, which may be replaced.
func (s *Store) epochOf(id string) (uint64, error) {
	f, err := os.Open(s.recordPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	_, epoch, err := readKey(f, info.Size(), id)
	if errors.Is(err, pages.ErrCorrupt) {
		return 0, nil
	}
	return epoch, err
}
