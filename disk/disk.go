// Opening and closing a store.

package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Sync makes a page survive power loss before Put returns. It costs an
	// fsync of the file and of its directory, about ten times the time of the
	// write. Purges are always synced. Default: false.
	Sync bool
}

// A Store keeps pages in a directory. Make it with [Open].
type Store struct {
	root     string // the directory v1
	sync     bool
	readOnly bool
	done     chan struct{} // closed by Close

	life    sync.RWMutex // each call holds it for reading, Close for writing
	closed  atomic.Bool
	stripes [stripes]chan struct{} // one token each: a lock within the process

	header atomic.Pointer[header] // nil once closed
	told   atomic.Pointer[moment] // what the epochs file said when the log agreed
	seen   atomic.Uint64          // the highest sequence this process has seen
	mu     sync.Mutex             // protects the fields below
	log    purgeLog
	last   moment        // the latest listed purge this process has seen
	forced *pages.Purges // what a read-only store assumes since purges were lost

	folder  folder
	upkeep  sync.WaitGroup
	present *flock.Flock // held shared while the store is open; nil where it is read-only
}

var (
	_ pages.Store     = (*Store)(nil)
	_ pages.Sequencer = (*Store)(nil)
	_ pages.Placed    = (*Store)(nil)
	_ pages.Sweeper   = (*Store)(nil)
)

// openWait is how long Open waits for a process that holds the store's lock.
const openWait = 30 * time.Second

// Open opens the store in a directory, creating both if needed. A store that
// exists but cannot be written to is opened for reading; see [Store.ReadOnly].
// If there is no store and none can be created, the error wraps
// [pages.ErrReadOnly] and the cause.
func Open(dir string, opts Options) (*Store, error) {
	if err := pages.CheckPath(dir); err != nil { // the location may contain a secret, so it is not quoted
		return nil, fmt.Errorf("open disk store: %w", err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{root: filepath.Join(abs, "v1"), sync: opts.Sync, done: make(chan struct{})}
	for i := range s.stripes {
		s.stripes[i] = make(chan struct{}, 1)
	}
	if err := s.open(); err != nil {
		s.log.close()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s.upkeep.Go(s.watch)
	return s, nil
}

// Driver opens stores by directory, for command lines: "disk:/var/lib/shop".
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: []string{"disk"},
		Open: func(_ context.Context, location string) (pages.Store, error) {
			s, err := Open(location, Options{})
			if err != nil {
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

func (s *Store) open() error {
	_, purgesErr := os.Lstat(s.path("purges"))
	_, pagesErr := os.Lstat(s.path("pages"))
	fresh := errors.Is(purgesErr, fs.ErrNotExist) && errors.Is(pagesErr, fs.ErrNotExist)
	err := s.prepare()
	if isReadOnly(err) {
		if fresh {
			return fmt.Errorf("%w, and there is no store to read: "+
				"create the directory, or let this process write to it: %w", pages.ErrReadOnly, err)
		}
		s.readOnly = true
		if err := s.meet(); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.catchUp()
	}
	if err != nil {
		return err
	}
	if err := s.meet(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), openWait)
	defer cancel()
	if err := s.recover(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("another process has held its lock for %v: find it with lsof %s: %w",
				openWait, s.path("locks", "fence"), err)
		}
		return err
	}
	s.clean()
	return s.enter(ctx)
}

// enter acquires the store's lock, which every writing process holds shared
// while it has the store open. A process that finds no other holder is alone,
// so the remaining leases belong to dead processes. It removes them, so that no
// visitor waits for a page whose maker was killed.
func (s *Store) enter(ctx context.Context) error {
	s.present = flock.New(s.path("locks", "alive"), flock.SetPermissions(0o644))
	if alone, err := s.present.TryLock(); err == nil && alone {
		// A lease that cannot be removed expires by itself.
		_ = os.RemoveAll(s.path("leases"))
		_ = os.MkdirAll(s.path("leases"), 0o755)
	}
	// Another process may have opened the store between the two steps; it had
	// no leases to lose yet.
	if err := s.present.Unlock(); err != nil {
		return err
	}
	_, err := s.present.TryRLockContext(ctx, time.Millisecond)
	return err
}

// prepare creates the directories, and finds out whether they can be written
// to.
func (s *Store) prepare() error {
	for _, dir := range [...]string{"tmp", "leases", "locks"} {
		if err := os.MkdirAll(s.path(dir), 0o755); err != nil {
			return err
		}
	}
	// Creating a directory that exists succeeds on a read-only file system too;
	// opening a file for writing does not. Directories may still be closed to
	// us, which the temporary file shows.
	probe := s.path("tmp", "probe")
	for _, path := range [...]string{s.path("locks", "fence"), probe} {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	if err := os.Remove(probe); !errors.Is(err, fs.ErrNotExist) { // another process that opens the store shares it
		return err
	}
	return nil
}

// clean removes the temporary files of killed writers. A temporary file belongs
// to the holder of its stripe's lock, so while this process holds the lock, the
// file has no writer.
func (s *Store) clean() {
	left, err := os.ReadDir(s.path("tmp"))
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // try each lock once, do not wait
	for _, entry := range left {
		stripe, ok := stripeOf(entry.Name())
		if !ok {
			continue
		}
		if unlock, err := s.lockStripe(ctx, stripe); err == nil {
			_ = os.Remove(s.path("tmp", entry.Name())) // the next writer replaces it anyway
			unlock()
		}
	}
}

// Dir returns the directory that the store was opened in.
func (s *Store) Dir() string { return filepath.Dir(s.root) }

// ReadOnly says whether the store was opened for reading only.
func (s *Store) ReadOnly() bool { return s.readOnly }

// Close ends every Wait and waits for the other calls in progress. A second
// Close has no effect.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.done)
	s.upkeep.Wait()
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.close()
	var err error
	if s.present != nil {
		err = s.present.Close()
	}
	if h := s.header.Swap(nil); h != nil {
		err = errors.Join(err, h.close())
	}
	return err
}

// begin starts every call: Close waits until end is called.
func (s *Store) begin(ctx context.Context, writes bool) (end func(), err error) {
	s.life.RLock()
	switch {
	case s.closed.Load():
		err = pages.ErrClosed
	case ctx.Err() != nil:
		err = ctx.Err()
	case writes && s.readOnly:
		err = fmt.Errorf("%s: %w", s.Dir(), pages.ErrReadOnly)
	default:
		if _, err = s.look(false); err == nil {
			return s.life.RUnlock, nil
		}
	}
	s.life.RUnlock()
	return nil, err
}

func (s *Store) path(elem ...string) string {
	return s.root + string(filepath.Separator) + filepath.Join(elem...)
}
