// Heads: what a page says of itself to search engines and to whoever shares it.

package main

import "github.com/gorgon-go/gorgon"

var heads = exhibit{"heads", "/heads", []gorgon.Route{
	gorgon.Page[Place]{
		Path:       "/heads",
		BuildState: here,
		Head: func(s Place) gorgon.Head {
			h := head[Place]("heads")(s)
			h.Canonical = "/heads"
			h.Robots = "noarchive"
			h.Meta = []gorgon.Meta{
				{Property: "og:title", Content: h.Title},
				{Name: "author", Content: `Medusa </head> "&`}, // escaped, as everything is
			}
			h.Links = []gorgon.LinkElement{{Rel: "next", Href: "/failures"}}
			return h
		},
		View: func(s Place) gorgon.Component {
			return show(s, "heads", markup(`<p>{}</p>`, t("heads.look")))
		},
	},
}}
