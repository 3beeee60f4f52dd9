// From inputs to states: what each page reads from the library.

package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/examples/godoc/views"
)

// generators make the states of the pages.
type generators struct {
	lib      *library.Library
	catalog  gorgon.BuildValue[library.Catalog]
	contents gorgon.Cache[string, library.Contents] // by module@version
	stamp    gorgon.Cache[string, string]           // of the module cache
	index    *library.Index
	searched *signal
}

// found turns what the library does not have into a 404.
func found[S any](s S, err error) (S, error) {
	if errors.Is(err, fs.ErrNotExist) {
		err = gorgon.NotFound()
	}
	return s, err
}

// read is a loader that reads the library. If there is none, it is not known
// what does not exist: earlier pages stay.
func read[S any](lib *library.Library, state func(context.Context, gorgon.Input) (S, error)) func(context.Context, gorgon.Input) (S, error) {
	return func(ctx context.Context, in gorgon.Input) (S, error) {
		if err := lib.Err(); err != nil {
			var none S
			return none, &gorgon.Error{Op: "read", Path: in.Path, Kind: gorgon.KindUnavailable, Err: err}
		}
		return state(ctx, in)
	}
}

func (g generators) home(_ context.Context, in gorgon.Input) (views.HomeState, error) {
	c, err := g.catalog.Get(in)
	return views.NewHome(c), err
}

func (g generators) packagePaths(_ context.Context, in gorgon.Input) ([]string, error) {
	c, err := g.catalog.Get(in)
	var paths []string
	for _, p := range append(c.Packages[:len(c.Packages):len(c.Packages)], c.Commands...) {
		paths = append(paths, "/pkg/"+p.Path)
	}
	return paths, err
}

func (g generators) pkg(ctx context.Context, in gorgon.Input) (views.PackageState, error) {
	c, err := g.catalog.Get(in)
	if err != nil {
		return views.PackageState{}, err
	}
	name := in.PathValue("path")
	p, err := found(g.lib.Package(ctx, name))
	above := views.Above(name, func(path string) string {
		if _, ok := c.Find(path); !ok {
			return ""
		}
		return "/pkg/" + path
	})
	return views.PackageState{Package: p, Above: above, Below: views.Below(c, name)}, err
}

func (g generators) symbol(ctx context.Context, in gorgon.Input) (views.SymbolState, error) {
	pkg, name := library.SplitSymbol(in.PathValue("path"))
	s, err := found(g.lib.Symbol(ctx, pkg, name))
	return views.SymbolState{Symbol: s}, err
}

func (g generators) source(ctx context.Context, in gorgon.Input) (views.SourceState, error) {
	name := in.PathValue("path")
	if c, err := g.catalog.Get(in); err != nil {
		return views.SourceState{}, err
	} else if _, ok := c.Find(name); ok { // a directory, which its package's page lists
		return views.SourceState{}, gorgon.Redirect("/pkg/" + name)
	}
	dir, file := path.Split(name)
	s, err := found(g.lib.Source(ctx, strings.TrimSuffix(dir, "/"), file))
	return views.SourceState{Source: s}, err
}

func (g generators) moduleSource(ctx context.Context, in gorgon.Input) (views.SourceState, error) {
	name := in.PathValue("path")
	if g.lib.HasPackage(name) {
		return views.SourceState{}, gorgon.Redirect("/mod/" + name)
	}
	dir, file := path.Split(name)
	s, err := found(g.lib.ModuleSource(ctx, strings.TrimSuffix(dir, "/"), file))
	return views.SourceState{Source: s}, err
}

// moduleState is a module at a version, or one of its packages.
type moduleState struct {
	Module  *views.ModuleState `json:",omitempty"`
	Package views.PackageState
}

func (g generators) module(ctx context.Context, in gorgon.Input) (moduleState, error) {
	name := in.PathValue("path")
	module, rest, versioned := strings.Cut(name, "@")
	if !versioned {
		if newest := g.lib.PageOf(name); newest != "" {
			return moduleState{}, gorgon.Redirect(newest)
		}
		return moduleState{}, gorgon.NotFound()
	}
	pkg, err := g.lib.ModulePackage(ctx, name)
	if version, sub, within := strings.Cut(rest, "/"); within {
		pkg, err = found(pkg, err)
		above := views.Above(sub, func(path string) string {
			path = module + "@" + version + "/" + path
			if !g.lib.HasPackage(path) {
				return ""
			}
			return "/mod/" + path
		})
		return moduleState{Package: views.PackageState{Package: pkg, Above: above}}, err
	}
	state := views.ModuleState{Root: &pkg}
	if errors.Is(err, fs.ErrNotExist) {
		state.Root, err = nil, nil // a module need have no package of its own name
	}
	if err != nil {
		return moduleState{}, err
	}
	state.Module, err = found(g.lib.Module(ctx, name))
	return moduleState{Module: &state}, err
}

// installedState remembers what the module cache looked like, so that the page
// is made again only when that has changed.
type installedState struct {
	Page  views.InstalledState
	Stamp string
}

func (g generators) installed(ctx context.Context, _ gorgon.Input) (installedState, error) {
	if _, err := g.stamp.Get(ctx, installedNow); err != nil { // the page is of it
		return installedState{}, err
	}
	// Before the modules are read: what arrives meanwhile changes it again.
	stamp, err := g.lib.Stamp(ctx)
	if err != nil {
		return installedState{}, err
	}
	modules, err := g.lib.Modules(ctx)
	return installedState{Page: views.NewInstalled(g.lib.GoVersion(), modules), Stamp: stamp}, err
}

func (g generators) installedChanged(ctx context.Context, _ gorgon.Input, was installedState, _ time.Time) (bool, error) {
	stamp, err := g.lib.Stamp(ctx)
	return stamp != was.Stamp, err
}

func (g generators) recommended(_ context.Context, in gorgon.Input) (views.ReadingState, error) {
	c, err := g.catalog.Get(in)
	return views.ReadingState{Recommended: views.Recommend(c)}, err
}

// reading is the visitor's half: a greeting, and the packages whose pages
// noted themselves in a cookie.
func (g generators) reading(_ context.Context, in gorgon.Input, r *http.Request) (views.ReadingState, error) {
	c, err := g.catalog.Get(in)
	if err != nil {
		return views.ReadingState{}, err
	}
	s := views.ReadingState{Greeting: greeting(time.Now())}
	if cookie, err := r.Cookie("recent"); err == nil {
		recent, _ := url.QueryUnescape(cookie.Value)
		for name := range strings.FieldsSeq(recent) {
			if ref, ok := c.Find(name); ok && len(s.Recent) < 8 {
				s.Recent = append(s.Recent, ref)
			}
		}
	}
	return s, nil
}

func merge(_ context.Context, _ gorgon.Input, built, requested views.ReadingState) (views.ReadingState, error) {
	requested.Recommended = built.Recommended
	return requested, nil
}

func greeting(now time.Time) string {
	switch hour := now.Hour(); {
	case hour < 5:
		return "Still up?"
	case hour < 12:
		return "Good morning"
	case hour < 18:
		return "Good afternoon"
	}
	return "Good evening"
}
