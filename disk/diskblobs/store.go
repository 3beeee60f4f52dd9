// Opening and closing a store.

package diskblobs

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Now is the clock by which tickets expire. Default: time.Now.
	Now func() time.Time
}

// A Store keeps blobs in a directory. Make it with [Open].
type Store struct {
	root string // the directory v1
	now  func() time.Time
	own  string       // the folder of this store's temporary files
	life *flock.Flock // held while the store is open

	mu     sync.RWMutex // each call holds it for reading, Close for writing
	closed bool
}

var _ blobs.Store = (*Store)(nil)

// Open opens the store in a directory, and creates both if needed.
func Open(dir string, o Options) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open blobs in %s: %w", dir, err)
	}
	s := &Store{root: filepath.Join(abs, "v1"), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	for _, name := range [...]string{"keys", "uploads", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.root, name), 0o755); err != nil {
			return nil, fmt.Errorf("open blobs in %s: %w (let this process write there, or name another directory)", dir, err)
		}
	}
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("open blobs in %s: %w", dir, err)
	}
	s.clean()
	return s, nil
}

// Needs says that all requests have to reach the machine that has the disk.
func (*Store) Needs() []gorgon.Need { return []gorgon.Need{gorgon.NeedDisk} }

// Driver opens stores by directory, for FILES_URL: "disk:/var/lib/shop/files".
func Driver() blobs.Driver {
	return blobs.Driver{
		Schemes: []string{"disk"}, Needs: []gorgon.Need{gorgon.NeedDisk}, Check: pages.CheckPath,
		Open: func(_ context.Context, location string) (blobs.Store, error) {
			s, err := Open(location, Options{})
			if err != nil {
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

// enter makes a folder for the temporary files of this store, with a lock that
// shows whether its process lives.
func (s *Store) enter() error {
	for {
		name := s.path("tmp", strings.ToLower(rand.Text()))
		lock := flock.New(name+".lock", flock.SetPermissions(0o644))
		if err := lock.Lock(); err != nil {
			return err
		}
		// Another process may have removed the file before it was locked: then a
		// file of this name can be locked again.
		second := flock.New(name+".lock", flock.SetPermissions(0o644))
		gone, err := second.TryLock()
		if err = errors.Join(err, second.Close()); err != nil {
			return errors.Join(err, lock.Close())
		}
		if !gone {
			s.own, s.life = name, lock
			return os.Mkdir(name, 0o755)
		}
		if err := lock.Close(); err != nil {
			return err
		}
	}
}

// clean removes the temporary files of processes that were killed.
func (s *Store) clean() {
	left, _ := filepath.Glob(s.path("tmp", "*.lock"))
	for _, path := range left {
		name := strings.TrimSuffix(path, ".lock")
		if name == s.own {
			continue
		}
		lock := flock.New(path, flock.SetPermissions(0o644))
		if dead, err := lock.TryLock(); err == nil && dead {
			_ = os.RemoveAll(name) // what cannot be removed now is removed later
			_ = os.Remove(path)
		}
		_ = lock.Close()
	}
}

// Dir returns the directory that the store was opened in.
func (s *Store) Dir() string { return filepath.Dir(s.root) }

// Close waits for the calls in progress and removes the temporary files. A
// second Close has no effect.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(os.RemoveAll(s.own), os.Remove(s.own+".lock"), s.life.Close())
}

// begin starts every call, unless it cannot be made. What the arguments' checks
// say comes last. Close waits until end is called.
func (s *Store) begin(ctx context.Context, checks ...error) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	err = cmp.Or(checks...)
	if s.closed {
		err = blobs.ErrClosed
	}
	if err != nil {
		s.mu.RUnlock()
		return nil, err
	}
	return s.mu.RUnlock, nil
}

func (s *Store) path(elem ...string) string {
	return s.root + string(filepath.Separator) + filepath.Join(elem...)
}

func (s *Store) keyPath(key string) string { return s.path("keys", nameOf(key)) }

func (s *Store) uploadPath(id, suffix string) string { return s.path("uploads", id+suffix) }

// temporary returns the name of a file that no other call uses.
func (s *Store) temporary() string { return filepath.Join(s.own, rand.Text()) }

// fault says what failed, and passes the errors of the contract unchanged.
func fault(doing string, err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	return fmt.Errorf("blobs on disk: %s: %w", doing, err)
}

// isOurs says whether an error is one of the contract, or the caller's.
func isOurs(err error) bool {
	for _, own := range []error{blobs.ErrNotFound, blobs.ErrExists, blobs.ErrRange, blobs.ErrSize, blobs.ErrDigest, blobs.ErrIncomplete, blobs.ErrExpired,
		blobs.ErrOffset, blobs.ErrBusy, blobs.ErrClosed, blobs.ErrInvalid, context.Canceled, context.DeadlineExceeded} {
		if err == own { //nolint:errorlint // a wrapped one says more
			return true
		}
	}
	return false
}

// absent says whether a file is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
