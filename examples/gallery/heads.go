// Heads: what a page tells search engines and sites where it is shared.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon"
)

var heads = exhibit{"heads", "/heads", []gorgon.Part{
	gorgon.Page[Place]{
		Path: "/heads",
		Load: here,
		HeadFor: func(ctx context.Context, in gorgon.Input, s Place) (gorgon.Head, error) {
			h, err := head[Place]("heads")(ctx, in, s)
			h.Canonical = "/heads"
			h.Robots = "noarchive"
			h.Meta = []gorgon.Meta{
				{Property: "og:title", Content: h.Title},
				{Name: "author", Content: `Medusa </head> "&`}, // escaped, as everything is
			}
			h.Links = []gorgon.LinkElement{{Rel: "next", Href: "/failures"}}
			return h, err
		},
		View: func(s Place) gorgon.Component {
			return show(s, "heads", markup(`<p>{}</p>`, t("heads.look")))
		},
	},
}}
