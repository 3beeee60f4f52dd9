// References to what an export leaves out.

package export

import (
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// DeadLinks are the references within the site, of links and images, that lead to
// nothing in the export: to pages that --partial leaves out, or that do not exist.
type DeadLinks struct {
	Links    int        `json:"links"`
	Pages    int        `json:"pages"`    // that they are on
	Examples []DeadLink `json:"examples"` // at most ten, that lead to different paths
}

// A DeadLink is a reference that leads to nothing in an export.
type DeadLink struct {
	Page string `json:"page"` // that it is on: its path as URLs write it, or the name of a file
	Link string `json:"link"` // as it is written there
}

// maxExamples is how many dead links are named.
const maxExamples = 10

// deadLinks reads the references of all pages.
func (c Config) deadLinks(files tree, report *Report) DeadLinks {
	site := site{origin: strings.TrimSuffix(c.App.Origin, "/"), base: gorgon.EscapePath(c.Seed.Manifest().Base), files: files, redirects: map[string]bool{}}
	for _, r := range report.Redirects {
		site.redirects[r.From] = true
	}
	var dead DeadLinks
	for _, f := range report.Files {
		if !strings.HasSuffix(f.Name, ".html") {
			continue
		}
		before := dead.Links
		for link := range references(string(files[f.Name].data)) {
			if site.leads(f, link) {
				continue
			}
			dead.Links++
			if len(dead.Examples) < maxExamples && !slices.ContainsFunc(dead.Examples, func(d DeadLink) bool { return reference(d.Link) == reference(link) }) {
				page := f.Path
				if page == "" {
					page = f.Name
				}
				dead.Examples = append(dead.Examples, DeadLink{page, link})
			}
		}
		if dead.Links > before {
			dead.Pages++
		}
	}
	return dead
}

// references yields what the attributes href, src, srcset and poster refer to. It
// is a plain search for quoted values: writers of HTML escape quotes in text.
func references(page string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			before, rest, found := strings.Cut(page, "=")
			if !found {
				return
			}
			page = rest
			name := attribute(before)
			if name == "" || rest == "" || rest[0] != '"' && rest[0] != '\'' {
				continue
			}
			value, rest, ended := strings.Cut(rest[1:], rest[:1])
			if !ended {
				return
			}
			page, value = rest, html.UnescapeString(value)
			if name != "srcset" {
				if !yield(strings.TrimSpace(value)) {
					return
				}
				continue
			}
			next := true // the word is a URL, and no descriptor
			for _, word := range strings.Fields(value) {
				if next && !yield(strings.TrimSuffix(word, ",")) {
					return
				}
				next = strings.HasSuffix(word, ",")
			}
		}
	}
}

// attribute is the name of the attribute that a text ends in, if it is one that
// refers to something.
func attribute(text string) string {
	for _, name := range []string{"href", "src", "srcset", "poster"} {
		at := len(text) - len(name)
		if at > 0 && strings.EqualFold(text[at:], name) && strings.ContainsRune(" \t\r\n\f", rune(text[at-1])) {
			return name
		}
	}
	return ""
}

// A site is what is exported, as a host serves it.
type site struct {
	origin, base string
	files        tree
	redirects    map[string]bool // by path
}

// leads says whether a reference on a page leads somewhere. What leads out of the
// site does. A relative one has to lead somewhere from the page's path and from
// that path with a slash, since hosts serve the page at either.
func (s site) leads(from File, link string) bool {
	if s.origin != "" {
		if rest, ok := strings.CutPrefix(link, s.origin); ok && (rest == "" || strings.ContainsRune("/?#", rune(rest[0]))) {
			link = "/" + strings.TrimPrefix(rest, "/")
		}
	}
	link = reference(link)
	to, err := url.Parse(link)
	if link == "" || err == nil && (to.Scheme != "" || to.Host != "") || strings.HasPrefix(link, "//") {
		return true
	}
	if strings.HasPrefix(link, "/") {
		return s.has(link)
	}
	at, wrong := url.Parse(from.Path)
	if err != nil || wrong != nil {
		return false
	}
	if from.Path == "" {
		return true // a page of errors is at many paths
	}
	return s.has(at.ResolveReference(to).EscapedPath()) && s.has(at.JoinPath("/").ResolveReference(to).EscapedPath())
}

// reference is a link without its query and fragment.
func reference(link string) string {
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	return link
}

// has says whether a host finds something at a path, as URLs write it. What is
// outside of the base path is another site's.
func (s site) has(path string) bool {
	if s.redirects[path] {
		return true
	}
	below, inside := strings.CutPrefix(path, s.base)
	if !inside || below != "" && below[0] != '/' {
		return true
	}
	decoded, err := paths.Parse(below)
	if below != "" && err != nil {
		return false
	}
	name := strings.Trim(decoded, "/")
	if _, file := s.files[name]; file {
		return true
	}
	_, page := s.files[strings.TrimPrefix(name+"/index.html", "/")]
	return page
}
