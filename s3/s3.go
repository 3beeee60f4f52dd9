// Opening and closing a store.

package s3

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// Log receives what an operator should fix: a service that ignores
	// conditions, a record of purges that was lost. Default: slog.Default().
	Log *slog.Logger

	// Subjects is how many subjects' last purges are remembered. Beyond it the
	// older half is forgotten, and a forgotten subject counts as purged when
	// the latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int
}

// A Store keeps pages in a bucket. Make it with [Open].
type Store struct {
	client *minio.Core
	http   *http.Transport
	place  place
	log    *slog.Logger
	clock  clock
	proof  proof
	known  replica
	uses   uses

	bumping chan struct{} // one token: one purge at a time through this store

	life  context.Context // ends with Close
	end   context.CancelFunc
	mu    sync.Mutex // makes Close wait for calls
	calls sync.WaitGroup
}

var (
	_ pages.Store   = (*Store)(nil)
	_ pages.Sweeper = (*Store)(nil)
)

// Open opens the store at a location:
//
//	s3://bucket/prefix?endpoint=https://host&region=eu-central-1&style=path
//
// The default endpoint is Amazon's. The default region is that of AWS_REGION or
// AWS_DEFAULT_REGION; without these, Amazon is asked for it, and other services
// get us-east-1. The style says where in the URL the bucket is named: path,
// which all services understand, or host; the default is host for Amazon and
// path for others.
//
// The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, otherwise from the file ~/.aws/credentials, and otherwise,
// at Amazon, from the machine's role.
//
// The service need not be available: the store's methods fail until it is.
func Open(_ context.Context, location string, opts Options) (*Store, error) {
	at, err := parse(location)
	if err != nil {
		return nil, err
	}
	s := &Store{
		place:   at,
		log:     opts.Log,
		proof:   proof{slot: make(chan struct{}, 1)},
		bumping: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.known.bounds = bounds{opts.Subjects, opts.Changes}
	s.known.purges = pages.Purges{Subjects: opts.Subjects, Changes: opts.Changes}
	if err := s.connect(); err != nil {
		return nil, err
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.calls.Go(s.keepUses)
	return s, nil
}

// Driver opens stores by location, for command lines.
func Driver() pages.Driver {
	return pages.Driver{
		Schemes: []string{"s3"},
		Remote:  true,
		Open: func(ctx context.Context, location string) (pages.Store, error) {
			s, err := Open(ctx, location, Options{})
			if err != nil {
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

// Close ends every call and closes the connections. A second Close has no
// effect.
func (s *Store) Close() error {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.calls.Wait()
	s.http.CloseIdleConnections()
	return nil
}

// begin starts every call. The context that it returns ends with the store, and
// Close waits until end is called.
func (s *Store) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return nil, nil, pages.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.calls.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(pages.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		s.calls.Done()
	}, nil
}
