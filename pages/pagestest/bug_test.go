// A store whose methods can be replaced by faulty ones.

package pagestest

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// bug is a sound store except for the methods that are set.
type bug struct {
	*mem.Store
	get     func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error)
	put     func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error
	remove  func(s *mem.Store, ctx context.Context, k pages.Key, f pages.Fence) error
	epochs  func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error)
	bump    func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error)
	lease   func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error)
	release func(s *mem.Store, ctx context.Context, l pages.Lease) error
	list    func(s *mem.Store, ctx context.Context, yield func(pages.Info) bool) error
	changes func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error)
	wait    func(s *mem.Store, ctx context.Context, since uint64) error
	seq     func(s *mem.Store) uint64
	sweep   func(s *mem.Store, ctx context.Context, b pages.Bounds) (pages.Swept, error)
	ack     func(s *mem.Store, ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error)
	lagging func(s *mem.Store, ctx context.Context, sequence uint64) (int, error)
	claim   func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error
	close   func(s *mem.Store) error
}

func (b *bug) Get(ctx context.Context, k pages.Key) (pages.Record, error) {
	if b.get != nil {
		return b.get(b.Store, ctx, k)
	}
	return b.Store.Get(ctx, k)
}

func (b *bug) Put(ctx context.Context, r pages.Record, f pages.Fence) error {
	if b.put != nil {
		return b.put(b.Store, ctx, r, f)
	}
	return b.Store.Put(ctx, r, f)
}

func (b *bug) Delete(ctx context.Context, k pages.Key, f pages.Fence) error {
	if b.remove != nil {
		return b.remove(b.Store, ctx, k, f)
	}
	return b.Store.Delete(ctx, k, f)
}

func (b *bug) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	if b.epochs != nil {
		return b.epochs(b.Store, ctx, subjects)
	}
	return b.Store.Epochs(ctx, subjects...)
}

func (b *bug) Bump(ctx context.Context, v pages.Verb, subjects ...string) (uint64, error) {
	if b.bump != nil {
		return b.bump(b.Store, ctx, v, subjects)
	}
	return b.Store.Bump(ctx, v, subjects...)
}

func (b *bug) Lease(ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	if b.lease != nil {
		return b.lease(b.Store, ctx, k, claim, ttl)
	}
	return b.Store.Lease(ctx, k, claim, ttl)
}

func (b *bug) Claim(ctx context.Context, owner string, takeOver bool) error {
	if b.claim != nil {
		return b.claim(b.Store, ctx, owner, takeOver)
	}
	return b.Store.Claim(ctx, owner, takeOver)
}

func (b *bug) Release(ctx context.Context, l pages.Lease) error {
	if b.release != nil {
		return b.release(b.Store, ctx, l)
	}
	return b.Store.Release(ctx, l)
}

func (b *bug) List(ctx context.Context, yield func(pages.Info) bool) error {
	if b.list != nil {
		return b.list(b.Store, ctx, yield)
	}
	return b.Store.List(ctx, yield)
}

func (b *bug) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	if b.changes != nil {
		return b.changes(b.Store, ctx, since)
	}
	return b.Store.Changes(ctx, since)
}

func (b *bug) Wait(ctx context.Context, since uint64) error {
	if b.wait != nil {
		return b.wait(b.Store, ctx, since)
	}
	return b.Store.Wait(ctx, since)
}

func (b *bug) Sequence() uint64 {
	if b.seq != nil {
		return b.seq(b.Store)
	}
	return b.Store.Sequence()
}

func (b *bug) Sweep(ctx context.Context, bounds pages.Bounds) (pages.Swept, error) {
	if b.sweep != nil {
		return b.sweep(b.Store, ctx, bounds)
	}
	return b.Store.Sweep(ctx, bounds)
}

func (b *bug) Close() error {
	if b.close != nil {
		return b.close(b.Store)
	}
	return b.Store.Close()
}

func (b *bug) Acknowledge(ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
	if b.ack != nil {
		return b.ack(b.Store, ctx, instance, sequence, ttl)
	}
	return b.Store.Acknowledge(ctx, instance, sequence, ttl)
}

func (b *bug) Lagging(ctx context.Context, sequence uint64) (int, error) {
	if b.lagging != nil {
		return b.lagging(b.Store, ctx, sequence)
	}
	return b.Store.Lagging(ctx, sequence)
}
