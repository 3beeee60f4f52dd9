// Opening and closing a store.

package sqlite

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Sync makes a page survive power loss before Put returns. It costs an
	// fsync. Purges are always synced. Default: false.
	Sync bool

	// Readers is how many calls may read at once, each on its own connection.
	// Default: 4.
	Readers int

	// Subjects is how many subjects' last purges are remembered. Beyond it the
	// oldest are forgotten, and a forgotten subject counts as purged when the
	// latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list, counting one for
	// each subject. Default: 10,000.
	Changes int
}

// A Store keeps pages in a file. Make it with [Open].
type Store struct {
	path     string // absolute
	opts     Options
	readOnly bool
	file     file

	writer  *conn         // belongs to the holder of turn; nil after a fault
	turn    chan struct{} // one token: its holder writes
	readers chan *conn    // the free ones; nil stands for one to be opened
	touches touches
	seen    seen
	wake    wake

	life   sync.RWMutex // each call holds it for reading, Close for writing
	end    sync.Once
	done   chan struct{} // closed by Close
	upkeep sync.WaitGroup
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Placed       = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
)

// openWait is how long Open waits for a process that holds the file's lock.
const openWait = 30 * time.Second

// Open opens the store in a file, creating it if needed and bringing its layout
// up to date. The file's folder must exist. A file that cannot be written to is
// opened for reading; see [Store.ReadOnly]. If there is no file and none can be
// created, the error wraps [pages.ErrReadOnly].
func Open(ctx context.Context, location string, opts Options) (*Store, error) {
	opts.Readers = cmp.Or(max(opts.Readers, 0), 4)
	opts.Subjects = cmp.Or(max(opts.Subjects, 0), 100_000)
	opts.Changes = cmp.Or(max(opts.Changes, 0), 10_000)
	path, err := locate(location)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, opts: opts,
		turn: make(chan struct{}, 1), readers: make(chan *conn, opts.Readers),
		done: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	if err := s.open(ctx); err != nil {
		return nil, s.fault("open", err)
	}
	s.turn <- struct{}{}
	for range opts.Readers {
		s.readers <- nil
	}
	s.upkeep.Go(s.watch)
	if !s.readOnly {
		s.upkeep.Go(s.maintain)
	}
	return s, nil
}

// Driver opens stores by file, for command lines: "sqlite:/var/lib/shop.db".
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: []string{"sqlite"},
		Open: func(ctx context.Context, location string) (pages.Store, error) {
			s, err := Open(ctx, location, Options{})
			if err != nil {
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

// Path returns the file's absolute path.
func (s *Store) Path() string { return s.path }

// ReadOnly says whether the store was opened for reading only.
func (s *Store) ReadOnly() bool { return s.readOnly }

// Close ends every Wait and waits for the other calls in progress. A second
// Close has no effect.
func (s *Store) Close() error {
	s.end.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), maintainTime)
		_ = s.writeTouches(ctx) // it only affects which records are kept
		cancel()
		close(s.done)
		s.upkeep.Wait()
		s.life.Lock()
		defer s.life.Unlock()
		for range s.opts.Readers {
			if c := <-s.readers; c != nil {
				c.close()
			}
		}
		if s.writer != nil {
			s.writer.close()
			s.writer = nil
		}
		s.file.leave()
	})
	return nil
}
