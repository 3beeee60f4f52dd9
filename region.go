// Regions: parts of the layout that depend on the page.

package gorgon

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gorgon-go/gorgon/viewctx"
)

// A Region is a part of the layout that differs between pages: a menu that
// marks the current page, breadcrumbs, links to other languages. [Navigation]
// keeps the layout when the page changes, and replaces its regions:
//
//	gorgon.Region{Name: "menu", Content: menu(d.Path)}
//
// If the next page's layout has other regions than the current one, the
// browser loads the whole page. Without navigation, in views, and within
// another region, a Region renders its content only. Do not put the document's
// Main into a region.
type Region struct {
	Name    string // lower-case letters, digits and dashes; unique in the layout. Neither "head" nor "main"
	Content Component
}

// Render writes the content between its markers.
func (r Region) Render(ctx context.Context, w io.Writer) error {
	if r.Name == "" || r.Name == "head" || r.Name == "main" || strings.Trim(r.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("a region has the name %q: use lower-case letters, digits and dashes, and neither head nor main", r.Name)
	}
	if r.Content == nil {
		return fmt.Errorf("region %s: its content is nil", r.Name)
	}
	uses := viewctx.UsesOf(ctx)
	if uses.Regions == nil {
		return r.Content.Render(ctx, w)
	}
	if uses.Regions[r.Name] {
		return fmt.Errorf("the layout has two regions with the name %q: give each its own name", r.Name)
	}
	uses.Regions[r.Name] = true
	begin, end := viewctx.RegionMarks(r.Name)
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
