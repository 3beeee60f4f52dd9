// Readme: what a module says about itself, and where it is from.

package library

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/mod/module"
)

// maxReadme bounds the file, in bytes.
const maxReadme = 512 << 10

// readme is the HTML of the README in a directory of a module; empty when there
// is none. There is neither HTML of the file in it nor an image, and a link leads
// to another site, to a page of this one, or is left out.
func (l *Library) readme(dir, repository string, link func(page string) string) string {
	name, plain := readmeIn(dir)
	if name == "" {
		return ""
	}
	src, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	if plain {
		return "<pre>" + html.EscapeString(strings.ToValidUTF8(string(src), "�")) + "</pre>"
	}
	markdown := goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(readmeLinks{lib: l, repository: repository, link: link}, 100))),
	) // without WithUnsafe: HTML within is left out, as are links that are scripts
	var b bytes.Buffer
	if err := markdown.Convert(src, &b); err != nil {
		return ""
	}
	return strings.ReplaceAll(b.String(), "<!-- raw HTML omitted -->", "")
}

// readmeIn is the name of the README in a directory, and whether it is plain text.
func readmeIn(dir string) (name string, plain bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, want := range [...]string{"readme.md", "readme.markdown", "readme", "readme.txt"} {
		for _, e := range entries {
			if strings.EqualFold(e.Name(), want) && e.Type().IsRegular() { // a symbolic link could lead anywhere
				if info, err := e.Info(); err == nil && info.Size() <= maxReadme {
					return e.Name(), !strings.Contains(want, ".m")
				}
			}
		}
	}
	return "", false
}

// readmeLinks makes a README fit a page of this site: what would be loaded from
// elsewhere is left out, headings are below those of the page, and links to
// pkg.go.dev lead to the page on this machine.
type readmeLinks struct {
	lib        *Library
	repository string
	link       func(page string) string
}

// Transform implements [parser.ASTTransformer].
func (r readmeLinks) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	var images []*ast.Image
	var links []*ast.Link
	var addresses []*ast.AutoLink
	level := 2 // of the page's own heading above
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n := n.(type) {
			case *ast.Heading:
				n.Level = min(n.Level+2, level+1, 6) // without a level left out
				level = n.Level
			case *ast.Image:
				images = append(images, n)
			case *ast.Link:
				links = append(links, n)
			case *ast.AutoLink:
				addresses = append(addresses, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images { // its alternative text stays
		unwrap(image)
	}
	for _, n := range addresses {
		if u, err := url.Parse(string(n.URL(reader.Source()))); err != nil || u.Scheme != "http" && u.Scheme != "https" && n.AutoLinkType == ast.AutoLinkURL {
			n.Parent().ReplaceChild(n.Parent(), n, ast.NewString(n.Label(reader.Source())))
		}
	}
	for _, link := range links {
		to, ok := r.target(string(link.Destination))
		if link.Destination = []byte(to); !ok || !hasText(link, reader.Source()) { // as that of a badge
			unwrap(link)
		}
	}
}

// target is where a link of a README leads to on this site.
func (r readmeLinks) target(destination string) (string, bool) {
	u, err := url.Parse(destination)
	switch {
	case err != nil:
		return "", false
	case u.Host == "pkg.go.dev" || u.Host == "godoc.org":
		name, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "@")
		if page := r.lib.PageOf(name); page != "" {
			if u.Fragment != "" {
				page += "#" + u.Fragment
			}
			return r.link(page), true
		}
		return destination, true
	case u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "mailto":
		return destination, true
	case u.Scheme != "" || u.Host != "" || u.Path == "":
		return "", false // a heading of the README has no id here
	case strings.HasPrefix(r.repository, "https://github.com/"):
		return r.repository + "/blob/HEAD/" + strings.TrimPrefix(path.Clean("/"+u.EscapedPath()), "/"), true
	}
	return "", false
}

// unwrap puts what is within a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; {
		next := child.NextSibling()
		parent.InsertBefore(parent, n, child)
		child = next
	}
	parent.RemoveChild(parent, n)
}

func hasText(n ast.Node, source []byte) bool {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch child := child.(type) {
		case *ast.Text:
			if len(bytes.TrimSpace(child.Value(source))) > 0 {
				return true
			}
		case *ast.String:
			return true
		default:
			if hasText(child, source) {
				return true
			}
		}
	}
	return false
}

// An origin is what the go command noted about a module version when it was
// downloaded.
type origin struct {
	Time   time.Time
	Origin struct{ VCS, URL string }
}

func (l *Library) originOf(modPath, version string) (o origin) {
	escPath, err := module.EscapePath(modPath)
	if err != nil {
		return o
	}
	escVersion, err := module.EscapeVersion(version)
	if err != nil {
		return o
	}
	data, err := os.ReadFile(filepath.Join(l.modcache, "cache", "download", filepath.FromSlash(escPath), "@v", escVersion+".info"))
	if err != nil || json.Unmarshal(data, &o) != nil {
		return origin{}
	}
	return o
}

// repositoryOf is the address of a module's repository: as the go command noted
// it, or as the path says it. It is empty where neither does.
func repositoryOf(modPath string, o origin) string {
	if u, err := url.Parse(o.Origin.URL); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return strings.TrimSuffix(u.String(), ".git")
	}
	parts := strings.Split(modPath, "/")
	switch {
	case (parts[0] == "github.com" || parts[0] == "gitlab.com" || parts[0] == "bitbucket.org" || parts[0] == "codeberg.org") && len(parts) >= 3:
		return "https://" + strings.Join(parts[:3], "/")
	case parts[0] == "golang.org" && len(parts) >= 3 && parts[1] == "x":
		return "https://go.googlesource.com/" + parts[2]
	case parts[0] == "gopkg.in" && len(parts) == 2:
		name, _, _ := strings.Cut(parts[1], ".v")
		return "https://github.com/go-" + name + "/" + name
	case parts[0] == "gopkg.in" && len(parts) == 3:
		name, _, _ := strings.Cut(parts[2], ".v")
		return "https://github.com/" + parts[1] + "/" + name
	}
	return ""
}
