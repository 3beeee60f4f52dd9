// Following the log and the epochs file, and repairing them.

package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// refresh catches up with the purges of other processes. The caller holds mu.
// It fails with errLost if the log has less than was known before, and with
// errHeader if the epochs file is missing or damaged.
func (s *Store) refresh() error {
	// The header first: every purge it reports was in the log before.
	told, ok := moment{}, false
	headErr := s.remap()
	if headErr == nil {
		told, ok = s.header.Load().last()
	}
	if err := s.log.read(s.path("purges"), s.readOnly); err != nil {
		return err
	}
	known := s.log.Sequence
	switch {
	case known < s.seen.Load(), ok && known < told.sequence:
		return fmt.Errorf("%w: it ends at %d", errLost, known)
	case !s.log.has(s.last):
		return fmt.Errorf("%w: it has another purge instead of %d", errLost, s.last.sequence)
	case headErr != nil && s.log.torn:
		return errLost // it cannot be determined which of the torn purges had returned
	}
	s.learn()
	if was := s.told.Load(); ok && (was == nil || *was != told) {
		s.told.Store(&told)
	}
	return headErr
}

// learn remembers the latest purge of the log. The caller holds mu.
func (s *Store) learn() {
	raise(&s.seen, s.log.Sequence)
	if m := s.log.latest(); m.sequence > s.last.sequence {
		s.last = m
	}
}

// remap opens the epochs file again if it was replaced.
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

// recover repairs the log and the epochs file if needed, and creates them in a
// new store.
func (s *Store) recover(ctx context.Context) error {
	unlock, err := s.lockFence(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.repair(); err != nil {
		return err
	}
	// A killed process may have left the epochs file older than the log.
	h := s.header.Load()
	if m, ok := h.last(); (!ok || m.sequence < s.log.Sequence) && !h.advance(s.log.published()) {
		return s.newHeader()
	}
	return nil
}

// catchUp is refresh for a store that cannot be written to, and so cannot be
// repaired. It works without the epochs file. If purges were lost, it treats
// everything as purged from then on. The caller holds mu.
func (s *Store) catchUp() error {
	err := s.refresh()
	switch {
	case errors.Is(err, errHeader) && !errors.Is(err, errLost):
		return nil
	case !errors.Is(err, errLost):
		return err
	}
	s.force()
	return nil
}

// force treats everything as purged. The caller holds mu.
func (s *Store) force() {
	if s.forced == nil {
		m := s.lost()
		s.forced = &m
	}
	s.log.close()
	s.log = purgeLog{Purges: *s.forced}
	raise(&s.seen, s.log.Sequence)
}

func raise(n *atomic.Uint64, to uint64) {
	for was := n.Load(); was < to && !n.CompareAndSwap(was, to); was = n.Load() {
	}
}

// lost returns the state after everything was purged, at a sequence later than
// any before: later than those this process knows, and than the clock's
// microseconds at an earlier loss.
func (s *Store) lost() pages.Purges {
	now := time.Now().UTC()
	n := max(s.seen.Load(), s.log.Sequence)
	if h := s.header.Load(); h != nil {
		if told, ok := h.last(); ok && told.sequence < 1<<62 {
			n = max(n, told.sequence)
		}
	}
	n = pages.Beyond(n, now)
	all := pages.Mark{Sequence: n, At: now, Expired: n, ExpiredAt: now} // the verb is not known
	return pages.Purges{Sequence: n, Floor: all, Dropped: n}
}

// repair is refresh for a caller that holds mu and the fence's lock
// exclusively: it recreates what is lost.
func (s *Store) repair() error {
	err := s.refresh()
	if !repairable(err) {
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
	if err := s.newHeader(); err != nil {
		return err
	}
	if err := s.refresh(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.path("pages"), 0o755); err != nil {
		return err
	}
	// A purge is only as durable as the directories that lead to its file.
	return errors.Join(syncDir(dirOf(s.root)), syncDir(dirOf(dirOf(s.root))))
}

// isNew says whether there has never been a store here: the pages directory is
// created after the two files.
func (s *Store) isNew() bool {
	if s.header.Load() != nil || s.seen.Load() > 0 {
		return false
	}
	for _, name := range [...]string{"purges", "pages"} {
		if _, err := os.Lstat(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// newLog writes and syncs a log that begins with everything that is known.
// Other processes notice that it is another file. The caller holds mu and the
// fence's lock exclusively.
func (s *Store) newLog(m *pages.Purges) error {
	b := logBytes(m)
	if err := s.replace(context.Background(), "purges", s.path("purges"), true, b); err != nil {
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
// other processes have it mapped.
func (s *Store) newHeader() error {
	if err := s.replace(context.Background(), "epochs", s.path("epochs"), true, headerBytes(s.log.published())); err != nil {
		return err
	}
	if h := s.header.Load(); h != nil {
		h.retire()
	}
	return s.remap()
}
