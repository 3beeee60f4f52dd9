// Files that belong to an exported page: its payload, and the fragments that
// the browser fetches.

package export

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// parts composes pages from what the build made, and makes nothing again.
type parts struct {
	Config
	base     string
	pages    map[string]*gorgon.Definition // by pattern
	cache    *cache.Cache
	composer *compose.Composer
	seen     map[string]bool // deferred fragments, by their URL
}

func (c Config) newParts() (*parts, error) {
	p := &parts{Config: c, base: c.Seed.Manifest().Base, pages: map[string]*gorgon.Definition{}, seen: map[string]bool{}}
	for _, d := range c.App.Definitions() {
		p.pages[d.Path] = d
	}
	var err error
	if p.cache, err = cache.New(cache.Config{Renderer: c.Renderer, Seed: c.Seed, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	p.composer, err = compose.New(compose.Config{Cache: p.cache, Renderer: c.Renderer})
	return p, err
}

func (p *parts) close() { _ = p.cache.Close() } // it has no store that could fail

// get composes an answer, of which every part must exist.
func (p *parts) get(ctx context.Context, ask compose.Ask) (*pages.Entry, error) {
	var failed error
	ask.Demand.Passive = true
	ask.Failed = func(d *gorgon.Definition, err error) gorgon.Failure {
		failed = fmt.Errorf("fragment %s: %w", d.Fragment, err)
		return failure.Of(err, ask.Path, ask.Locale)
	}
	answer, err := p.composer.Get(ctx, &ask)
	switch {
	case err != nil:
		return nil, err
	case failed != nil:
		return nil, failed
	case answer.Requested != nil:
		return nil, fmt.Errorf("a part of it is made for every request")
	}
	return answer.Entry, nil
}

// whole is a page with its fragments.
func (p *parts) whole(ctx context.Context, page *gorgon.Definition, entry *pages.Entry) (*pages.Entry, error) {
	if compose.Whole(entry) {
		return entry, nil
	}
	return p.get(ctx, compose.Ask{Page: page, Path: entry.Key.Path, Locale: entry.Key.Locale})
}

// A beside is a file that belongs to a page. Its path has no base yet.
type beside struct {
	file File
	data []byte
}

// beside lists the files that belong to a page.
func (p *parts) beside(ctx context.Context, page *gorgon.Definition, entry *pages.Entry) ([]beside, error) {
	var files []beside
	key := entry.Key
	if p.App.Navigation != nil && pages.IsHTML(entry.Header) {
		payload, err := p.get(ctx, compose.Ask{Page: page, Path: key.Path, Locale: key.Locale, Form: compose.Payload})
		if err != nil {
			return nil, err
		}
		at := render.PayloadPath(p.App.Prefixes().Path(key.Locale, key.Path))
		files = append(files, beside{File{Name: strings.TrimPrefix(at, "/"), Path: at, ContentType: "application/json", Header: http.Header{"X-Robots-Tag": {"noindex"}}}, payload.HTML})
	}
	more, err := p.fragments(ctx, key, entry.HTML)
	return append(files, more...), err
}

// fragments lists the files of the fragments that a page's HTML defers.
func (p *parts) fragments(ctx context.Context, key pages.Key, document []byte) ([]beside, error) {
	var files []beside
	todo := [][]byte{document}
	for len(todo) > 0 {
		part := string(todo[0])
		todo = todo[1:]
		for src := range values(part, `<gorgon-fragment src="`) {
			if p.seen[src] {
				continue // those of documents that belong to no page are the same on each
			}
			p.seen[src] = true
			more, err := p.deferred(ctx, key, src)
			if err != nil {
				return nil, err
			}
			for _, m := range more {
				todo = append(todo, m.data)
			}
			files = append(files, more...)
		}
	}
	return files, nil
}

// values yields the text between a prefix such as ` href="` and the next quote.
func values(page, before string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			_, rest, found := strings.Cut(page, before)
			value, rest, ended := strings.Cut(rest, `"`)
			if !found || !ended || !yield(html.UnescapeString(value)) {
				return
			}
			page = rest
		}
	}
}

// deferred makes the two files of a fragment that a page defers.
func (p *parts) deferred(ctx context.Context, on pages.Key, src string) ([]beside, error) {
	path, err := paths.Parse(strings.TrimPrefix(src, gorgon.EscapePath(p.base)))
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(path, wire.Fragment)
	name, rest, _ := strings.Cut(rest, "/")
	closed, page, below := strings.Cut(rest, "/")
	if below {
		page = "/" + page
	}
	def, props, locale, err := p.Renderer.OpenFragment(name, closed, page)
	if !ok || err != nil {
		return nil, fmt.Errorf("the fragment at %s is not the page's own: %w", src, err)
	}
	if def.PerRequest() {
		return nil, nil // Check reports why; where it would be, the fallback stays
	}
	var files []beside
	for prefix, form := range map[string]compose.Form{wire.Fragment: compose.Bare, wire.View: compose.View} {
		e, err := p.get(ctx, compose.Ask{Page: def, Path: viewctx.FragmentPath(name, []byte(props)), Locale: locale, Form: form, On: on.Path})
		if err != nil {
			return nil, err
		}
		at := prefix + name + "/" + closed + page
		files = append(files, beside{File{
			Name: strings.Trim(at, "/") + "/index.html", Path: at, ContentType: e.Header.Get("Content-Type"), Header: http.Header{"X-Robots-Tag": {"noindex"}},
		}, e.HTML})
	}
	return files, nil
}
