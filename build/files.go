// Files in addition to the pages: assets, static files, robots.txt and the
// sitemap.

package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/walk"
	"github.com/gorgon-go/gorgon/wire"
)

// bundle makes the app's assets.
func (b *builder) bundle(ctx context.Context) error {
	var err error
	switch {
	case b.App.Assets.Files == nil && len(b.App.Assets.Programs) == 0:
	case b.Bundle == nil:
		return errors.New("Assets.Files: this program names no bundler: import \"github.com/gorgon-go/gorgon/bundle\" in main and set Bundler: bundle.Bundler{} in command.Config")
	default:
		b.assets, b.bundled, err = b.Bundle(ctx, b.App, b.Base)
	}
	for at := range b.bundled {
		if !strings.HasPrefix(at, wire.Assets) {
			err = errors.Join(err, fmt.Errorf("Assets.Files: %s would be served outside of %s. Fix build.Config.Bundle", at, wire.Assets))
		}
	}
	// Only a page that needs it contains it.
	fragments := b.App.FragmentDefinitions()
	live := slices.ContainsFunc(slices.Concat(b.App.Definitions(), fragments), func(d *gorgon.Definition) bool { return d.Live })
	if err == nil && (live || b.App.Navigation != nil || len(fragments) > 0 || len(b.assets.Imports) > 0) {
		b.module(wire.Runtime, "gorgon", client.Runtime)
	}
	if err == nil && live {
		b.module(wire.LiveRuntime, "live", client.Live)
	}
	return err
}

// module adds a module of the framework to the assets, under its digest.
func (b *builder) module(asset, name string, data []byte) {
	sum := sha256.Sum256(data)
	at := wire.Assets + name + "." + hex.EncodeToString(sum[:6]) + ".js"
	b.assets.Paths, b.bundled = maps.Clone(b.assets.Paths), maps.Clone(b.bundled)
	if b.assets.Paths == nil {
		b.assets.Paths = map[string]string{}
	}
	if b.bundled == nil {
		b.bundled = map[string][]byte{}
	}
	b.assets.Paths[asset], b.bundled[at] = at, data
}

func fileOf(at string, data []byte, immutable bool) seed.File {
	sum := sha256.Sum256(data)
	return seed.File{
		Path: at, ContentType: contentType(at, data), Immutable: immutable,
		ETag: base64.RawURLEncoding.EncodeToString(sum[:12]), Data: data,
	}
}

// types are the content types of the web, listed here since package mime reads
// a list that differs between machines.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".xml": "application/xml", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/vnd.microsoft.icon",
	".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf", ".otf": "font/otf",
	".wasm": "application/wasm", ".map": "application/json", ".pdf": "application/pdf",
	".webmanifest": "application/manifest+json", ".mp4": "video/mp4", ".webm": "video/webm", ".md": "text/markdown; charset=utf-8",
}

func contentType(name string, data []byte) string {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := types[ext]; ok {
		return t
	}
	return http.DetectContentType(data)
}

// compressible says whether a file of this type is worth compressing.
func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch t {
	case "application/json", "application/xml", "image/svg+xml", "application/wasm", "application/manifest+json", "font/ttf", "font/otf", "image/vnd.microsoft.icon":
		return true
	}
	return strings.HasPrefix(t, "text/")
}

// readStatic reads the app's static files, and finds out what is served at
// which path before any page is made: pages may link to a file, and must not be
// hidden by one.
func (b *builder) readStatic() error {
	b.static, b.named = map[string][]byte{}, map[string]string{}
	err := walk.Files(b.App.Assets.Static, nil, func(name string, data []byte) {
		b.static["/"+name], b.named["/"+name] = data, "static file "+name
	})
	if err != nil {
		return fmt.Errorf("Assets.Static: %w", err)
	}
	b.claims = b.App.Claims(b.Base, func(path string) string { return b.named[path] })
	var faults []error
	for _, at := range slices.Sorted(maps.Keys(b.static)) {
		if err := b.claims.File(at); err != nil {
			faults = append(faults, fmt.Errorf("Assets.Static: %s: %w", at[1:], err))
		}
	}
	if b.named[robotsPath] != "" && b.App.Robots != "" {
		faults = append(faults, errors.New("Assets.Static: robots.txt: App.Robots is served there too: remove one of the two"))
	}
	for at, name := range b.App.Assets.Aliases {
		if b.named[at] != "" {
			faults = append(faults, fmt.Errorf("Assets.Aliases: there is a static file at %s already: leave one out", at))
		}
		if b.assets.Paths[name] == "" && b.named["/"+name] != "static file "+name {
			faults = append(faults, fmt.Errorf("Assets.Aliases: %s: there is no asset and no static file %s: add it, or correct the name, which has no slash before it", at, name))
		}
		b.named[at] = "alias " + at
	}
	return errors.Join(faults...)
}

// Paths of files that the framework makes if the app has none.
const (
	robotsPath  = "/robots.txt"
	sitemapPath = "/sitemap.xml"
)

// linked says whether a file is served at a path, according to the seed.
func (b *builder) linked(path string) bool {
	return b.named[path] != "" || b.bundled[path] != nil ||
		!b.own[path] && (path == robotsPath || path == sitemapPath && b.App.Origin != "")
}

// files are all files of the seed, in order of their paths. What the app serves
// itself at a path wins over the files that are made here.
func (b *builder) files() ([]seed.File, error) {
	made := map[string]seed.File{}
	if b.named[sitemapPath] == "" && !b.own[sitemapPath] {
		for _, f := range b.sitemaps() {
			if by := b.named[f.Path]; by != "" || b.own[f.Path] {
				return nil, fmt.Errorf("%s is served at %s, where a part of the sitemap must be: rename it, or serve a sitemap of your own at %s", cmp.Or(by, "a page"), f.Path, sitemapPath)
			}
			made[f.Path] = f
		}
	}
	if !b.own[robotsPath] {
		robots := b.App.Robots
		if robots == "" {
			robots = "User-agent: *\nAllow: /\n"
			if b.App.Origin != "" {
				robots += "Sitemap: " + b.App.Origin + gorgon.EscapePath(b.Base+sitemapPath) + "\n"
			}
		}
		made[robotsPath] = fileOf(robotsPath, []byte(robots), false)
	}
	for at, data := range b.bundled {
		made[at] = fileOf(at, data, true)
	}
	for at, data := range b.static {
		made[at] = fileOf(at, data, false)
	}
	for at, name := range b.App.Assets.Aliases {
		f, ok := made[b.assets.Paths[name]]
		if !ok {
			f = made["/"+name]
		}
		f.Path, f.Immutable = at, false
		made[at] = f
	}
	files := make([]seed.File, 0, len(made))
	for _, f := range made {
		if compressible(f.ContentType) {
			f.Gzip, f.Brotli, f.Zstd = b.Effort.Variants(f.Data)
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(x, y seed.File) int { return cmp.Compare(x.Path, y.Path) })
	return files, nil
}
