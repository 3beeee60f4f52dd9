// The values of caches, for the loaders of a build: each is loaded once.

package build

import (
	"context"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// caches are those of the app while it is built. Nothing of them is in the seed.
func (b *builder) caches(ctx context.Context) viewctx.Caches {
	all := viewctx.Caches{}
	for _, d := range b.App.CacheDefinitions() {
		if b.Timeout > 0 {
			d.Timeout = b.Timeout
		}
		all[d.Cache] = &values{b: b, ctx: ctx, page: d, paths: d.NewPaths(), made: map[string]*value{}}
	}
	return all
}

// values are those of one cache.
type values struct {
	b     *builder
	ctx   context.Context // of the build: no page that asks first takes it away from others
	page  *gorgon.Definition
	paths any

	mu   sync.Mutex
	made map[string]*value
}

// A value is one that was asked for.
type value struct {
	done  chan struct{}
	entry *pages.Entry
	err   error
}

func (v *values) Paths() any { return v.paths }

func (v *values) Found(context.Context, string) (any, bool) { return nil, false }

func (v *values) Get(ctx context.Context, path string, key any) (any, error) {
	v.mu.Lock()
	one := v.made[path]
	if one == nil {
		one = v.begin(path, func(ctx context.Context) (any, error) { return v.page.LoadKey(ctx, key) })
	}
	v.mu.Unlock()
	return v.wait(ctx, one)
}

// begin makes a value, in place of the one there is. Its caller holds the mutex.
func (v *values) begin(path string, load func(context.Context) (any, error)) *value {
	one := &value{done: make(chan struct{})}
	v.made[path] = one
	go func() { // ends with the Timeout of the cache
		defer close(one.done)
		one.entry, one.err = v.b.renderer.Make(v.ctx, render.Task{Page: v.page, Path: path, Load: load})
	}()
	return one
}

// wait waits for a value, and notes it.
func (v *values) wait(ctx context.Context, one *value) (any, error) {
	select {
	case <-one.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if one.err != nil {
		return nil, one.err
	}
	if reads := dataflow.ReadsOf(ctx); reads != nil {
		render.NoteValue(reads, v.page.Cache, one.entry, 0, false)
	}
	return one.entry.Value, nil
}

func (v *values) Put(ctx context.Context, path string, _ any, make func(context.Context) (any, error)) (any, error) {
	v.mu.Lock()
	one := v.begin(path, make)
	v.mu.Unlock()
	return v.wait(ctx, one)
}

func (v *values) Forget(_ context.Context, path string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.made, path)
	return nil
}
