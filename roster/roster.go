// Package roster knows which instances of an app run.
//
// Each that keeps a place writes what it is into the store that all share, and again
// each minute. It is for people who look: nothing is decided by it, and a store that
// is away for a while costs nothing but a gap.
package roster

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/pages"
)

const (
	// Places is how many instances a store has room for: others run, and are not
	// listed.
	Places = 32

	beat  = time.Minute
	lease = beat - 10*time.Second // it has ended when the next beat comes
	gone  = 3 * beat              // an instance that was not seen for so long
)

// route is that of the records in the store. No page's pattern begins so.
const route = "(instance)"

func place(n int) pages.Key { return pages.Key{Route: route, Path: fmt.Sprint("/", n)} }

// Keep lists an instance until the context ends, and then takes it off the list. It
// gives up only where the store cannot be written to.
func Keep(ctx context.Context, store pages.Store, self operate.Instance) {
	k := keeper{store: store, self: self, claim: rand.Text(), at: -1}
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	for {
		if errors.Is(k.beat(ctx), pages.ErrReadOnly) {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			k.leave(context.WithoutCancel(ctx))
			return
		}
	}
}

// A keeper keeps one place.
type keeper struct {
	store pages.Store
	self  operate.Instance
	claim string

	at   int // -1 for no place yet
	held pages.Lease
}

// beat writes that the instance runs: into its place or, if another has that now,
// into the first that is free.
func (k *keeper) beat(ctx context.Context) error {
	if k.at >= 0 {
		if err := k.take(ctx, k.at); !errors.Is(err, pages.ErrHeld) && !errors.Is(err, pages.ErrFenced) {
			return err
		}
	}
	for n := range Places {
		if err := k.take(ctx, n); !errors.Is(err, pages.ErrHeld) && !errors.Is(err, pages.ErrFenced) {
			return err
		}
	}
	k.at = -1
	return nil
}

func (k *keeper) take(ctx context.Context, n int) error {
	held, err := k.store.Lease(ctx, place(n), k.claim, lease)
	if err != nil {
		return err
	}
	self := k.self
	self.Seen = time.Now()
	data, err := json.Marshal(self)
	if err != nil {
		return err
	}
	fence := pages.Unfenced
	fence.Token = held.Token
	if err := k.store.Put(ctx, pages.Record{Key: place(n), Data: data}, fence); err != nil {
		return err
	}
	k.at, k.held = n, held
	return nil
}

// leave takes the instance off the list.
func (k *keeper) leave(ctx context.Context) {
	if k.at < 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	fence := pages.Unfenced
	fence.Token = k.held.Token
	if k.store.Delete(ctx, place(k.at), fence) == nil {
		_ = k.store.Release(ctx, k.held) // it ends by itself
	}
}

// List are the instances that were seen within three minutes, by name and by when
// they started.
func List(ctx context.Context, store pages.Store) ([]operate.Instance, error) {
	var (
		all   sync.WaitGroup
		found [Places]operate.Instance
		errs  [Places]error
	)
	for n := range Places {
		all.Go(func() { found[n], errs[n] = read(ctx, store, place(n)) })
	}
	all.Wait()
	now := time.Now()
	list := slices.DeleteFunc(slices.Clone(found[:]), func(i operate.Instance) bool { return now.Sub(i.Seen) > gone })
	slices.SortFunc(list, func(a, b operate.Instance) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Started.Compare(b.Started))
	})
	return list, errors.Join(errs[:]...)
}

// read is what a place has; the zero value if it is free.
func read(ctx context.Context, store pages.Store, key pages.Key) (operate.Instance, error) {
	record, err := store.Get(ctx, key)
	if errors.Is(err, pages.ErrNotFound) || errors.Is(err, pages.ErrCorrupt) {
		return operate.Instance{}, nil
	}
	if err != nil {
		return operate.Instance{}, err
	}
	var i operate.Instance
	if json.Unmarshal(record.Data, &i) != nil { // of another version
		return operate.Instance{}, nil
	}
	return i, nil
}
