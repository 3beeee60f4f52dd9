// Files beside the pages: assets, static files, robots.txt and the sitemap.

package build

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/seed"
)

// assetFolder is where assets are served.
const assetFolder = "/_gorgon/assets/"

// assets are the app's, with the paths they are served at.
type assets struct {
	names map[string]string // name to path
	files []seed.File
}

// readAssets reads the app's assets and puts the digest of each one's content
// into its path.
func readAssets(app gorgon.App) (assets, error) {
	a := assets{names: map[string]string{}}
	err := eachFile(app.Assets, func(name string, data []byte) {
		sum := sha256.Sum256(data)
		ext := path.Ext(name)
		a.names[name] = assetFolder + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.files = append(a.files, fileOf(a.names[name], data, true))
	})
	if err != nil {
		return a, fmt.Errorf("App.Assets: %w", err)
	}
	return a, nil
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
	for _, f := range b.assets.files {
		made[f.Path] = f
	}
	err := eachFile(b.App.Static, func(name string, data []byte) {
		made["/"+name] = fileOf("/"+name, data, false)
	})
	if err != nil {
		return nil, fmt.Errorf("App.Static: %w", err)
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

// maxURLs is how many a sitemap may hold, by its protocol.
const maxURLs = 50_000

// sitemaps are the sitemap, or where one cannot hold all pages, an index and
// its parts; none without an origin, since its URLs must be absolute.
func (b *builder) sitemaps() []seed.File {
	if b.App.Origin == "" {
		return nil
	}
	const head, space = `<?xml version="1.0" encoding="UTF-8"?>` + "\n", ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n"
	write := func(at, outer, inner string, urls []string) seed.File {
		var buf bytes.Buffer
		buf.WriteString(head + "<" + outer + space)
		for _, u := range urls {
			buf.WriteString("<" + inner + "><loc>" + html.EscapeString(b.App.Origin+u) + "</loc></" + inner + ">\n")
		}
		buf.WriteString("</" + outer + ">\n")
		return fileOf(at, buf.Bytes(), false)
	}
	if len(b.sitemap) <= maxURLs {
		return []seed.File{write("/sitemap.xml", "urlset", "url", b.sitemap)}
	}
	var files []seed.File
	var parts []string
	for chunk := range slices.Chunk(b.sitemap, maxURLs) {
		at := "/sitemap-" + strconv.Itoa(len(parts)+1) + ".xml"
		files = append(files, write(at, "urlset", "url", chunk))
		parts = append(parts, b.Base+at)
	}
	return append(files, write("/sitemap.xml", "sitemapindex", "sitemap", parts))
}
