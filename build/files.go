// Files beside the pages: assets, static files, robots.txt and the sitemap.

package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// assetFolder is where assets are served.
const assetFolder = "/_gorgon/assets/"

// bundle makes the app's assets.
func (b *builder) bundle(ctx context.Context) error {
	var err error
	switch {
	case b.App.Assets == nil && len(b.App.Programs) == 0:
	case b.Bundle == nil:
		return errors.New("App.Assets: this program cannot bundle them, as no release can: build where the source is, or set build.Config.Bundle")
	default:
		b.assets, b.bundled, err = b.Bundle(ctx, b.App, b.Base)
	}
	for at := range b.bundled {
		if !strings.HasPrefix(at, assetFolder) {
			err = errors.Join(err, fmt.Errorf("App.Assets: %s would be served outside of %s: mend build.Config.Bundle", at, assetFolder))
		}
	}
	// Only a page that needs it carries it.
	if err == nil && (b.App.Navigation != nil || len(b.App.Fragments) > 0 || len(b.assets.Imports) > 0) {
		sum := sha256.Sum256(client.Runtime)
		at := assetFolder + "gorgon." + hex.EncodeToString(sum[:6]) + ".js"
		b.assets.Paths, b.bundled = maps.Clone(b.assets.Paths), maps.Clone(b.bundled)
		if b.assets.Paths == nil {
			b.assets.Paths, b.bundled = map[string]string{}, map[string][]byte{}
		}
		b.assets.Paths[render.RuntimeAsset], b.bundled[at] = at, client.Runtime
	}
	return err
}

// eachFile calls fn with every regular file of a tree, in order.
func eachFile(tree fs.FS, fn func(name string, data []byte)) error {
	if tree == nil {
		return nil
	}
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := gorgon.CheckPath("/" + name); err != nil {
			return fmt.Errorf("file %q can be served at no path: %w", name, err)
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fn(name, data)
		return nil
	})
}

func fileOf(at string, data []byte, immutable bool) seed.File {
	sum := sha256.Sum256(data)
	return seed.File{
		Path: at, ContentType: contentType(at, data), Immutable: immutable,
		ETag: base64.RawURLEncoding.EncodeToString(sum[:12]), Data: data,
	}
}

// types are the content types of the web, said here since package mime
// reads a list that differs from machine to machine.
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

// files are all files of the seed, in order of their paths. The app's static
// files win over what is made here.
func (b *builder) files() ([]seed.File, error) {
	made := map[string]seed.File{}
	for _, f := range b.sitemaps() {
		made[f.Path] = f
	}
	robots := b.App.Robots
	if robots == "" {
		robots = "User-agent: *\nAllow: /\n"
		if b.App.Origin != "" {
			robots += "Sitemap: " + b.App.Origin + b.Base + "/sitemap.xml\n"
		}
	}
	made["/robots.txt"] = fileOf("/robots.txt", []byte(robots), false)
	for at, data := range b.bundled {
		made[at] = fileOf(at, data, true)
	}
	err := eachFile(b.App.Static, func(name string, data []byte) {
		made["/"+name] = fileOf("/"+name, data, false)
	})
	if err != nil {
		return nil, fmt.Errorf("App.Static: %w", err)
	}
	for at, name := range b.App.Aliases {
		if _, taken := made[at]; taken && at != "/robots.txt" && at != "/sitemap.xml" {
			return nil, fmt.Errorf("App.Aliases: there is a static file at %s already: leave one out", at)
		}
		f, ok := made[b.assets.Paths[name]]
		if !ok {
			f, ok = made["/"+name]
		}
		if !ok {
			return nil, fmt.Errorf("App.Aliases: %s: there is no asset and no static file %s: add it, or correct the name, which has no slash before it", at, name)
		}
		f.Path, f.Immutable = at, false
		made[at] = f
	}
	files := make([]seed.File, 0, len(made))
	for _, f := range made {
		if compressible(f.ContentType) {
			f.Gzip, f.Brotli, f.Zstd = b.Effort.Twins(f.Data)
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(x, y seed.File) int { return cmp.Compare(x.Path, y.Path) })
	return files, nil
}

// maxURLs is how many a sitemap may hold, by its protocol. It may have 50 MiB
// too, which the names of many languages would fill first.
const maxURLs = 50_000

func (b *builder) maxURLs() int {
	const few = 4 // languages
	return maxURLs * few / max(few, len(b.App.Locales))
}

// A listed page is one of the sitemap.
type listed struct{ path, locale string }

// sitemaps are the sitemap, or where one cannot hold all pages, an index and
// its parts; none without an origin, since its URLs must be absolute. Each
// page of several languages names the others that are listed too.
func (b *builder) sitemaps() []seed.File {
	if b.App.Origin == "" {
		return nil
	}
	at := func(p listed) string {
		return html.EscapeString(b.App.Origin + gorgon.EscapePath(b.Base+b.App.Prefixes().Path(p.locale, p.path)))
	}
	locales := map[string][]string{} // by path
	for _, p := range b.sitemap {
		locales[p.path] = append(locales[p.path], p.locale)
	}
	space := ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`
	pages := ""
	if len(b.App.Locales) > 1 {
		pages = ` xmlns:xhtml="http://www.w3.org/1999/xhtml"`
	}
	page := func(p listed) string {
		var s strings.Builder
		s.WriteString("<url><loc>" + at(p) + "</loc>")
		if same := locales[p.path]; len(same) > 1 {
			for _, locale := range b.App.Locales {
				if slices.Contains(same, locale) {
					s.WriteString(`<xhtml:link rel="alternate" hreflang="` + locale + `" href="` + at(listed{p.path, locale}) + `"/>`)
				}
			}
		}
		return s.String() + "</url>\n"
	}
	write := func(at, outer, space string, inner []string) seed.File {
		head := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<" + outer + space + ">\n"
		return fileOf(at, []byte(head+strings.Join(inner, "")+"</"+outer+">\n"), false)
	}
	var files []seed.File
	var parts []string
	for chunk := range slices.Chunk(b.sitemap, b.maxURLs()) {
		urls := make([]string, 0, len(chunk))
		for _, p := range chunk {
			urls = append(urls, page(p))
		}
		at := "/sitemap.xml"
		if len(b.sitemap) > b.maxURLs() {
			at = "/sitemap-" + strconv.Itoa(len(parts)+1) + ".xml"
		}
		files = append(files, write(at, "urlset", space+pages, urls))
		parts = append(parts, "<sitemap><loc>"+html.EscapeString(b.App.Origin+b.Base+at)+"</loc></sitemap>\n")
	}
	switch len(parts) {
	case 0:
		return []seed.File{write("/sitemap.xml", "urlset", space, nil)}
	case 1:
		return files
	}
	return append(files, write("/sitemap.xml", "sitemapindex", space, parts))
}
