// Pieces of the layout that go with the page.

package gorgon

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// A Region is a piece of the layout that is another on each page: a menu that
// marks where one is, a trail of links, links to other languages. [Navigation]
// keeps the layout when the page changes, and exchanges its regions as it does
// the page's own parts:
//
//	gorgon.Region{Name: "menu", Content: menu(d.Path)}
//
// A page whose layout has other regions than that of the page before is loaded
// whole. Where there is no navigation, in views, and within another region, it
// is its content and nothing else. The document's Main stands beside regions,
// not in one.
type Region struct {
	Name    string // of lower-case letters, digits and dashes; each region has its own. Neither "head" nor "main"
	Content Component
}

// RegionMarks are the comments around a region, by which the browser finds it.
func RegionMarks(name string) (begin, end string) {
	return "<!--gorgon:" + name + "-->", "<!--/gorgon:" + name + "-->"
}

// Render writes the content between its marks.
func (r Region) Render(ctx context.Context, w io.Writer) error {
	if r.Name == "" || r.Name == "head" || r.Name == "main" || strings.Trim(r.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("a region is called %q: use lower-case letters, digits and dashes, and neither head nor main", r.Name)
	}
	if r.Content == nil {
		return fmt.Errorf("region %s: its content is nil", r.Name)
	}
	uses := UsesOf(ctx)
	if uses.Regions == nil {
		return r.Content.Render(ctx, w)
	}
	if uses.Regions[r.Name] {
		return fmt.Errorf("the layout has two regions called %q: give each a name of its own", r.Name)
	}
	uses.Regions[r.Name] = true
	begin, end := RegionMarks(r.Name)
	if _, err := io.WriteString(w, begin); err != nil {
		return err
	}
	regions := uses.Regions
	uses.Regions = nil
	err := r.Content.Render(ctx, w)
	uses.Regions = regions
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, end)
	return err
}
