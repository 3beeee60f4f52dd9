// Which pages are made at build.

package build

import (
	"context"
	"fmt"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/render"
)

// list finds every page that is made at build.
func (b *builder) list(ctx context.Context) {
	definitions := b.App.Definitions()
	router := gorgon.NewRouter(definitions)
	for _, d := range definitions {
		if !d.Kept() || d.BuildPaths == nil && len(d.Pattern.Wildcards()) > 0 {
			continue
		}
		if b.Timeout > 0 {
			d.Timeout = b.Timeout
		}
		for i, locale := range b.App.AllLocales() {
			paths, err := b.paths(ctx, d, locale)
			if err != nil {
				b.failures = append(b.failures, fmt.Errorf("page %s: BuildPaths: %w", d.Path, err))
				continue
			}
			seen := make(map[string]bool, len(paths))
			for j, path := range paths {
				if err := b.checkPath(router, d, path); err != nil {
					b.failures = append(b.failures, fmt.Errorf("page %s: BuildPaths lists %q: %w", d.Path, path, err))
					continue
				}
				if seen[path] {
					continue
				}
				seen[path] = true
				b.jobs = append(b.jobs, &job{
					task:  render.Task{Page: d, Path: path, Locale: locale},
					check: i == 0 && j == 0 && (d.Rereads()),
				})
			}
		}
	}
}

func (b *builder) paths(ctx context.Context, d *gorgon.Definition, locale string) (paths []string, err error) {
	if d.BuildPaths == nil {
		path, err := d.Pattern.Path()
		return []string{path}, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return d.BuildPaths(ctx, gorgon.NewInput(d.Pattern, "", locale, b.renderer.Values))
}

func (b *builder) checkPath(router *gorgon.Router, d *gorgon.Definition, path string) error {
	if err := gorgon.CheckPath(path); err != nil {
		return err
	}
	switch found := router.Match(path); found {
	case d:
		return nil
	case nil:
		return fmt.Errorf("it does not match the pattern: list whole decoded paths, such as those %s matches", d.Path)
	default:
		return fmt.Errorf("it is a page of %s, whose pattern is more specific: leave it out", found.Path)
	}
}

// use takes down the fragments that an entry uses, to be made as well. The
// same fragment with the same props is made once.
func (b *builder) use(j *job) {
	for _, h := range j.entry.Holes {
		d := b.renderer.Fragment(h.Fragment)
		if d == nil || !d.Kept() {
			continue
		}
		t := render.Task{Page: d, Path: gorgon.FragmentPath(h.Fragment, []byte(h.Props)), Locale: j.task.Locale}
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
