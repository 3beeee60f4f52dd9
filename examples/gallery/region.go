// Region: the layout stays when the page changes, except its regions, such as
// the links to other languages.

package main

import "github.com/gorgon-go/gorgon"

func otherLanguages(path string) gorgon.Component {
	return gorgon.Region{Name: "languages", Content: markup(`<nav class="languages" aria-label="{}">{}</nav>`, t("languages"), gorgon.LocaleLinks{Path: path})}
}

var region = exhibit{"region", "/region", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/region",
		Load:    here,
		HeadFor: head[Place]("region"),
		View: func(s Place) gorgon.Component {
			return show(s, "region", markup(`<p>{}</p><p><a href="{}">{}</a></p>`, t("region.what"), url("/image"), t("image.title")))
		},
	},
}}
