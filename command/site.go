// What the commands that look at a built site have in common.

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// A site is an app with its seed, ready to answer.
type site struct {
	seed     *seed.Seed
	renderer *render.Renderer
}

// openSite opens a seed of this program.
func (p *program) openSite(path string) (*site, error) {
	s, err := seed.Open(path)
	if err != nil {
		return nil, err
	}
	m := s.Manifest()
	seal := render.NewSeal(secretOf(m), m.Binary, m.Build)
	if m.Sealed != "" && !render.CheckSeal(seal, m.Sealed) {
		return nil, errors.Join(errors.New("GORGON_SECRET is not the secret that the pages were built with: set the same, or none, for both, or build again"), s.Close())
	}
	if err := p.date(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &site{seed: s, renderer: &render.Renderer{
		Seal: seal,
		App:  p.app, Build: m.Build, Outline: p.developing(),
		Values: p.app.ReadValues(s.Value),
		Site:   s.Site(p.app),
	}}, nil
}

// secretOf is the secret that a build was sealed with, as far as it is known here: the
// one of the environment, or the one before.
func secretOf(m seed.Manifest) string {
	if before := os.Getenv("GORGON_OLD_SECRET"); before != "" && render.CheckSeal(render.NewSeal(before, m.Binary, m.Build), m.Sealed) {
		return before
	}
	return os.Getenv("GORGON_SECRET")
}

// settleTime is how long closing a site waits for loaders that outlived their
// deadlines.
const settleTime = 2 * time.Second

// close closes the seed, once nothing can read it any more: what makes a page reads
// the one before. Where a loader hangs, the file stays mapped.
func (s *site) close() error {
	if !s.renderer.Settled(settleTime) {
		return nil
	}
	return s.seed.Close()
}

// date tells a seed when the data of its pages was read. A time that is ahead
// of this machine's clock counts as now.
func (p *program) date(s *seed.Seed) error {
	at := s.Manifest().MadeAt
	if p.pkg != nil {
		if data := p.pkg.Manifest.DataAt; !data.IsZero() {
			at = data
		}
	} else if beside, err := seed.Time(s.Path()); err != nil {
		return err
	} else if !beside.IsZero() {
		at = beside
	}
	if now := time.Now(); at.After(now) {
		p.log.Warn("the seed was built at a time that is ahead of this machine's clock; its pages count as made now", "built", at, "now", now)
		at = now
	}
	s.Date(at)
	return nil
}

// ensureSite is openSite, building first where there is no seed, or another
// program built it. A package has its seed, and is not built again.
func (p *program) ensureSite(ctx context.Context, flags buildFlags) (*site, error) {
	if p.pkg != nil {
		return p.openSite(p.seedPath())
	}
	why, err := p.outdated()
	if err != nil {
		return nil, err
	}
	if why != "" {
		if !flags.quiet {
			fmt.Fprintf(p.err, "building: %s\n", why)
		}
		if _, err := (builder{p, flags}).run(ctx, p.seedPath()); err != nil {
			return nil, err
		}
	}
	return p.openSite(p.seedPath())
}

// outdated says why the seed has to be built; "" where it has not.
func (p *program) outdated() (string, error) {
	s, err := seed.Open(p.seedPath())
	switch {
	case err == nil && p.developing(): // its programs and packages of npm may have changed without it
		return "the app is being written", s.Close()
	case errors.Is(err, fs.ErrNotExist):
		return "there is no seed at " + p.seedPath(), nil
	case err != nil:
		return err.Error(), nil
	}
	defer s.Close()
	binary, err := p.binaryID()
	if err != nil {
		return "", err
	}
	switch m := s.Manifest(); {
	case m.App != p.app.Name:
		return "the seed is that of " + m.App, nil
	case m.Binary != binary:
		return "the app has changed", nil
	case m.Sealed != "" && !render.CheckSeal(render.NewSeal(os.Getenv("GORGON_SECRET"), m.Binary, m.Build), m.Sealed):
		return "GORGON_SECRET has changed", nil // whatever the one before was
	case m.Base != p.base:
		return "the base path has changed", nil
	}
	return "", nil
}

// cacheOver opens the store and a cache over seed and store. The server
// starts without a store that cannot be opened.
func (p *program) cacheOver(ctx context.Context, s *site, config cache.Config) (*cache.Cache, pages.Store, error) {
	store, err := p.stores.open(ctx)
	var misused exit
	switch {
	case errors.As(err, &misused):
		return nil, nil, err
	case err != nil:
		config.NoStore = err.Error()
		p.log.Warn("the store cannot be opened; generated pages stay in memory", "store", p.stores.shown(), "err", err)
	}
	config.Renderer, config.Store, config.Log = s.renderer, store, p.log
	var kept *owned
	if store != nil {
		if err := p.stores.prepared(ctx, store); err != nil {
			return nil, nil, errors.Join(err, store.Close())
		}
		kept = &owned{Store: store, owner: p.stores.owner(), takeOver: p.stores.takeOver}
		err := p.stores.claim(ctx, store)
		if refused := (exit{}); errors.As(err, &refused) {
			return nil, nil, errors.Join(err, store.Close())
		}
		kept.claimed = err == nil
		config.Owner, config.Claim = p.stores.owner(), kept.claim
	}
	if !p.developing() {
		config.Seed = s.seed
	}
	if cdn := p.app.CDN; cdn != nil && cdn.Purge != nil {
		config.CDN = func(ctx context.Context, subjects []string) error {
			return cdn.Purge(ctx, answer.EdgeTags(subjects))
		}
	}
	c, err := cache.New(config)
	if err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, nil, err
	}
	if kept == nil {
		return c, nil, nil
	}
	return c, kept, nil
}

// route finds the page for a URL path as a visitor would type it.
func (p *program) route(router *paths.Router[*gorgon.Definition], escaped string) (page *gorgon.Definition, path, locale string, err error) {
	if path, err = paths.Parse(escaped); err != nil {
		return nil, "", "", err
	}
	path, locale = p.app.SplitLocale(path)
	if page = router.Match(path); page == nil {
		err = fmt.Errorf("no page matches %s (see '%s routes')", path, p.app.Name)
		if other, ok := router.Redirect(path); ok {
			err = fmt.Errorf("no page matches %s; visitors are sent to %s", path, other)
		}
	}
	return page, path, locale, err
}
