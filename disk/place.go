// The folder itself: noticing that it was replaced, and switching to the new
// one.

package disk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	// lookEvery is the interval at which the store checks that the folder is
	// still the one it opened.
	lookEvery = 250 * time.Millisecond

	// noticed is the time within which every store has checked.
	noticed = time.Second
)

// A folder is what the store knows about its folder. If it is removed or
// replaced, the store switches to the new one: processes that open the store by
// its name would miss purges otherwise.
type folder struct {
	mu    sync.Mutex
	info  fs.FileInfo
	met   time.Time // when it was opened
	next  time.Time // when to check again
	err   error     // the result of the last check
	owner string    // the owner claimed here, "" for none
}

// watch checks the folder and the files of the purges also while there are no
// calls: the epochs file may be another one than the one that is mapped.
func (s *Store) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			end, err := s.begin(context.Background(), false)
			if err != nil {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), lookEvery)
			_ = s.current(ctx, func() {}) // the calls say what is wrong
			cancel()
			end()
		case <-s.done:
			return
		}
	}
}

// meet remembers which folder is open.
func (s *Store) meet() (err error) {
	s.folder.met = time.Now()
	s.folder.next = s.folder.met.Add(lookEvery)
	s.folder.info, err = os.Stat(s.root)
	return err
}

// look says whether the folder is the one that was opened, checked at most a
// second ago, or right now. If it was replaced, the new one is opened.
func (s *Store) look(now bool) (another bool, err error) {
	f := &s.folder
	f.mu.Lock()
	defer f.mu.Unlock()
	if !now && time.Now().Before(f.next) {
		return false, f.err
	}
	f.next = time.Now().Add(lookEvery)
	info, err := os.Stat(s.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.err = err
		return false, err
	}
	if err == nil && os.SameFile(info, f.info) {
		if !errors.As(f.err, new(*pages.ForeignError)) {
			f.err = nil
		}
		return false, f.err
	}
	f.err = s.move()
	return true, f.err
}

// move switches to another folder. That counts as a store that went back:
// everything in it is purged. The caller holds the folder's mutex.
func (s *Store) move() error {
	ctx, cancel := context.WithTimeout(context.Background(), openWait)
	defer cancel()
	if !s.readOnly {
		if err := s.prepare(); err != nil {
			return err
		}
	}
	if err := s.meet(); err != nil {
		return err
	}
	if owner, err := s.owner(); err != nil {
		return err
	} else if s.folder.owner != "" && owner != "" && owner != s.folder.owner {
		return &pages.ForeignError{Owner: owner}
	}
	if s.readOnly {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forced = nil
		s.force()
		return nil
	}
	unlock, err := s.lockFence(ctx)
	if err != nil {
		return err
	}
	if err = s.restart(); err == nil && s.folder.owner != "" {
		err = s.writeOwner(ctx, s.folder.owner)
	}
	unlock()
	if err != nil {
		return err
	}
	if err := s.present.Close(); err != nil {
		return err
	}
	return s.enter(ctx)
}

// Noticed returns once every program that had another folder open has had the
// time to go over to this one.
func (s *Store) Noticed(ctx context.Context) error {
	end, err := s.begin(ctx, false)
	if err != nil {
		return err
	}
	defer end()
	s.folder.mu.Lock()
	left := time.Until(s.folder.met.Add(noticed))
	s.folder.mu.Unlock()
	if left <= 0 {
		return nil
	}
	return sleep(ctx, left)
}

// Audience says whether another program has this folder open. One that has
// another goes over to this one, or may not, which cannot be seen from here.
func (s *Store) Audience(ctx context.Context) (a pages.Audience, err error) {
	if err := s.Noticed(ctx); err != nil {
		return a, err
	}
	s.folder.mu.Lock()
	defer s.folder.mu.Unlock()
	if s.closed.Load() || s.present == nil {
		return a, nil
	}
	if err := s.present.Unlock(); err != nil {
		return a, err
	}
	a.None, err = s.present.TryLock()
	if err == nil {
		err = s.present.Unlock()
	}
	if err == nil {
		_, err = s.present.TryRLockContext(ctx, time.Millisecond)
	}
	return a, err
}

// restart begins a log in which everything is purged. The caller holds the
// fence's lock.
func (s *Store) restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.repair(); err != nil {
		return err
	}
	m := s.lost()
	if err := s.newLog(&m); err != nil {
		return err
	}
	s.learn()
	return s.newHeader()
}
