// The home page: the list of exhibits.

package main

import "github.com/gorgon-go/gorgon"

var home = gorgon.Page[Place]{
	Path:    "/",
	Load:    here,
	HeadFor: head[Place]("home"),
	View: func(s Place) gorgon.Component {
		parts := []gorgon.Component{markup(`<h1>{}</h1><p class="about">{}</p>`, t("home.title"), t("home.about"))}
		for _, g := range exhibits {
			parts = append(parts, markup(`<h2>{}</h2><ul class="exhibits">`, t("groups."+g.group)))
			for _, e := range g.exhibits {
				parts = append(parts, markup(`<li><a href="{}">{}</a><p>{}</p></li>`, url(e.path), t(e.name+".title"), t(e.name+".about")))
			}
			parts = append(parts, gorgon.HTML(`</ul>`))
		}
		return all(parts...)
	},
}
