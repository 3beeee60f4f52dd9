// Work that goes on while a server runs.

package command

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/supervise"
)

// work begins what goes on beside requests, and returns what ends it and waits
// for that. It may go on after ctx has ended: services are stopped last.
func (v *server) work(ctx context.Context, s *seed.Seed, store pages.Store) (done func()) {
	p := v.p
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	if services := p.services(); v.role != roleWeb && len(services) > 0 {
		all.Go(func() {
			supervise.Run(ctx, supervise.Config{Services: services, Store: store, Log: p.log})
		})
	}
	if v.role != roleWeb && p.config.Jobs != nil {
		all.Go(func() { p.config.Jobs.Run(ctx) })
	}
	if v.role != roleWeb && (p.config.Jobs != nil || p.config.Database != nil) {
		all.Go(func() { p.sayLate(ctx) })
	}
	if store != nil {
		all.Go(func() { keepAssets(ctx, s, store, p.log) })
	}
	return func() {
		stop()
		all.Wait()
	}
}

// keepAssets brings this build's assets to the store, where other builds find
// them; a store that is away now gets them later.
func keepAssets(ctx context.Context, s *seed.Seed, store pages.Store, log *slog.Logger) {
	told := false
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		_, err := retain.Put(ctx, store, s)
		if err == nil || ctx.Err() != nil || errors.Is(err, pages.ErrReadOnly) {
			return
		}
		if !told { // once: it goes on until it is done
			log.Warn("this build's assets could not be brought to the store; other builds cannot serve them", "retry", wait, "err", err)
			told = true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
