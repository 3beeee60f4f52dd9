// Opening and closing a store.

package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// TLS says how to check the server of a rediss:// location, and what to
	// show it. Default: the system's authorities, and the host's name.
	TLS *tls.Config

	// Subjects is how many subjects' last purges are remembered. Beyond it
	// the older half is forgotten, and a subject that is not known counts as
	// purged when the latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int

	// Keep is how long a record that nobody uses is kept. Default: 30 days.
	Keep time.Duration
}

// A Store keeps pages in a Redis. Make it with [Open].
type Store struct {
	name     string // for messages
	keys     keys
	opts     Options
	scripts  scripts
	link     *link
	memory   memory
	hearing  hearing
	touching touching

	open context.Context // ends when Close begins
	shut context.CancelFunc
	life context.Context // ends when Close gives up waiting for calls
	end  context.CancelFunc

	mu         sync.Mutex
	closed     bool
	calls      sync.WaitGroup
	background sync.WaitGroup
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Lister       = (*Store)(nil)
	_ pages.Watcher      = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
)

const (
	closeGrace = time.Second // for calls, and then for connections
	leastKeep  = time.Minute
)

// Open opens the store at a location, see the package's documentation. It does
// not ask the server: until that can be reached, the methods fail.
func Open(ctx context.Context, location string, opts Options) (*Store, error) {
	p, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	if opts.TLS != nil && p.option.TLSConfig == nil {
		return nil, fmt.Errorf("open redis %s: TLS is given, and the location is not rediss:// or valkeys://", p.name)
	}
	if opts.TLS != nil {
		p.useTLS(opts.TLS)
	}
	opts.Subjects = max(cmp.Or(opts.Subjects, 100_000), 2)
	opts.Changes = max(cmp.Or(opts.Changes, 10_000), 1)
	opts.Keep = max(cmp.Or(opts.Keep, 30*24*time.Hour), leastKeep)
	s := &Store{name: p.name, keys: newKeys(p.prefix), opts: opts, scripts: newScripts()}
	s.memory.mending = make(chan struct{}, 1)
	s.hearing.news = make(chan struct{})
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.open, s.shut = context.WithCancel(s.life)
	s.link = newLink(s.life, p.option)
	return s, nil
}

// Driver opens stores by URL, for command lines:
// "redis://cache.example:6379/0?prefix=shop".
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: schemes(),
		Remote:  true,
		Open: func(ctx context.Context, location string) (pages.Store, error) {
			s, err := Open(ctx, location, Options{})
			if err != nil {
				return nil, err // not s: it would be a Store that is not nil
			}
			return s, nil
		},
	}
}

// Close ends every Wait and waits a second for the other calls that have
// begun. A second Close does nothing. No connection outlives it; in a cluster
// the client may have a timer left, for a second or so.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.shut()
	late := time.AfterFunc(closeGrace, s.end)
	s.calls.Wait()
	late.Stop()
	s.end()
	// A server that hangs does not answer a farewell either.
	hangs := time.AfterFunc(closeGrace, s.link.conns.cut)
	s.background.Wait()
	s.link.close()
	hangs.Stop()
	return nil
}

// begin is the start of every call: it holds off Close until end is called,
// for a while. The context it returns ends with the store too.
func (s *Store) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, pages.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.calls.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.calls.Done()
	}, nil
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// keep runs work beside the calls until Close. Where the store is closed it
// does nothing.
func (s *Store) keep(work func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.background.Go(work)
	}
}

// pause waits, and says whether the store is still open.
func (s *Store) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.open.Done():
		return false
	}
}
