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
	"github.com/gorgon-go/gorgon/export"
	"github.com/gorgon-go/gorgon/paths"
)

//go:embed files
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"caddy": caddy, "nginx": nginx, "caddyAround": around(caddy), "nginxAround": around(nginx), "regexp": regexpOf, "shell": shell, "file": fileOf, "count": countOf,
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
	below := strings.TrimPrefix(h.artifact(), SiteName)
	hidden := []string{"/_headers", "/_redirects", below + "/.nojekyll"}
	if h.Named() {
		hidden = append(hidden, below+"/CNAME")
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

// Leading says whether there are pages that stand for redirects.
func (h site) Leading() bool { return len(h.leading()) > 0 }

// Slashed says how pages are written at this site: whether most paths end in a
// slash. What is not listed follows it, so that a page that comes later does, too,
// with the configuration of before.
func (h site) Slashed() bool {
	with, pages := 0, 0
	for _, f := range h.Files {
		if !f.Page || !isHTML(f.ContentType) || h.home(decoded(f.Path)) {
			continue
		}
		if pages++; strings.HasSuffix(f.Path, "/") {
			with++
		}
	}
	return 2*with > pages
}

// home says whether a path is one at which a host shows a folder's page whatever
// the site's rule is.
func (h site) home(path string) bool { return path == "/" || path == h.Base+"/" }

// homes are these paths.
func (h site) homes() []string {
	if h.Base == "" {
		return []string{"/"}
	}
	return []string{"/", h.Base + "/"}
}

// Bared says whether a page has no slash at its end: hosts of files add one.
func (h site) Bared() bool {
	return slices.ContainsFunc(h.Files, func(f export.File) bool { return f.Page && isHTML(f.ContentType) && !strings.HasSuffix(f.Path, "/") })
}

// Odd are the pages, decoded, that are not written as most are. The home page is
// one of them where the others have no slash.
func (h site) Odd() []string {
	slashed := h.Slashed()
	var list []string
	if !slashed {
		list = h.homes()
	}
	for _, f := range h.Files {
		at := decoded(f.Path)
		if f.Page && isHTML(f.ContentType) && !h.home(at) && strings.HasSuffix(at, "/") != slashed {
			list = append(list, at)
		}
	}
	return list
}

// Added and Dropped are paths, decoded, of which the right one has a slash more, or
// one less, and that the site's rule does not send on: those of Odd as most pages
// are written, and those of redirects, which have no file.
func (h site) Added() []string   { return h.wrong(true) }
func (h site) Dropped() []string { return h.wrong(false) }

func (h site) wrong(slash bool) []string {
	taken := map[string]bool{"": true}
	right := h.Odd()
	for _, f := range h.Files {
		taken[decoded(f.Path)] = true
	}
	for _, r := range h.Redirects {
		from := decoded(r.From)
		taken[from], right = true, append(right, from)
	}
	var list []string
	for _, at := range right {
		other := at + "/"
		if strings.HasSuffix(at, "/") {
			other = strings.TrimSuffix(at, "/")
		}
		if !taken[other] && strings.HasSuffix(at, "/") == slash {
			taken[other], list = true, append(list, other)
		}
	}
	return list
}

// Indexes are files that are called index.html and are not those of pages: they
// have that address.
func (h site) Indexes() []string {
	var list []string
	for _, f := range h.Files {
		if at := decoded(f.Path); path.Base(at) == "index.html" && !(f.Page && isHTML(f.ContentType)) {
			list = append(list, at)
		}
	}
	return list
}

// Compressible are the types of files that nginx is to compress.
func (h site) Compressible() []string {
	var list []string
	for _, f := range h.Files {
		bare, _, _ := strings.Cut(f.ContentType, ";")
		text := strings.HasPrefix(bare, "text/") || strings.HasSuffix(bare, "json") || strings.HasSuffix(bare, "xml") || bare == "application/wasm"
		if text && !isHTML(f.ContentType) && !slices.Contains(list, f.ContentType) {
			list = append(list, f.ContentType)
		}
	}
	slices.Sort(list)
	return list
}

// Plain are the pages of Odd that have no headers of their own.
func (h site) Plain() []string {
	with := map[string]bool{}
	for _, o := range h.Own() {
		with[o.Path] = true
	}
	return slices.DeleteFunc(h.Odd(), func(at string) bool { return with[at] })
}

// Moved are the redirects with their paths decoded, as servers match them.
func (h site) Moved() []moved {
	var list []moved
	for _, r := range h.Redirects {
		m := moved{From: decoded(r.From), Status: r.Status, Query: r.Query}
		to, fragment, marked := strings.Cut(r.To, "#")
		if m.To = to; marked {
			m.Fragment = "#" + fragment
		}
		list = append(list, m)
	}
	return list
}

// A moved path is sent on to To and Fragment; with Query, the query of the request
// is added to that of To.
type moved struct {
	From, To, Fragment string
	Status             int
	Query              bool
}

// Adds says whether To has a query, to which another one is added.
func (m moved) Adds() bool { return m.Query && strings.Contains(m.To, "?") }

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

// around quotes a text of which the middle is a variable of the server.
func around(quote func(string) string) func(before, variable, after string) string {
	return func(before, variable, after string) string {
		before, after = quote(before), quote(after)
		return before[:len(before)-1] + variable + after[1:]
	}
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
