// Which pages are made at build.

package build

import (
	"context"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// list finds every page that is made at build.
func (b *builder) list(ctx context.Context) {
	ctx = viewctx.WithSite(ctx, &b.renderer.Site)
	definitions := b.App.Definitions()
	router := paths.NewRouter(definitions, (*gorgon.Definition).PathPattern)
	for _, d := range definitions {
		if !d.Kept() || d.Paths == nil && len(d.Pattern.Wildcards()) > 0 {
			continue
		}
		if b.Timeout > 0 {
			d.Timeout = b.Timeout
		}
		for i, locale := range b.App.Locales.All() {
			listed, err := b.paths(ctx, d, locale)
			if err != nil {
				b.refuse(d, fmt.Errorf("Paths: %w", err))
				continue
			}
			seen := make(map[string]bool, len(listed))
			for j, path := range listed {
				if err := b.checkPath(router, d, path, locale); err != nil {
					b.refuse(d, fmt.Errorf("Paths lists %q: %w", path, err))
					continue
				}
				if seen[path] {
					continue
				}
				seen[path] = true
				b.serves(path, locale)
				b.jobs = append(b.jobs, &job{
					task:  render.Task{Page: d, Path: path, Locale: locale},
					check: i == 0 && j == 0 && (d.Rereads()),
				})
			}
		}
	}
}

// refuse records a fault of a path that a page lists.
func (b *builder) refuse(d *gorgon.Definition, err error) {
	b.failures.Pages = append(b.failures.Pages, Failure{Page: d.Path, Route: d.Path, Err: err, listing: true})
}

func (b *builder) paths(ctx context.Context, d *gorgon.Definition, locale string) (listed []string, err error) {
	if d.Paths == nil {
		path, err := d.Pattern.Path()
		return []string{path}, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return d.Paths(ctx, d.Input("", locale, b.renderer.Values))
}

// reach finds the pages whose patterns are completely covered by others.
func (b *builder) reach() []error {
	b.own = map[string]bool{}
	if b.claims == nil {
		return nil
	}
	var faults []error
	for _, d := range b.App.Definitions() {
		if err := b.claims.Pattern(d.Pattern, b.App.Locales.All()); err != nil {
			faults = append(faults, fmt.Errorf("page %s: %w", d.Path, err))
		}
		if path, err := d.Pattern.Path(); err == nil {
			for _, locale := range b.App.Locales.All() {
				b.serves(path, locale)
			}
		}
	}
	return faults
}

// serves records that a page has a path at which a file would otherwise be
// made.
func (b *builder) serves(path, locale string) {
	if at := b.App.Prefixes().Path(locale, path); at == robotsPath || strings.HasPrefix(at, "/sitemap") {
		b.own[at] = true
	}
}

func (b *builder) checkPath(router *paths.Router[*gorgon.Definition], d *gorgon.Definition, path, locale string) error {
	if err := paths.Check(path); err != nil {
		return err
	}
	switch found := router.Match(path); found {
	case d:
		return b.claims.Page(path, locale)
	case nil:
		return fmt.Errorf("it does not match the pattern: list whole decoded paths, such as those %s matches", d.Path)
	default:
		return fmt.Errorf("it is a page of %s, whose pattern is more specific: leave it out", found.Path)
	}
}

// use records the fragments that an entry uses, to be made as well. The same
// fragment with the same props is made once.
func (b *builder) use(j *job) {
	for _, h := range j.entry.Holes {
		d := b.renderer.Fragment(h.Fragment)
		if d == nil || !d.Kept() {
			continue
		}
		t := render.Task{Page: d, Path: viewctx.FragmentPath(h.Fragment, []byte(h.Props)), Locale: j.task.Locale}
		if b.used[t.Key()] {
			continue
		}
		b.used[t.Key()] = true
		if b.Timeout > 0 {
			d.Timeout = b.Timeout
		}
		b.fragments = append(b.fragments, &job{task: t, user: called(j.task)})
	}
}
