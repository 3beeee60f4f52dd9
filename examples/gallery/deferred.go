// Deferred: a fragment that the browser fetches once it has the page. Without
// JavaScript it is a link to a page that shows it.

package main

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
)

var later = gorgon.Fragment[stoneProps, stoneState]{
	Name: "later",
	Load: func(_ context.Context, _ gorgon.Input, p stoneProps) (stoneState, error) {
		return stoneState{Stone: p.Stone, Made: time.Now().UTC()}, nil
	},
	View: func(s stoneState) gorgon.Component {
		return markup(`<div class="fragment" id="later"><p class="big">{}</p><p>{}</p></div>`, t("stones."+s.Stone), t("made", "at", s.Made))
	},
	Fallback: func(p stoneProps) gorgon.Component { return t("deferred.fallback", "stone", p.Stone) },
}

var deferred = exhibit{"deferred", "/deferred", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/deferred",
		Load:    here,
		HeadFor: head[Place]("deferred"),
		View: func(s Place) gorgon.Component {
			return show(s, "deferred", markup(`<div class="room">{}</div>`, later.Defer(stoneProps{"slate"})))
		},
	},
}}
