// Image: in the width that fits the screen, with its space reserved.

package main

import "github.com/gorgon-go/gorgon"

var image = exhibit{"image", "/image", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/image",
		Load:    here,
		HeadFor: head[Place]("image"),
		View: func(s Place) gorgon.Component {
			alt, _ := messages.In(s.Locale, "image.alt", nil) // the caption asks for the same, and fails
			return show(s, "image", gorgon.Image{Src: "hills.jpg", Alt: alt, Sizes: "(min-width: 60rem) 30rem, 100vw"},
				markup(`<p>{}</p>`, t("image.alt")))
		},
	},
}}
