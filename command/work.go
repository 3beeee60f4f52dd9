// Work that goes on while a server runs.

package command

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/supervise"
)

// work begins what goes on beside requests, and returns what ends it and waits
// for that. It may go on after ctx has ended: services are stopped last.
func (p *program) work(ctx context.Context, role string, s *seed.Seed, store pages.Store) (done func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	if role != roleWeb && len(p.app.Services) > 0 {
		all.Go(func() {
			supervise.Run(ctx, supervise.Config{Services: p.app.Services, Store: store, Log: p.log})
		})
	}
	if store != nil {
		all.Go(func() { p.keepAssets(ctx, s, store) })
	}
	return func() {
		stop()
		all.Wait()
	}
}

// keepAssets brings this build's assets to the store, where other builds find
// them; a store that is away now gets them later.
func (p *program) keepAssets(ctx context.Context, s *seed.Seed, store pages.Store) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		_, err := retain.Put(ctx, store, s)
		if err == nil || ctx.Err() != nil || errors.Is(err, pages.ErrReadOnly) {
			return
		}
		p.log.Warn("this build's assets could not be brought to the store; other builds cannot serve them", "retry", wait, "err", err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
