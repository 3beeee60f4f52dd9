// Keeping up with the log and the epochs file, and mending them.

package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// refresh catches up with the purges of other processes. The caller holds mu.
// It fails with errLost if less is there than was known, and with errHeader.
func (s *Store) refresh() error {
	// The header first: what it tells was in the log before.
	told, ok := uint64(0), false
	headErr := s.remap()
	if headErr == nil {
		told, ok = s.header.Load().sequence()
	}
	if err := s.log.read(s.path("purges"), s.readOnly); err != nil {
		return err
	}
	known := s.log.Sequence
	switch {
	case known < s.seen, ok && known < told:
		return fmt.Errorf("%w: it ends at %d", errLost, known)
	case headErr != nil && s.log.torn:
		return errLost // which of the torn bytes had returned cannot be told
	}
	s.seen = known
	return headErr
}

// remap opens the epochs file again if it is another than before.
func (s *Store) remap() error {
	h := s.header.Load()
	info, err := os.Stat(s.path("epochs"))
	if err == nil && h != nil && os.SameFile(info, h.info) && info.Size() >= headerSize && h.intact() {
		return nil
	}
	fresh, err := openHeader(s.path("epochs"), s.readOnly)
	if err != nil {
		return err
	}
	if s.header.Store(fresh); h != nil {
		_ = h.close()
	}
	return nil
}

// recover makes the log and the epochs file good again if they are not, and
// makes them in a new store.
func (s *Store) recover(ctx context.Context) error {
	unlock, err := s.lockFence(ctx, false)
	if err != nil {
		return err
	}
	defer unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mend(); err != nil {
		return err
	}
	// A process that was killed may have left the epochs file behind the log.
	h := s.header.Load()
	if n, ok := h.sequence(); (!ok || n < s.log.Sequence) && !h.advance(s.log.Sequence) {
		return s.newHeader(s.log.Sequence)
	}
	return nil
}

// look is refresh for a store that cannot be written to, and so not mended:
// it does without the epochs file, and where purges were lost it takes
// everything for purged from then on. The caller holds mu.
func (s *Store) look() error {
	err := s.refresh()
	switch {
	case errors.Is(err, errHeader) && !errors.Is(err, errLost):
		return nil
	case !errors.Is(err, errLost):
		return err
	}
	if s.forced == nil {
		m := s.lost()
		s.forced = &m
	}
	s.log.close()
	s.log = purgeLog{Purges: *s.forced}
	s.seen = s.log.Sequence
	return nil
}

// lost is the state after everything was purged at a sequence later than any
// before: later than those this process knows of, and than the microseconds
// of the clock at an earlier loss.
func (s *Store) lost() pages.Purges {
	now := time.Now().UTC()
	n := max(s.seen, s.log.Sequence)
	if h := s.header.Load(); h != nil {
		if told, ok := h.sequence(); ok && told < 1<<62 {
			n = max(n, told)
		}
	}
	n = max(n+1, uint64(now.UnixMicro()))
	all := pages.Mark{Sequence: n, At: now, Expired: n, ExpiredAt: now} // nobody knows with which verb
	return pages.Purges{Sequence: n, Floor: all, Dropped: n}
}

// mend is refresh for who holds the fence's lock alone and mu: what is lost
// it makes anew.
func (s *Store) mend() error {
	err := s.refresh()
	if !mendable(err) {
		return err
	}
	if errors.Is(err, errLost) {
		var m pages.Purges
		if !s.isNew() {
			m = s.lost()
		}
		if err := s.newLog(&m); err != nil {
			return err
		}
	}
	if err := s.newHeader(s.log.Sequence); err != nil {
		return err
	}
	if err := s.refresh(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.path("pages"), 0o755); err != nil {
		return err
	}
	// A purge is only as durable as the directories that lead to it.
	return errors.Join(syncDir(dirOf(s.root)), syncDir(dirOf(dirOf(s.root))))
}

// isNew says whether there has never been a store here: the pages directory
// is made after the two files.
func (s *Store) isNew() bool {
	if s.header.Load() != nil || s.seen > 0 {
		return false
	}
	for _, name := range [...]string{"purges", "pages"} {
		if _, err := os.Lstat(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// newLog writes a log that begins with what is known, and syncs it. Other
// processes find that it is another file. The caller holds the fence's lock
// alone and mu.
func (s *Store) newLog(m *pages.Purges) error {
	b := logBytes(m)
	if err := s.replace(context.Background(), "purges", s.path("purges"), true, allowed, b); err != nil {
		return err
	}
	s.log.close()
	if err := s.log.read(s.path("purges"), false); err != nil {
		return err
	}
	s.log.compactAt = max(minCompact, 2*s.log.end)
	return nil
}

// newHeader replaces the epochs file. It is never repaired in place, because
// others have it mapped.
func (s *Store) newHeader(n uint64) error {
	if err := s.replace(context.Background(), "epochs", s.path("epochs"), true, allowed, headerBytes(n)); err != nil {
		return err
	}
	return s.remap()
}

func allowed() (unlock func(), err error) { return func() {}, nil }
