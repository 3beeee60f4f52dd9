// Built: made once, when the site is built.

package main

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
)

type builtState struct {
	Place
	Made time.Time
}

func makeBuilt(_ context.Context, in gorgon.Input) (builtState, error) {
	return builtState{placeOf(in), time.Now().UTC()}, nil
}

var built = exhibit{"built", "/built", []gorgon.Part{
	gorgon.Page[builtState]{
		Path:    "/built",
		Load:    makeBuilt,
		HeadFor: head[builtState]("built"),
		View: func(s builtState) gorgon.Component {
			return show(s, "built", markup(`<p class="big">{}</p>`, t("made", "at", s.Made)))
		},
	},
}}
