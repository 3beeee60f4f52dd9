// Package bundle makes what is served of an app's assets: modules and style
// sheets in one piece with what they import, images in several widths, and
// programs in WebAssembly, each at a path with the digest of its content.
//
// It runs when a site is built and links a compiler; no release carries it.
package bundle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
)

// Folder is the path below which assets are served.
const Folder = "/_gorgon/assets/"

// A Bundler bundles the assets of apps. The zero Bundler works.
type Bundler struct {
	Cache      string // folder that keeps what took long to make, such as images. Default: none, and all is made anew
	SourceMaps bool   // put source maps into modules and style sheets, and leave them readable. Default: neither
}

// Bundle makes the files of an app's assets, by the paths they are served at,
// and what is to be known of them. Its error holds every fault, each with
// file, line and column where there is one.
func (b Bundler) Bundle(ctx context.Context, app gorgon.App, base string) (gorgon.Assets, map[string][]byte, error) {
	w := &work{
		Bundler: b, app: app, base: base, data: map[string][]byte{}, files: map[string][]byte{},
		assets: gorgon.Assets{Paths: map[string]string{}, Imports: map[string][]string{}, Images: map[string]gorgon.Picture{}},
	}
	if err := w.run(ctx); err != nil {
		return gorgon.Assets{}, nil, err
	}
	return w.assets, w.files, nil
}

// work is one bundling.
type work struct {
	Bundler
	app    gorgon.App
	base   string
	root   string            // the folder of go.mod, or else the working directory
	data   map[string][]byte // by name, what was read
	assets gorgon.Assets
	mu     sync.Mutex        // around files, while modules are loaded
	files  map[string][]byte // by path, what is served
}

func (w *work) run(ctx context.Context) error {
	if err := w.read(); err != nil {
		return fmt.Errorf("App.Assets: %w", err)
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
	// Plain files come first: modules and style sheets say where they are.
	for _, name := range names {
		if !part(name) && !slices.Contains(entries, name) {
			w.keep(name, w.data[name])
		}
	}
	return errors.Join(w.bundle(entries), w.images(ctx, names))
}

// read reads the app's assets.
func (w *work) read() error {
	if w.app.Assets == nil {
		return nil
	}
	return fs.WalkDir(w.app.Assets, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path.Base(name) == "node_modules":
			return fs.SkipDir // what is used of it comes by imports
		case d.IsDir():
			return nil
		}
		if err := gorgon.CheckPath("/" + name); err != nil {
			return fmt.Errorf("file %q can be served at no path: %w", name, err)
		}
		w.data[name], err = fs.ReadFile(w.app.Assets, name)
		return err
	})
}

// keep serves a file as it is, under its digest.
func (w *work) keep(name string, data []byte) {
	at := pathOf(name, data)
	w.assets.Paths[name] = at
	w.files[at] = data
}

// pathOf is the path that a file is served at.
func pathOf(name string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	return Folder + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// url is how a module or a style sheet writes the path of an asset.
func (w *work) url(at string) string { return gorgon.EscapePath(w.base + at) }

// part says whether a file is served only as part of what imports it.
func part(name string) bool { return strings.HasPrefix(name, "_") || strings.Contains(name, "/_") }

// moduleRoot is the folder of go.mod above the working directory, or that
// itself where there is none.
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
	folder := cmp.Or(w.app.NodeModules, "node_modules")
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(w.root, folder)
	}
	return folder
}
