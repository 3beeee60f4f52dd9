// Whose the store is.

package command

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/pages"
)

// ownerFlags are for commands that open the store.
func (p *program) ownerFlags(c *cobra.Command) {
	c.Flags().StringVar(&p.stores.environment, "environment", "", "what the store serves besides the app: staging and production each have their own (GORGON_ENVIRONMENT)")
	c.Flags().BoolVar(&p.stores.takeOver, "take-over", false, "take a store over that belongs to another app or environment; everything in it counts as purged")
	p.fromEnv(c, "environment", "GORGON_ENVIRONMENT")
}

// owner is who the store has to belong to.
func (s storage) owner() string { return s.app + "/" + s.environment }

// claimTimeout bounds asking a store whose it is.
const claimTimeout = 5 * time.Second

// claim says whose the store is, and refuses one that belongs to another.
func (s storage) claim(ctx context.Context, store pages.Store) error {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	err := store.Claim(ctx, s.owner(), s.takeOver)
	if f, ok := errors.AsType[*pages.ForeignError](err); ok {
		return cli.Fail(fmt.Errorf("store %s belongs to %s, and this is %s: name another store with --store, say which environment this is with --environment, or, if it is to be this one's from now on, take it over with --take-over",
			s.shown(), quoted(f.Owner), quoted(s.owner())))
	}
	return err
}

// openOwned opens the store for a command that does nothing without it.
func (s storage) openOwned(ctx context.Context) (pages.Store, error) {
	store, err := s.open(ctx)
	if err != nil || store == nil {
		return nil, err
	}
	if err := s.prepared(ctx, store); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := s.claim(ctx, store); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// An owned is a store that is claimed before anything is read from it or
// written to it: at once where it can be reached, else when it comes back.
type owned struct {
	pages.Store
	owner    string
	takeOver bool

	mu      sync.Mutex
	claimed bool
}

// bare is a store with all that it can do.
func bare(store pages.Store) pages.Store {
	if o, ok := store.(*owned); ok {
		return o.Store
	}
	return store
}

// claim claims the store, if that has not succeeded yet.
func (o *owned) claim(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claimed {
		return nil
	}
	err := o.Claim(ctx, o.owner, o.takeOver)
	o.claimed = err == nil
	return err
}

func (o *owned) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	if err := o.claim(ctx); err != nil {
		return pages.Record{}, err
	}
	return o.Store.Get(ctx, key)
}

func (o *owned) Put(ctx context.Context, record pages.Record, fence pages.Fence) error {
	if err := o.claim(ctx); err != nil {
		return err
	}
	return o.Store.Put(ctx, record, fence)
}

func (o *owned) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	if err := o.claim(ctx); err != nil {
		return pages.Lease{}, err
	}
	return o.Store.Lease(ctx, key, claim, ttl)
}
