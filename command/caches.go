// The app's caches: for what is called by no request, and explained.

package command

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// withCaches is a context in which services and jobs find the app's caches, for
// commands that serve nothing; done ends it. The store may be nil.
func (p *program) withCaches(ctx context.Context, store pages.Store) (_ context.Context, done func() error, err error) {
	if len(p.app.CacheDefinitions()) == 0 {
		return ctx, func() error { return nil }, nil
	}
	config := cache.Config{Store: store, NoSweep: true, Attend: true, Owner: p.stores.owner(), Log: p.log}
	s, err := p.openSite(p.seedPath())
	closed := func() error { return nil }
	switch {
	case err == nil:
		config.Renderer, closed = s.renderer, s.close
	case errors.Is(err, fs.ErrNotExist): // what it makes is another build's to the others
		config.Renderer = &render.Renderer{App: p.app}
	default:
		return ctx, nil, err
	}
	kept, err := cache.New(config)
	if err != nil {
		return ctx, nil, errors.Join(err, closed())
	}
	return kept.Context(ctx), func() error { return errors.Join(kept.Close(), closed()) }, nil
}

// cacheWord begins the arguments of why that name a value.
const cacheWord = "cache:"

// valueOf reads an argument that names a value: cache:NAME:KEY, with the key as
// JSON, or as it is where it is a string and no JSON.
func (y why) valueOf(arg string) (d *gorgon.Definition, key []byte, ok bool, err error) {
	rest, ok := strings.CutPrefix(arg, cacheWord)
	if !ok {
		return nil, nil, false, nil
	}
	name, text, _ := strings.Cut(rest, ":")
	for _, d := range y.p.app.CacheDefinitions() {
		if d.Cache != name {
			continue
		}
		if key = []byte(text); !json.Valid(key) {
			if key, err = json.Marshal(text); err != nil {
				return nil, nil, true, err
			}
		}
		return d, key, true, nil
	}
	return nil, nil, true, misused("the app has no cache %s (see '%s routes')", quoted(name), y.p.app.Name)
}
