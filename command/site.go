// What the commands that look at a built site have in common.

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

// A site is an app with its seed, ready to answer.
type site struct {
	seed     *seed.Seed
	renderer *render.Renderer
}

// openSite opens the seed for this program and base path.
func (p *program) openSite() (*site, error) {
	s, err := seed.Open(p.seedPath())
	if err != nil {
		return nil, err
	}
	m := s.Manifest()
	seal := render.NewSeal(os.Getenv("GORGON_SECRET"), m.Binary, m.Build)
	if m.Sealed != "" && !render.CheckSeal(seal, m.Sealed) {
		return nil, errors.Join(errors.New("GORGON_SECRET is not the secret that the pages were built with: set the same, or none, for both, or build again"), s.Close())
	}
	return &site{seed: s, renderer: &render.Renderer{
		Seal: seal,
		App:  p.app, Build: m.Build, Outline: p.developing(),
		Values: gorgon.NewValues(p.app, s.Value),
		Site:   gorgon.Site{Base: m.Base, Origin: p.app.Origin, Locales: p.app.Locales, Assets: m.Assets},
	}}, nil
}

// ensureSite is openSite, building first where there is no seed, or another
// program built it. A package has its seed, and is not built again.
func (p *program) ensureSite(ctx context.Context, flags buildFlags) (*site, error) {
	if p.pkg != nil {
		return p.openSite()
	}
	why, err := p.outdated()
	if err != nil {
		return nil, err
	}
	if why != "" {
		if !flags.quiet {
			fmt.Fprintf(p.err, "building: %s\n", why)
		}
		if _, err := p.build(ctx, p.seedPath(), flags); err != nil {
			return nil, err
		}
	}
	return p.openSite()
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
	binary, err := binaryID()
	if err != nil {
		return "", err
	}
	switch m := s.Manifest(); {
	case m.App != p.app.Name:
		return "the seed is that of " + m.App, nil
	case m.Binary != binary:
		return "the app has changed", nil
	case m.Sealed != "" && !render.CheckSeal(render.NewSeal(os.Getenv("GORGON_SECRET"), m.Binary, m.Build), m.Sealed):
		return "GORGON_SECRET has changed", nil
	case m.Base != p.base:
		return "the base path has changed", nil
	}
	return "", nil
}

// cacheOver opens the store and a cache over seed and store. A store that
// cannot be opened is no reason not to serve: pages go on without it.
func (p *program) cacheOver(ctx context.Context, s *site, config cache.Config) (*cache.Cache, pages.Store, error) {
	store, err := p.open(ctx)
	var misused exit
	switch {
	case errors.As(err, &misused):
		return nil, nil, err
	case err != nil:
		config.NoStore = err.Error()
		p.log.Warn("the store cannot be opened; what is made stays in memory", "store", safe(p.location()), "err", err)
	}
	if store != nil {
		if err := p.prepared(ctx, store); err != nil {
			return nil, nil, errors.Join(err, store.Close())
		}
	}
	config.Renderer, config.Store, config.Log = s.renderer, store, p.log
	if !p.developing() {
		config.Seed = s.seed
	}
	if cdn := p.app.CDN; cdn != nil && cdn.Purge != nil {
		config.CDN = func(ctx context.Context, subjects []string) error {
			return cdn.Purge(ctx, serve.EdgeTags(subjects))
		}
	}
	c, err := cache.New(config)
	if err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, nil, err
	}
	return c, store, nil
}

// route finds the page for a URL path as a visitor would type it.
func (p *program) route(router *gorgon.Router, escaped string) (page *gorgon.Definition, path, locale string, err error) {
	if path, err = gorgon.ParsePath(escaped); err != nil {
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
