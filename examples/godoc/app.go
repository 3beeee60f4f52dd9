// The app: its routes, and how each comes by its state.

package main

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/examples/godoc/views"
)

//go:embed all:assets
var files embed.FS

func app(lib *library.Library) gorgon.App {
	lib.Link = gorgon.URL
	catalog := func(ctx context.Context) (library.Catalog, error) {
		if err := lib.Err(); err != nil {
			return library.Catalog{}, err
		}
		return lib.Catalog(ctx)
	}
	g := generators{
		lib:      lib,
		catalog:  gorgon.BuildValue[library.Catalog]{Name: "catalog", Make: catalog},
		contents: contentsOf(lib), stamp: stampOf(lib), index: new(library.Index), searched: newSignal(),
	}
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return gorgon.App{
		Name:       "godoc",
		Origin:     "http://localhost:8080",
		Assets:     gorgon.Assets{Files: assets},
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{g.catalog, g.contents, g.stamp, gorgon.Service{Name: "index", Run: g.follow}, gorgon.Page[views.HomeState]{
			Path: "/", Load: g.home,
			View: gorgon.View(views.Home), Head: head(views.HomeMeta),
		}, gorgon.Page[views.PackageState]{
			Path: "/pkg/{path...}", Paths: g.packagePaths, Load: read(lib, g.pkg),
			View: gorgon.View(views.PackagePage), Head: head(views.PackageMeta), Tags: packageTags,
		}, gorgon.Page[views.SymbolState]{
			Path: "/sym/{path...}", Load: read(lib, g.symbol), Incremental: true,
			View: gorgon.View(views.SymbolPage), Head: head(views.SymbolMeta), Tags: symbolTags,
		}, gorgon.Page[views.SourceState]{
			Path: "/src/{path...}", Load: read(lib, g.source), Incremental: true,
			View: gorgon.View(views.SourcePage), Head: head(views.SourceMeta),
		}, gorgon.Page[moduleState]{
			// Again after an hour, since other versions arrive.
			Path: "/mod/{path...}", Load: read(lib, g.module), Incremental: true, RevalidateAfter: time.Hour,
			View: moduleView, Head: moduleHead,
		}, gorgon.Page[views.SourceState]{
			Path: "/msrc/{path...}", Load: read(lib, g.moduleSource), Incremental: true,
			View: gorgon.View(views.SourcePage), Head: head(views.SourceMeta),
		}, gorgon.Page[installedState]{
			Path: "/installed", Load: read(lib, g.installed), Live: true,
			RevalidateAfter: time.Minute, ShouldRevalidate: g.installedChanged,
			View: installedView, Head: installedHead,
		}, gorgon.Page[views.SearchState]{
			Path: "/search", LoadRequest: g.search,
			View: gorgon.View(views.SearchPage), Head: head(views.SearchMeta),
		}, gorgon.Resource[[]suggestion]{
			Path: "/suggest", LoadRequest: g.suggest,
		}, gorgon.Page[views.ReadingState]{
			Path: "/reading", Load: g.recommended, LoadRequest: g.reading, Merge: merge,
			View: gorgon.View(views.ReadingPage), Head: head(views.ReadingMeta),
		}, gorgon.Page[struct{}]{
			Path: "/{path...}", LoadRequest: g.elsewhere, View: nowhere,
		}},
		Layout: layout,
		Error:  errorView,
	}
}
