// Island: server HTML that a module takes over once it is visible.

package main

import (
	"fmt"

	"github.com/gorgon-go/gorgon"
)

// counterProps reach the module as JSON.
type counterProps struct {
	Start int    `json:"start"`
	Note  string `json:"note"`
}

var counter = counterProps{Start: 3, Note: "</script><script>evil()</script>\u2028<!--"}

var island = exhibit{"island", "/island", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/island",
		Load:    here,
		HeadFor: head[Place]("island"),
		View: func(s Place) gorgon.Component {
			return show(s, "island", markup(`<p>{}</p>`, t("island.press")), gorgon.Island{
				Module: "counter.ts",
				On:     gorgon.OnVisible,
				Props:  counter,
				View:   gorgon.HTML(fmt.Sprintf(`<button id="count" class="big">%d</button>`, counter.Start)),
			}, markup(`<p><a href="{}">{}</a></p>`, url("/built"), t("built.title")))
		},
	},
}}
