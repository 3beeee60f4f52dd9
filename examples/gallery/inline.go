// Inline: a few lines of CSS and JavaScript in the page, allowed by their digests and nothing else.

package main

import "github.com/gorgon-go/gorgon"

var inline = exhibit{"inline", "/inline", []gorgon.Route{
	gorgon.Page[Place]{
		Path:       "/inline",
		BuildState: here,
		Head: func(s Place) gorgon.Head {
			h := head[Place]("inline")(s)
			h.Extra = gorgon.Style(`.stripes { padding: 1rem; border-block: .4rem double currentColor }`)
			return h
		},
		View: func(s Place) gorgon.Component {
			return show(s, "inline",
				markup(`<p class="stripes big"><output id="sum">2 + 2 = ?</output></p>`),
				gorgon.Script(`document.getElementById("sum").textContent = "2 + 2 = " + (2 + 2)`))
		},
	},
}}
