// Putting the site together as a program of Gorgon does: seed, store, cache, handler.

package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

// An opened site is ready to answer.
type opened struct {
	app     gorgon.App
	seed    *seed.Seed
	asked   *asked
	store   pages.Store
	cache   *cache.Cache
	handler *serve.Handler
}

// buildSeed makes a seed with so many pages and says how that went.
func buildSeed(out string, app gorgon.App, effort compress.Effort) (build.Report, error) {
	return build.Run(context.Background(), build.Config{App: app, Bundle: bundle.Bundler{}.Bundle, Out: out, Binary: "bench", Effort: effort})
}

// open opens a site over a seed, with a store.
func open(app gorgon.App, seedFile, location string) (*opened, error) {
	store, err := openStore(context.Background(), location)
	if err != nil {
		return nil, err
	}
	return openOver(app, seedFile, store)
}

// openOver opens a site over a seed and a store, which is closed with it.
func openOver(app gorgon.App, seedFile string, store pages.Store) (_ *opened, err error) {
	o := &opened{app: app, store: store}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	if o.seed, err = seed.Open(seedFile); err != nil {
		return nil, err
	}
	o.asked = &asked{Seed: o.seed}
	log := slog.New(slog.DiscardHandler)
	m := o.seed.Manifest()
	renderer := &render.Renderer{
		App: app, Build: m.Build,
		Values: app.ReadValues(o.seed.Value),
		Site:   o.seed.Site(app),
	}
	o.cache, err = cache.New(cache.Config{Renderer: renderer, Seed: o.asked, Store: o.store, Prepare: answer.Prepare, Log: log})
	if err != nil {
		return nil, err
	}
	o.handler, err = serve.New(serve.Config{App: app, Renderer: renderer, Cache: o.cache, Files: o.file, Log: log})
	return o, err
}

// asked counts how often the cache asks the seed, which it does for every
// page that it does not find in memory.
type asked struct {
	*seed.Seed
	times atomic.Int64
}

// Entry is that of the seed.
func (a *asked) Entry(key pages.Key) (*pages.Entry, error) {
	a.times.Add(1)
	return a.Seed.Entry(key)
}

// file finds a file of the seed.
func (o *opened) file(path string) (answer.File, bool) {
	f, err := o.seed.File(path)
	if err != nil {
		return answer.File{}, false
	}
	return answer.File{
		ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag, Modified: o.seed.Manifest().MadeAt,
		Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
	}, true
}

func (o *opened) close() error {
	var faults []error
	if o.cache != nil {
		faults = append(faults, o.cache.Close())
	}
	if o.store != nil {
		faults = append(faults, o.store.Close())
	}
	if o.seed != nil {
		faults = append(faults, o.seed.Close())
	}
	return errors.Join(faults...)
}
