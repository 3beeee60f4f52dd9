// Package bundle prepares an app's assets for serving: modules and style sheets
// bundled with their imports, images in several widths, and programs in
// WebAssembly, each at a path with the digest of its content.
//
// It runs when a site is built, and links a compiler: a program has it if its
// main names a [Bundler].
package bundle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/walk"
	"github.com/gorgon-go/gorgon/wire"
)

// A Bundler bundles the assets of apps. The zero Bundler works.
type Bundler struct {
	Cache      string // folder that caches results that take long, such as images. Default: none, and everything is made each time
	SourceMaps bool   // put source maps into modules and style sheets, and do not minify them. Default: neither
}

// With is Bundle with a folder that keeps what took long to make, and with
// source maps or without. The folder is that of the Bundler where it has one.
func (b Bundler) With(cache string, sourceMaps bool) func(context.Context, gorgon.App, string) (viewctx.Assets, map[string][]byte, error) {
	b.Cache, b.SourceMaps = cmp.Or(b.Cache, cache), b.SourceMaps || sourceMaps
	return b.Bundle
}

// Bundle makes the files of an app's assets, by the paths they are served at,
// and the metadata that goes with them. Its error has every fault, each with
// file, line and column if known.
func (b Bundler) Bundle(ctx context.Context, app gorgon.App, base string) (viewctx.Assets, map[string][]byte, error) {
	w := &work{
		Bundler: b, app: app, base: base, data: map[string][]byte{}, files: map[string][]byte{},
		assets: viewctx.Assets{Paths: map[string]string{}, Imports: map[string][]string{}, Images: map[string]viewctx.Picture{}},
	}
	if err := w.run(ctx); err != nil {
		return viewctx.Assets{}, nil, err
	}
	return w.assets, w.files, nil
}

// work is one run of the bundler.
type work struct {
	Bundler
	app    gorgon.App
	base   string
	root   string            // the folder of go.mod, otherwise the working directory
	data   map[string][]byte // by name, files that were read
	assets viewctx.Assets
	mu     sync.Mutex        // guards files while modules are loaded
	files  map[string][]byte // by path, files that are served
}

func (w *work) run(ctx context.Context) error {
	if err := w.read(); err != nil {
		return fmt.Errorf("Assets.Files: %w", err)
	}
	var err error
	if w.root, err = moduleRoot(); err != nil {
		return err
	}
	if err := w.programs(ctx); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(w.data))
	entries, err := w.entries(names)
	if err != nil {
		return err
	}
	// Plain files come first: modules and style sheets contain their paths.
	for _, name := range names {
		if !part(name) && !cssModule(name) && !slices.Contains(entries, name) {
			w.keep(name, w.data[name])
		}
	}
	return errors.Join(w.bundle(entries), w.images(ctx, names))
}

// read reads the app's assets.
func (w *work) read() error {
	// Files of packages are added by imports.
	modules := func(folder string) bool { return path.Base(folder) == "node_modules" }
	return walk.Files(w.app.Assets.Files, modules, func(name string, data []byte) { w.data[name] = data })
}

// keep serves a file unchanged, under its digest.
func (w *work) keep(name string, data []byte) {
	at := pathOf(name, data)
	w.assets.Paths[name] = at
	w.files[at] = data
}

// pathOf is the path that a file is served at.
func pathOf(name string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	return wire.Assets + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// url returns the path of an asset as a module or a style sheet writes it.
func (w *work) url(at string) string { return gorgon.EscapePath(w.base + at) }

// part says whether a file is served only as part of the modules that import
// it.
func part(name string) bool { return strings.HasPrefix(name, "_") || strings.Contains(name, "/_") }

// moduleRoot returns the folder of go.mod above the working directory, or the
// working directory if there is none.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := here; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return here, nil
		}
	}
}

// nodeModules is the folder of npm packages.
func (w *work) nodeModules() string {
	folder := cmp.Or(w.app.Assets.NodeModules, "node_modules")
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(w.root, folder)
	}
	return folder
}
