// Links to pages that an export leaves out.

package export

import (
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// DeadLinks are the links within the site that lead to nothing in the export:
// usually to pages that --partial leaves out.
type DeadLinks struct {
	Links    int      `json:"links"`
	Pages    int      `json:"pages"`    // that they are on
	Examples []string `json:"examples"` // their targets; at most three
}

// deadLinks reads the links of all pages.
func deadLinks(files tree, base string) DeadLinks {
	var dead DeadLinks
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		before := dead.Links
		for link := range values(string(files[name].data), ` href="`) {
			path, inside := within(link, base)
			if !inside || leads(files, path) {
				continue
			}
			dead.Links++
			if len(dead.Examples) < 3 && !slices.Contains(dead.Examples, path) {
				dead.Examples = append(dead.Examples, path)
			}
		}
		if dead.Links > before {
			dead.Pages++
		}
	}
	return dead
}

// values yields the text between a prefix such as ` href="` and the next quote.
// It is a plain search: writers of HTML escape quotes in text.
func values(page, before string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			_, rest, found := strings.Cut(page, before)
			link, rest, ended := strings.Cut(rest, `"`)
			if !found || !ended || !yield(html.UnescapeString(link)) {
				return
			}
			page = rest
		}
	}
}

// within returns the path that a link leads to, as URLs write it, without the
// base; it is not inside if it leads out of the site, or stays on its page.
func within(link, base string) (path string, inside bool) {
	if i := strings.IndexAny(link, "?#"); i >= 0 {
		link = link[:i]
	}
	path, inside = strings.CutPrefix(link, gorgon.EscapePath(base))
	return path, inside && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//")
}

// leads says whether a plain file server finds something at a path.
func leads(files tree, path string) bool {
	decoded, err := paths.Parse(path)
	if err != nil {
		return false
	}
	name := strings.Trim(decoded, "/")
	if _, file := files[name]; file {
		return true
	}
	_, page := files[strings.TrimPrefix(name+"/index.html", "/")]
	return page
}
