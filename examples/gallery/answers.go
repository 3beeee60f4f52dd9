// Answers: what a loader can return instead of a state.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon"
)

var answers = exhibit{"answers", "/answers", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/answers",
		Load:    here,
		HeadFor: head[Place]("answers"),
		View: func(s Place) gorgon.Component {
			return show(s, "answers", markup(`<ul><li><a id="moved" href="{}">{}</a></li><li><a id="missing" href="{}">{}</a></li><li><a id="gone" href="{}">{}</a></li></ul>`,
				url("/answers/moved"), t("answers.moved"), url("/answers/missing"), t("answers.missing"), url("/answers/gone"), t("answers.gone")))
		},
	},
	gorgon.Page[Place]{
		Path:        "/answers/{what}",
		Incremental: true,
		Load: func(_ context.Context, in gorgon.Input) (Place, error) {
			switch in.PathValue("what") {
			case "moved":
				return Place{}, gorgon.RedirectPermanently("/built")
			case "gone":
				return Place{}, gorgon.Gone()
			}
			return Place{}, gorgon.NotFound()
		},
		View: func(Place) gorgon.Component { return gorgon.Text("") },
	},
}}
