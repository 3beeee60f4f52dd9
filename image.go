// Responsive images that reserve their space before they load.

package gorgon

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/viewctx"
)

// An Image is a component that shows an asset matched by a rule of
// [Assets.Images], in the variants that the build generated. It writes width
// and height, so that the layout does not shift when the image loads.
//
//	gorgon.Image{Src: "photos/hero.jpg", Alt: "A harbour", Sizes: "(min-width: 60em) 50vw, 100vw"}
type Image struct {
	Src   string // the name of an asset
	Alt   string // a text in place of the image; "" for decoration
	Sizes string // the sizes attribute: how wide the image is on which screens. Default: "100vw"
	Class string // of the img element. Default: none
	Lazy  bool   // load it when it comes near the viewport
}

// Render writes the image.
func (i Image) Render(ctx context.Context, w io.Writer) error {
	src, err := Asset(ctx, i.Src)
	if err != nil {
		return err
	}
	site := viewctx.SiteOf(ctx)
	p, ok := site.Assets.Images[i.Src]
	if !ok {
		return &Error{Op: "image", Path: i.Src, Err: errors.New("no rule matches it, so its size is not known"), Hint: `add one to Assets.Images, such as {Match: "` + i.Src + `"}`}
	}
	sizes := i.Sizes
	if sizes == "" {
		sizes = "100vw"
	}
	var b strings.Builder
	attribute := func(name, value string) { b.WriteString(" " + name + `="` + html.EscapeString(value) + `"`) }
	var last string // the srcset of the type that every browser shows
	groups := byType(p.Variants)
	b.WriteString("<picture>")
	for n, group := range groups {
		set := make([]string, len(group))
		for k, v := range group {
			url := site.FileURL(v.Path)
			// Commas and spaces set candidates apart.
			set[k] = strings.NewReplacer(",", "%2C", " ", "%20").Replace(url) + " " + strconv.Itoa(v.Width) + "w"
			src = url // the widest of the last type, for browsers that know no srcset
		}
		last = strings.Join(set, ", ")
		if n < len(groups)-1 {
			b.WriteString("<source")
			attribute("type", group[0].Type)
			attribute("srcset", last)
			attribute("sizes", sizes)
			b.WriteString(">")
		}
	}
	b.WriteString("<img")
	attribute("src", src)
	if last != "" {
		attribute("srcset", last)
		attribute("sizes", sizes)
	}
	fmt.Fprintf(&b, ` width="%d" height="%d"`, p.Width, p.Height)
	attribute("alt", i.Alt)
	if i.Class != "" {
		attribute("class", i.Class)
	}
	if i.Lazy {
		attribute("loading", "lazy")
	}
	b.WriteString(` decoding="async"></picture>`)
	_, err = io.WriteString(w, b.String())
	return err
}

// byType are the variants of each type, in order.
func byType(variants []viewctx.Variant) [][]viewctx.Variant {
	var groups [][]viewctx.Variant
	for _, v := range variants {
		if n := len(groups); n > 0 && groups[n-1][0].Type == v.Type {
			groups[n-1] = append(groups[n-1], v)
		} else {
			groups = append(groups, []viewctx.Variant{v})
		}
	}
	return groups
}
