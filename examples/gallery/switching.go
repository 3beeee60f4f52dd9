// Languages: every page has one URL in each, and another language is the same page.

package main

import "github.com/gorgon-go/gorgon"

var switching = exhibit{"switching", "/switching", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/switching",
		Load:    here,
		HeadFor: head[Place]("switching"),
		View: func(s Place) gorgon.Component {
			return show(s, "switching",
				markup(`<h2>{}</h2>{}`, t("switching.plain"), gorgon.LocaleLinks{Path: s.Path}),
				markup(`<h2>{}</h2><div id="remember">{}</div>`, t("switching.remember"), gorgon.LocaleLinks{Path: s.Path, Remember: true}))
		},
	},
}}
