// Opening and closing a store.

package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/driver"
	"github.com/gorgon-go/gorgon/pages"
)

// Options of a store. The zero value works.
type Options struct {
	// TLS says how to check the server of a rediss:// location, and which
	// certificate to present. Default: the system's authorities, and the host's
	// name.
	TLS *tls.Config

	// Subjects is how many subjects' last purges are remembered. Beyond it the
	// older half is forgotten, and a forgotten subject counts as purged when
	// the latest forgotten one was. Default: 100,000.
	Subjects int

	// Changes is how many purges [Store.Changes] can list. Default: 10,000.
	Changes int

	// Keep is how long an unused record is kept. Default: 30 days.
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
	hints    driver.Hints
	life     *driver.Life
	touching touching
}

var (
	_ pages.Store        = (*Store)(nil)
	_ pages.Acknowledger = (*Store)(nil)
	_ pages.Sweeper      = (*Store)(nil)
)

const leastKeep = time.Minute

// Open opens the store at a location; see the package documentation. It does
// not contact the server: until the server can be reached, the methods fail.
func Open(ctx context.Context, location string, opts Options) (*Store, error) {
	p, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	if opts.TLS != nil && p.option.TLSConfig == nil {
		return nil, fmt.Errorf("open redis %s: Options.TLS is set, but the location is not rediss:// or valkeys://", p.name)
	}
	if opts.TLS != nil {
		p.useTLS(opts.TLS)
	}
	opts.Subjects = max(cmp.Or(opts.Subjects, 100_000), 2)
	opts.Changes = max(cmp.Or(opts.Changes, 10_000), 1)
	opts.Keep = max(cmp.Or(opts.Keep, 30*24*time.Hour), leastKeep)
	s := &Store{name: p.name, keys: newKeys(p.prefix), opts: opts, scripts: newScripts()}
	s.memory.repairing = make(chan struct{}, 1)
	s.life = driver.NewLife(ctx)
	s.link = newLink(s.life.Calls(), p.option)
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
				return nil, err // not s: as an interface, a nil *Store would not be nil
			}
			return s, nil
		},
	}
}

// Close ends every Wait and waits a second for the other calls in progress. A
// second Close has no effect. No connection outlives it; in a cluster, the
// client may leave a timer running for about a second.
func (s *Store) Close() error {
	s.life.Close(s.link.close, s.link.conns.cut)
	return nil
}
