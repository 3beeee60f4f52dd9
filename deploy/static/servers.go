// Files for servers of one's own, and for hosts that read one: Caddy, nginx,
// GitHub Pages, Netlify.

package static

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/paths"
)

//go:embed files
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"caddy": caddy, "nginx": nginx, "regexp": regexpOf, "shell": shell, "file": fileOf, "count": countOf,
	"cachePage": func() string { return answer.CachePage }, "cacheAsset": func() string { return answer.CacheAsset },
	"cacheNever": func() string { return answer.CacheNever },
}).ParseFS(files, "files/*"))

func execute(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("static: %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Artifact is what GitHub Pages serves.
func (h site) Artifact() string { return h.artifact() }

// Root is the home page, as URLs write it.
func (h site) Root() string { return gorgon.EscapePath(h.Base + "/") }

// Hidden are the paths of files that speak to hosts.
func (h site) Hidden() []string {
	hidden := []string{"/_headers", "/_redirects"}
	for _, name := range []string{"/.nojekyll", "/CNAME"} {
		hidden = append(hidden, strings.TrimPrefix(h.artifact(), SiteName)+name)
	}
	return hidden
}

// A kind is the type of all files with an extension, apart from pages whose
// paths end like it.
type kind struct {
	Ext, Type string
	Except    []string
}

// Kinds are the types of files by extension, as the server says them: programs
// have lists of their own.
func (h site) Kinds() []kind {
	types := map[string]string{}
	for _, f := range h.Files {
		if ext := path.Ext(f.Name); !f.Page && ext != "" && f.ContentType != "" {
			types[ext] = f.ContentType
		}
	}
	var list []kind
	for _, ext := range slices.Sorted(maps.Keys(types)) {
		k := kind{Ext: ext, Type: types[ext]}
		for _, f := range h.Files {
			if f.Page && path.Ext(f.Path) == ext {
				k.Except = append(k.Except, decoded(f.Path))
			}
		}
		list = append(list, k)
	}
	return list
}

// countOf says how many there are of something.
func countOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// A customPage is a page with headers of its own.
type customPage struct {
	Path    string
	File    string // below the site's folder
	Type    string
	Headers []header
}

// Has says whether a page sends a header of this name itself.
func (o customPage) Has(name string) bool {
	return slices.ContainsFunc(o.Headers, func(h header) bool { return h.Name == name })
}

// Own are the pages with headers of their own, and with another type.
func (h site) Own() []customPage {
	var list []customPage
	for _, f := range h.Files {
		at := decoded(f.Path)
		o := customPage{at, fileOf(at), f.ContentType, listed(f.Header)}
		if !isHTML(f.ContentType) {
			o.File = at
		}
		if f.Page && (len(o.Headers) > 0 || !isHTML(f.ContentType)) {
			list = append(list, o)
		}
	}
	return list
}

// Bare are the pages, decoded, that are not HTML documents: their files have
// their own names, and so no folder leads to them.
func (h site) Bare() []string {
	var list []string
	for _, f := range h.Files {
		if f.Page && !isHTML(f.ContentType) {
			list = append(list, decoded(f.Path))
		}
	}
	return list
}

// Slashes are the pages, decoded, whose paths end in a slash; all other paths
// are sent to where there is none.
func (h site) Slashes() []string {
	list := []string{"/"}
	if h.Base != "" {
		list = append(list, h.Base+"/")
	}
	for _, f := range h.Files {
		if at := decoded(f.Path); f.Page && strings.HasSuffix(at, "/") && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// Unslashed are the paths that are sent on to the pages of Slashes.
func (h site) Unslashed() []string {
	var list []string
	for _, at := range h.Slashes() {
		if at != "/" {
			list = append(list, strings.TrimSuffix(at, "/"))
		}
	}
	return list
}

// Compressible are the types of files that nginx is to compress.
func (h site) Compressible() []string {
	var list []string
	for _, k := range h.Kinds() {
		bare, _, _ := strings.Cut(k.Type, ";")
		text := strings.HasPrefix(bare, "text/") || strings.HasSuffix(bare, "json") || strings.HasSuffix(bare, "xml") || bare == "application/wasm"
		if text && !isHTML(k.Type) && !slices.Contains(list, k.Type) {
			list = append(list, k.Type)
		}
	}
	return list
}

// Plain are the pages of Slashes that have no headers of their own.
func (h site) Plain() []string {
	with := map[string]bool{}
	for _, o := range h.Own() {
		with[o.Path] = true
	}
	return slices.DeleteFunc(h.Slashes(), func(at string) bool { return with[at] })
}

// Moved are the redirects with their paths decoded, as servers match them.
func (h site) Moved() []moved {
	var list []moved
	for _, r := range h.Redirects {
		list = append(list, moved{decoded(r.From), r.To, r.Status})
	}
	return list
}

type moved struct {
	From, To string
	Status   int
}

// decoded is a path of this site without its escapes.
func decoded(escaped string) string {
	if at, err := paths.Parse(escaped); err == nil {
		return at
	}
	return escaped
}

// caddy quotes a word of a Caddyfile, in which braces begin placeholders.
func caddy(word string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, "{", `\{`, "}", `\}`).Replace(word) + `"`
}

// fileOf is the file of a page at a decoded path.
func fileOf(path string) string { return strings.TrimSuffix(path, "/") + "/index.html" }

// nginx quotes a word of nginx's configuration, in which a dollar sign begins
// a variable.
func nginx(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", "${gorgon_dollar}").Replace(word) + `"`
}

// regexpOf is a path within a regular expression of either.
func regexpOf(path string) string {
	var b strings.Builder
	for _, r := range path {
		if strings.ContainsRune(`\.+*?()|[]{}^$`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
