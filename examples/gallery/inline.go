// Inline: a few lines of CSS and JavaScript in the page, allowed by their digests and nothing else.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon"
)

var inline = exhibit{"inline", "/inline", []gorgon.Part{
	gorgon.Page[Place]{
		Path: "/inline",
		Load: here,
		HeadFor: func(ctx context.Context, in gorgon.Input, s Place) (gorgon.Head, error) {
			h, err := head[Place]("inline")(ctx, in, s)
			h.Extra = gorgon.Style(`.stripes { padding: 1rem; border-block: .4rem double currentColor }`)
			return h, err
		},
		View: func(s Place) gorgon.Component {
			return show(s, "inline",
				markup(`<p class="stripes big"><output id="sum">2 + 2 = ?</output></p>`),
				gorgon.Script(`document.getElementById("sum").textContent = "2 + 2 = " + (2 + 2)`))
		},
	},
}}
