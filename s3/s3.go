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
	// Log is told of what an operator should mend: a service that ignores
	// conditions, a record of purges that was lost. Default: slog.Default().
	Log *slog.Logger

	// Subjects is how many subjects' last purges are remembered. Beyond it
	// the older half is forgotten, and a subject that is not known counts as
	// purged when the latest forgotten one was. Default: 100,000.
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
	mu    sync.Mutex // guards calls against Close
	calls sync.WaitGroup
}

var (
	_ pages.Store   = (*Store)(nil)
	_ pages.Lister  = (*Store)(nil)
	_ pages.Watcher = (*Store)(nil)
	_ pages.Sweeper = (*Store)(nil)
)

// Open opens the store at a location:
//
//	s3://bucket/prefix?endpoint=https://host&region=eu-central-1&style=path
//
// Without endpoint it is Amazon's. Without region it is that of AWS_REGION or
// AWS_DEFAULT_REGION; else Amazon is asked, and another service is told
// us-east-1. The style says where the bucket is named: path, as all services
// understand it, or host; the default is host for Amazon and path for others.
//
// The keys are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, else of the file ~/.aws/credentials, else, at Amazon,
// those of the machine's role.
//
// The service need not answer: the store's methods fail until it does.
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
				return nil, err // not s: it would be a Store that is not nil
			}
			return s, nil
		},
	}
}

// Close ends every call and lets go of the connections. A second Close does
// nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.calls.Wait()
	s.http.CloseIdleConnections()
	return nil
}

// begin is the start of every call. The context that it gives ends with the
// store, and Close waits until end is called.
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
