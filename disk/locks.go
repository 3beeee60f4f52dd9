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

// stripes is how many locks share the keys between them, by the first byte
// of a key's digest.
const stripes = 256

func stripeName(stripe byte) string { return hex.EncodeToString([]byte{stripe}) }

// stripeOf finds the stripe that a temporary file belongs to by its name.
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

// flock takes a lock file, alone or shared. It tries again and again rather
// than to block, so that a process that was paused while it held the lock
// does not take our context's say away.
func (s *Store) flock(ctx context.Context, name string, shared bool) (unlock func(), err error) {
	f := flock.New(s.path("locks", name), flock.SetPermissions(0o644))
	try := f.TryLock
	if shared {
		try = f.TryRLock
	}
	made := false
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 2*time.Millisecond) {
		ok, err := try()
		switch {
		case ok:
			return func() { _ = f.Unlock() }, nil
		case errors.Is(err, fs.ErrNotExist) && !made:
			// Somebody deleted the directory under us: begin again.
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

// lockStripe takes the lock for writing the records and leases of a stripe.
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
	outer, err := s.flock(ctx, stripeName(stripe), false)
	if err != nil {
		<-inner
		return nil, err
	}
	return func() { outer(); <-inner }, nil
}

// patience is how long writers stand back for a purge that says it waits.
const patience = 100 * time.Millisecond

// lockFence takes the lock that makes fence and write one step: shared to
// write, alone to purge. Shared locks that overlap could keep a purge waiting
// for ever, so one that has to wait says so in the header.
func (s *Store) lockFence(ctx context.Context, shared bool) (unlock func(), err error) {
	if shared {
		for h := s.header.Load(); h != nil; {
			since, ok := h.load(headerWaiting)
			if !ok || time.Since(time.Unix(0, int64(since))).Abs() > patience {
				break
			}
			if err := sleep(ctx, 200*time.Microsecond); err != nil {
				return nil, err
			}
		}
		return s.flock(ctx, "fence", true)
	}
	for {
		try, cancel := context.WithTimeout(ctx, patience/2)
		h := s.header.Load()
		if h != nil {
			h.store(headerWaiting, uint64(time.Now().UnixNano()))
		}
		unlock, err := s.flock(try, "fence", false)
		cancel()
		if h != nil {
			h.store(headerWaiting, 0)
		}
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return unlock, err
		}
	}
}

// pass asks the fence whether a key may be written. The caller holds the
// stripe of the key, and keeps the fence's lock until it has written.
func (s *Store) pass(ctx context.Context, key pages.Key, fence pages.Fence) (unlock func(), err error) {
	if fence.Token != 0 {
		if err := s.passToken(key, fence.Token); err != nil {
			return nil, err
		}
	}
	if len(fence.Subjects) == 0 {
		return func() {}, nil
	}
	for {
		unlock, err := s.lockFence(ctx, true)
		if err != nil {
			return nil, err
		}
		if err = s.passEpochs(key, fence); err == nil {
			return unlock, nil
		}
		unlock()
		if !mendable(err) {
			return nil, err
		}
		if err := s.recover(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *Store) passEpochs(key pages.Key, fence pages.Fence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	for _, subject := range fence.Subjects {
		if m := s.log.Mark(subject); m.Sequence > fence.Epoch {
			return fmt.Errorf("write %s: %w: %s was purged", key, pages.ErrFenced, subject)
		}
	}
	return nil
}
